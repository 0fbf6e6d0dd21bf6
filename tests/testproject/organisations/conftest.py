import pytest

from django_scim import connections
from tests.client import ScimClient

# The models are imported late: the app is not installed where the tests are only listed.


def organisation(name):
    from company.models import Organisation

    return Organisation.objects.create(name=name, slug=name.lower())


@pytest.fixture
def northwind(db):
    return organisation("Northwind")


@pytest.fixture
def contoso(db):
    return organisation("Contoso")


@pytest.fixture
def both(northwind, contoso):
    """Return a client for each organisation."""
    return [ScimClient(connections.create(each.name, tenant=each)) for each in (northwind, contoso)]


@pytest.fixture
def settings_page(northwind):
    """Return Northwind's page, before anything is connected."""
    from .client import SettingsPage

    return SettingsPage(northwind)
