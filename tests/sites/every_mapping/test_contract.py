"""The adapter contract for every kind of mapping."""

import pytest

from django_scim.adapters import adapter_classes
from django_scim.protocol.attributes import Attribute
from django_scim.testing import AdapterContract, client, contract, subject
from tests.sites.every_mapping.models import Office
from tests.sites.every_mapping.schemas import ACCESS, ACME, OWNER, badge

BADGE = badge.id


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


def test_row_F3_contract_of_an_unusual_adapter():
    """TestBadges passes on an adapter with everything that a contract once stumbled over."""
    adapter = adapter_classes()["Badge"]
    assert len(adapter.required_extensions) == 2
    attributes = [path.attribute for path in adapter.declaration().resource_schema.paths()]
    assert {"request", "default"} <= {each.returned for each in attributes}
    assert "binary" in {each.type for each in attributes}


@pytest.mark.django_db
def test_row_F3_failures_show_the_values():
    """Pytest rewrites the assertions of the package's modules, so that they tell what differs."""
    for module in (contract, subject, client):
        assert "@pytest_ar" in vars(module)
    with pytest.raises(AssertionError, match="the client sent 'sent', the server returned 'got'"):
        TestBadges().assert_shows("number", "sent", {"number": "got"})


def test_row_F8_binary_is_compared_exactly(scim):
    """RFC 7643 section 2.3.6: base64 has letters of both cases, whatever a site declares."""
    assert Attribute(name="picture", type="binary", case_exact=False).case_exact is True
    (published,) = [
        each
        for each in scim.get(f"/Schemas/{BADGE}").data["attributes"]
        if each["name"] == "picture"
    ]
    assert published["caseExact"] is True
    body = {"schemas": [BADGE, ACCESS, OWNER], "number": "1", "picture": "QUJD",
            ACCESS: {"level": 1}, OWNER: {"room": "1"}}  # fmt: skip
    scim.make("/Badges", body)
    assert len(scim.find('picture eq "QUJD"', "/Badges")) == 1
    assert scim.find('picture eq "qujd"', "/Badges") == []
