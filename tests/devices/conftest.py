import pytest

from .client import make


@pytest.fixture
def anna(scim):
    return scim.make_user("anna", displayName="Anna Abe", externalId="NW-1")


@pytest.fixture
def bo(scim):
    return scim.make_user("bo", displayName="Bo Becker", externalId="NW-2")


@pytest.fixture
def fleet(scim, anna, bo):
    """Three devices; each differs from the others in every attribute."""
    return {
        "laptop": make(
            scim,
            "LT-0001a",
            displayName="Anna's Laptop",
            kind="laptop",
            purchased="2025-03-04T00:00:00Z",
            keeper={"value": anna["id"]},
            users=[{"value": bo["id"]}],
        ),
        "phone": make(
            scim,
            "PH-0001",
            displayName="Bo's Phone",
            kind="phone",
            purchased="2024-09-01T00:00:00Z",
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
