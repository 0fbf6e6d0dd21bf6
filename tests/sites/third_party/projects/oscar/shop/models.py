from oscar.apps.customer.abstract_models import AbstractUser


class Account(AbstractUser):
    """Oscar's user: an e-mail address, no user name."""
