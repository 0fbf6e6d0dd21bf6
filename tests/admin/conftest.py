import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from .pages import Pages


@pytest.fixture
def ada(db):
    """Return the admin's pages as the superuser ada sees them."""
    client = Client()
    client.force_login(User.objects.create_superuser("ada", "ada@example.com", "secret"))
    return Pages(client)


@pytest.fixture
def staff(db):
    """Return a function that creates a staff user and returns the pages as they see them."""

    def staff(*codenames, name="sam"):
        user = User.objects.create_user(name, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(user)
        return Pages(client)

    return staff
