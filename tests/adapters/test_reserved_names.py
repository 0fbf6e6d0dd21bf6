"""RESERVED_GROUPS, and the names of groups with permissions."""

import pytest
from django.contrib.auth.models import Group, Permission

from django_scim import connections
from django_scim.models import GroupLink
from django_scim.protocol.similar_names import name_skeleton

from ..client import GROUP, PATCH, USER, assert_error

ALIKE = [
    "Admins",
    "ADMINS",
    "Ädmins",
    "A\u0308dmins",
    "Ａｄｍｉｎｓ",
    "Adm\u200bins",
    "Admins\u200b",
    "\u2060\ufeffAdmins",
    "Ad\u00admins",
    "Ad\u034fmins",
    "Admins\ufe0f",
    "Admins\u3164",
    "Ad\u202emins",
    "  Admins\u00a0",
    "𝐀𝐝𝐦𝐢𝐧𝐬",
    "Adm\u0131ns",
    "ADM\u0130NS",
]
DIFFERENT = ["Admin", "Admins 2", "Adminss", "Sales", "Ad mins", "Administrators"]


@pytest.fixture
def admins(db):
    """A group of the site with a permission."""
    group = Group.objects.create(name="Admins")
    group.permissions.add(Permission.objects.first())
    return group


def create(scim, name):
    return scim.post("/Groups", {"schemas": [GROUP], "displayName": name})


def rename(scim, group, name):
    operation = {"op": "replace", "path": "displayName", "value": name}
    return scim.patch(f"/Groups/{group['id']}", operation)


@pytest.mark.parametrize("name", ALIKE)
def test_names_that_look_like_a_reserved_one(name, scim, settings):
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": ["admins"]}
    assert_error(create(scim, name), 400, "invalidValue", "displayName")
    assert not Group.objects.exists() and not GroupLink.objects.exists()
    group = scim.make_group("Guides")
    assert_error(rename(scim, group, name), 400, "invalidValue", "displayName")
    body = {"schemas": [GROUP], "displayName": name}
    assert_error(scim.put(f"/Groups/{group['id']}", body), 400, "invalidValue", "displayName")
    assert Group.objects.get().name == "Guides"


@pytest.mark.parametrize("name", ALIKE)
def test_names_that_look_like_a_group_with_permissions(name, scim, admins):
    assert_error(create(scim, name), 400, "invalidValue", "displayName")
    assert Group.objects.get() == admins


@pytest.mark.parametrize("name", DIFFERENT)
def test_other_names_are_allowed(name, scim, admins, settings):
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": ["Root"]}
    assert create(scim, name).status_code == 201


def test_bulk_cannot_take_a_reserved_name(scim, admins):
    new = {"schemas": [GROUP], "displayName": "admins"}
    user = {"schemas": [USER], "userName": "amy"}
    operations = [{"op": "replace", "value": {"displayName": "ADMINS"}}]
    group = scim.make_group("Guides")
    answer = scim.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": new},
        {
            "method": "PATCH",
            "path": f"/Groups/{group['id']}",
            "data": {"schemas": [PATCH], "Operations": operations},
        },
    )
    assert [each["status"] for each in answer.data["Operations"]] == ["201", "400", "400"]
    assert set(Group.objects.values_list("name", flat=True)) == {"Admins", "Guides"}


def test_answer_is_the_same_for_every_reserved_name(scim, admins, settings):
    """A client does not learn whether a group has the name, nor which one."""
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": ["Root"]}
    details = {create(scim, name).data["detail"].split(" [")[0] for name in ("ROOT", "Ädmins")}
    (detail,) = details
    assert "dmins" not in detail and "oot" not in detail


def test_shared_group_keeps_its_own_name(scim, admins):
    link = connections.share_privileged(scim.connection, admins)
    group = {"id": link.scim_id}
    assert rename(scim, group, "Boss").status_code == 204
    assert rename(scim, group, "ADMINS").status_code == 204
    admins.refresh_from_db()
    assert admins.name == "Admins"
    assert_error(create(scim, "admins"), 409, "uniqueness")


def test_name_that_the_site_shortens_to_a_reserved_one(scim, settings):
    """The group's name on the site has 150 characters; the client's may have more."""
    reserved = "x" * 150
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": [reserved]}
    assert_error(create(scim, f"{reserved}yz"), 400, "invalidValue", "displayName")


def reserved_for(connection):
    return [f"{connection.name} owners"]


NAMES = ("Root",)


def test_dotted_path_of_a_function(connect, settings):
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": f"{__name__}.reserved_for"}
    one, other = connect(), connect()
    name = f"{one.connection.name} Owners"
    assert_error(create(one, name), 400, "invalidValue")
    assert create(other, name).status_code == 201


def test_dotted_path_of_a_list(scim, settings):
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": f"{__name__}.NAMES"}
    assert_error(create(scim, "root"), 400, "invalidValue")


@pytest.mark.parametrize("path", ["no.such.path", "django_scim.conf.OR", "os.sep"])
def test_setting_that_cannot_be_used_creates_no_group(path, scim, settings):
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": path}
    assert create(scim, "Guides").status_code == 500
    assert not Group.objects.exists()


def test_skeleton_separates_names():
    assert len({name_skeleton(name) for name in DIFFERENT}) == len(DIFFERENT)
    assert name_skeleton("\u200b") == name_skeleton("") == ""
    assert name_skeleton("Straße") == name_skeleton("STRASSE")
    assert name_skeleton("Łódź") == name_skeleton("lodz")
