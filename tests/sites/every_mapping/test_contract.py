"""The adapter contract for every kind of mapping."""

import pytest

from django_scim.testing import AdapterContract
from tests.sites.every_mapping.models import Office
from tests.sites.every_mapping.schemas import ACME


@pytest.fixture(autouse=True)
def offices(db):
    for name in ("Aarau", "Bern", "Chur"):
        Office.objects.create(name=name, city=f"{name} city")


class TestUsers(AdapterContract):
    resource_type = "User"
    samples = {
        f"{ACME}:badge": ("A1", "B2", "C3"),
        f"{ACME}:hired": ("2011-05-13T00:00:00Z", "2015-11-30T00:00:00Z", "2019-02-28T00:00:00Z"),
        f"{ACME}:reference": (
            "11111111-1111-4111-8111-111111111111",
            "22222222-2222-4222-8222-222222222222",
            "33333333-3333-4333-8333-333333333333",
        ),
        f"{ACME}:office": ("Aarau", "Bern", "Chur"),
    }
    unsortable = frozenset({f"{ACME}:labels", f"{ACME}:links"})


class TestGroups(AdapterContract):
    resource_type = "Group"


class TestDevices(AdapterContract):
    resource_type = "Device"


class TestBadges(AdapterContract):
    """Required extensions, attributes that are returned on request, a binary attribute."""

    resource_type = "Badge"
