"""Lists and references in which stored, returned and filtered values could differ."""

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_save

from django_scim.adapters import Field
from tests.client import assert_error
from tests.sites.every_mapping.adapters import DeviceAdapter
from tests.sites.every_mapping.models import Device, Membership, Phone, Squad
from tests.sites.every_mapping.schemas import ACME, DEVICE


def phones(*values):
    return {ACME: {"phones": list(values)}}


def at(resource):
    return f"/Users/{resource['id']}"


def test_equal_datetime_in_a_list_changes_nothing(scim):
    value = {"value": "1", "since": "2011-05-13T04:42:34.000Z"}
    user = scim.make_user("one", **phones(value))
    operation = {"op": "add", "path": f"{ACME}:phones", "value": [value]}
    assert scim.patch(at(user), operation).data["meta"] == user["meta"]
    assert Phone.objects.count() == 1


def test_signal_receives_the_complete_row(scim):
    user = scim.make_user("one", **phones({"value": "1", "type": "work"}))
    seen = []

    def saved(instance, **kwargs):
        seen.append((instance.user.username, instance.number, instance.kind))

    post_save.connect(saved, sender=Phone)
    try:
        path = f'{ACME}:phones[value eq "1"].type'
        scim.patch(at(user), {"op": "replace", "path": path, "value": "home"})
    finally:
        post_save.disconnect(saved, sender=Phone)
    assert seen == [("one", "1", "home")]


def test_row_without_values_is_ignored(scim):
    user = scim.make_user("one")
    Phone.objects.create(user=User.objects.get(), number="")
    assert "phones" not in scim.get(at(user)).data.get(ACME, {})
    assert scim.find(f"{ACME}:phones pr") == []
    assert len(scim.find(f"not ({ACME}:phones pr)")) == 1


def test_primary_in_a_column_that_is_not_nullable(scim):
    scim.make_user("one", **phones({"value": "1", "primary": False}))
    two = scim.make_user("two", **phones({"value": "2", "primary": True}))
    assert scim.find(f"{ACME}:phones.primary pr") == [two]
    assert scim.find(f"{ACME}:phones.primary eq true") == [two]
    assert len(scim.find(f"{ACME}:phones[primary eq false]")) == 1


def test_member_with_two_rows_is_listed_once(scim):
    user = scim.make_user("one")
    group = scim.make_group("Guides", user)
    Membership.objects.create(squad=Squad.objects.get(), person=User.objects.get())
    assert len(scim.get(f"/Groups/{group['id']}").data["members"]) == 1
    assert len(scim.get(at(user)).data["groups"]) == 1


def test_sub_attributes_of_members_are_read_only(scim):
    user = scim.make_user("one")
    body = {"schemas": [DEVICE], "serialNumber": "S1", "users": [{"value": user["id"]}]}
    device = scim.make("/Devices", body)
    path = f"/Devices/{device['id']}"
    for target in ("users.value", "users.display", "users[value pr].value", "users.type"):
        operation = {"op": "replace", "path": target, "value": "x"}
        assert_error(scim.patch(path, operation), 400, "mutability", "users")
    assert Device.objects.get().users.count() == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('keeper.value eq "E-7"', True),
        ('keeper[value eq "E-7"]', True),
        ('keeper[value eq "E-8"]', False),
        ("keeper[value pr]", True),
        ("keeper pr", True),
        ('keeper[displayName ne "x"]', True),
        ('keeper[displayName eq "x"]', False),
        ('keeper[not (value eq "E-7")]', False),
        ("keeper[displayName pr]", False),
        ('not (keeper[value eq "E-7"])', False),
    ],
)
def test_pending_reference_is_found_by_its_value(scim, text, found):
    body = {"schemas": [DEVICE], "serialNumber": "S1", "keeper": {"value": "E-7"}}
    device = scim.make("/Devices", body)
    assert device["keeper"] == {"value": "E-7"}
    assert bool(scim.find(text, "/Devices")) is found


class NumberedDeviceAdapter(DeviceAdapter):
    """Map displayName to a column of another type than that of users and groups."""

    attributes = DeviceAdapter.attributes | {
        "displayName": Field("id").having(mutability="readOnly"),
    }


def test_sorts_by_columns_of_different_types(scim, settings):
    adapters = settings.DJANGO_SCIM["ADAPTERS"]
    path = f"{__name__}.NumberedDeviceAdapter"
    settings.DJANGO_SCIM = {"ADAPTERS": adapters | {"Device": path}}
    for name in ("10", "2", "a", "Z"):
        scim.make_user(f"user {name}", displayName=name)
    scim.make_group("1")
    scim.make_user("nameless")
    for number in range(3):
        scim.make("/Devices", {"schemas": [DEVICE], "serialNumber": f"S{number}"})
    numbers = [str(key) for key in Device.objects.values_list("pk", flat=True)]
    texts = sorted(["10", "2", "a", "z", "1", *numbers])
    for order, expected in (("ascending", [*texts, None]), ("descending", [None, *texts[::-1]])):
        query = {"sortBy": "displayName", "sortOrder": order}
        whole = scim.get("/", query).data["Resources"]
        keys = [each.get("displayName") for each in whole]
        assert [key and key.lower() for key in keys] == expected
        for count in (1, 2, 4):
            pages = scim.pages("/", count=count, **query)
            assert [each for page in pages for each in page["Resources"]] == whole
