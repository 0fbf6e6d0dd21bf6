"""Banned accounts stay inactive, whatever ``active`` and ``is_active`` are mapped to."""

import pytest
from django.contrib.auth.models import User

from django_scim.models import UserLink
from tests.client import USER, assert_error
from tests.sites.every_mapping.schemas import ACME

from .models import Employee, Membership, Organisation, Squad, SquadLink
from .test_activation import InCustom, InRelatedRow  # noqa: F401 - named in the settings
from .test_guard import ActiveByContractor  # noqa: F401 - named in the settings


@pytest.fixture
def adopting(settings, connect):
    """Return a function that returns the client of a connection with an adapter."""

    def adopting(name):
        adapters = settings.DJANGO_SCIM["ADAPTERS"] | {"User": f"{__name__}.{name}"}
        settings.DJANGO_SCIM = {"ADAPTERS": adapters}
        return connect(adoption="username")

    return adopting


def create(scim, **attributes):
    schemas = [USER, *(each for each in attributes if each == ACME)]
    return scim.post("/Users", {"schemas": schemas, "userName": "amy", **attributes})


@pytest.mark.parametrize(
    ("name", "column", "closed"),
    [("InRelatedRow", "is_employed", False), ("InCustom", "shirt", "returned")],
)
def test_banned_by_another_column(adopting, name, column, closed):
    scim = adopting(name)
    amy = User.objects.create_user("amy", "amy@x.example")
    Employee.objects.update_or_create(user=amy, defaults={column: closed})
    resource = create(scim, active=True).data
    assert resource["active"] is False and UserLink.objects.get().held_inactive
    operation = {"op": "replace", "path": "active", "value": True}
    answer = scim.patch(f"/Users/{resource['id']}", operation)
    assert_error(answer, 400, "mutability", "until an admin confirms")
    assert getattr(Employee.objects.get(), column) == closed


def test_attribute_without_a_value_does_not_activate(adopting):
    scim = adopting("InCustom")
    amy = User.objects.create_user("amy", "amy@x.example", is_active=False)
    resource = create(scim).data
    assert "active" not in resource and UserLink.objects.get().held_inactive
    operation = {"op": "add", "path": "active", "value": True}
    answer = scim.patch(f"/Users/{resource['id']}", operation)
    assert_error(answer, 400, "mutability", "until an admin confirms")
    amy.refresh_from_db()
    assert not amy.is_active and not Employee.objects.filter(shirt="new").exists()


def test_another_attribute_does_not_activate(adopting):
    """``is_active`` is written by an attribute of the site, and ``active`` is stored elsewhere."""
    scim = adopting("ActiveByContractor")
    amy = User.objects.create_user("amy", "amy@x.example", is_active=False)
    answer = create(scim, **{ACME: {"contractor": True}})
    assert_error(answer, 400, "mutability", "until an admin confirms")
    assert not UserLink.objects.exists()
    resource = create(scim).data
    operation = {"op": "replace", "path": f"{ACME}:contractor", "value": True}
    answer = scim.patch(f"/Users/{resource['id']}", operation)
    assert_error(answer, 400, "mutability", "until an admin confirms")
    amy.refresh_from_db()
    assert not amy.is_active


def test_groups_of_custom_models_are_listed(adopting, events):
    scim = adopting("InRelatedRow")
    amy = User.objects.create_user("amy", "amy@x.example")
    acme = Organisation.objects.create(name="ACME")
    squads = [Squad.objects.create(name=n, organisation=acme) for n in ("Hidden", "Seen")]
    for squad in squads:
        Membership.objects.create(squad=squad, person=amy)
    SquadLink.objects.create(connection=scim.connection, target=squads[1], display_name="Seen")
    assert create(scim).status_code == 201
    (event,) = events(action="create")
    assert event.detail == f"an existing account was adopted; it has the squad {squads[0]}"
