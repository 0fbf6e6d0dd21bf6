from datetime import date

import pytest

from .client import at, make


@pytest.fixture
def anna(scim):
    return scim.make_user("anna", displayName="Anna Abe", externalId="NW-1")


@pytest.fixture
def bo(scim):
    return scim.make_user("bo", displayName="Bo Becker", externalId="NW-2")


@pytest.fixture
def fleet(scim, anna, bo):
    """Create three devices that differ in every attribute.

    The site knows the date of purchase of two of them.
    """
    from company.models import Device  # the app is not installed where the tests are only listed

    made = {
        "laptop": make(
            scim,
            "LT-0001a",
            displayName="Anna's Laptop",
            kind="laptop",
            keeper={"value": anna["id"]},
            users=[{"value": bo["id"]}],
        ),
        "phone": make(
            scim,
            "PH-0001",
            displayName="Bo's Phone",
            kind="phone",
            keeper={"value": bo["id"]},
        ),
        "reader": make(
            scim,
            "RD-0001",
            displayName="Main entrance",
            kind="badge reader",
            users=[{"value": anna["id"]}, {"value": bo["id"]}],
        ),
    }
    for serial, day in (("LT-0001a", date(2025, 3, 4)), ("PH-0001", date(2024, 9, 1))):
        Device.objects.filter(serial_number=serial).update(purchased=day)
    return {name: scim.get(at(each)).data for name, each in made.items()}
