import pytest

from django_scim import connections
from tests.client import ScimClient

# The models belong to the demo site: without its settings this folder can only be collected.


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
    """A client for each of the two, connected by the public API."""
    return [ScimClient(connections.create(each.name, tenant=each)) for each in (northwind, contoso)]


@pytest.fixture
def settings_page(northwind):
    """Northwind's page, before anything is connected."""
    from .client import SettingsPage

    return SettingsPage(northwind)
