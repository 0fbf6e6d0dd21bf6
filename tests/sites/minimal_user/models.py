from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class AccountManager(BaseUserManager):
    def create_user(self, login, password=None):
        user = self.model(login=login)
        user.set_password(password)
        user.save()
        return user


class Account(AbstractBaseUser):
    """The least that Django takes for a user: no permissions, no groups, no e-mail, never inactive.

    ``is_active`` is True on every AbstractBaseUser that has no column of that name.
    """

    login = models.CharField(max_length=40, unique=True)

    USERNAME_FIELD = "login"
    objects = AccountManager()
