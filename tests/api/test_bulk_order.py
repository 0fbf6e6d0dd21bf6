"""Order of the operations in a bulk request, several resource types, and hooks."""

import pytest
from django.contrib.auth.models import User

from django_scim import signals
from django_scim.adapters import UserAdapter
from django_scim.models import UserLink
from tests.client import ENTERPRISE, PATCH, USER

from .bulk import group, managed, patch, statuses, user


def delete(path, **members):
    return {"method": "DELETE", "path": path, **members}


def test_create_delete_and_create_again(scim):
    response = scim.bulk(
        user("a", "1"), delete("/Users/bulkId:1"), user("a", "2"), user("b", "3"), user("A", "4")
    )
    assert statuses(response) == ["201", "204", "201", "201", "409"]
    assert [u["userName"] for u in scim.find("userName pr")] == ["a", "b"]


def test_username_of_a_deleted_user_is_free(scim):
    old = scim.make_user("a")
    response = scim.bulk(user("x"), delete(f"/Users/{old['id']}"), user("a"), user("y"))
    assert statuses(response) == ["201", "204", "201", "201"]
    assert len(scim.find('userName eq "a"')) == 1


def test_deletion_precedes_reuse_of_the_username(scim):
    """A reference to the new user does not move its creation before the deletion."""
    old = scim.make_user("a")
    response = scim.bulk(
        group("Guides", "bulkId:a"), delete(f"/Users/{old['id']}"), user("a"), user("y")
    )
    assert statuses(response) == ["201", "204", "201", "201"]


def test_old_username_of_a_renamed_user_is_free(scim):
    old = scim.make_user("a")
    response = scim.bulk(
        user("x"), patch(f"/Users/{old['id']}", "replace", "userName", "b"), user("a"), user("B")
    )
    assert statuses(response) == ["201", "200", "201", "409"]


def test_operations_on_one_resource_keep_their_order(scim):
    """The first operation refers to a user created last; the second one must wait for it."""
    one, two = scim.make_user("one"), scim.make_user("two")
    team = scim.make_group("G", one)
    path = f"/Groups/{team['id']}"
    response = scim.bulk(
        patch(path, "replace", "members", [{"value": "bulkId:late"}]),
        patch(path, "add", "members", [{"value": two["id"]}]),
        user("late"),
    )
    assert statuses(response) == ["204", "204", "201"]
    late = scim.find('userName eq "late"')[0]["id"]
    members = {each["value"] for each in scim.get(path).data["members"]}
    assert members == {late, two["id"]}


def test_duplicate_group_name_fails(scim):
    response = scim.bulk(group("G", bulk_id="1"), group("g", bulk_id="2"), user("a"))
    assert statuses(response) == ["201", "409", "201"]


class GuestAdapter(UserAdapter):
    """Users without a family name, whose versions depend on other attributes."""

    name, endpoint = "GuestAdapter", "Guests"
    attributes = {
        path: mapping
        for path, mapping in UserAdapter.attributes.items()
        if path != "name.familyName"
    }

    def queryset(self):
        return super().queryset().filter(target__last_name="guest")

    def before_save(self, unit):
        super().before_save(unit)
        unit.put("last_name", "guest")


def test_two_resource_types_of_users(connect, settings):
    """Each resource has the version of its type, as If-Match expects."""
    settings.DJANGO_SCIM = {
        "ADAPTERS": {
            "User": "django_scim.adapters.UserAdapter",
            "GuestAdapter": f"{__name__}.GuestAdapter",
        }
    }
    scim = connect()
    guest = {**user("g"), "path": "/Guests"}
    response = scim.bulk(user("a"), guest, user("b"))
    assert statuses(response) == ["201"] * 3
    found = [
        delete(each["location"].partition("/scim/v2")[2], version=each["version"])
        for each in response.data["Operations"]
    ]
    assert statuses(scim.bulk(*found)) == ["204"] * 3


class CreateAdapter(UserAdapter):
    made = []

    def create(self, values):
        unit = super().create(values)
        self.made.append(unit.target.username)
        return unit


def test_custom_create_is_called_for_each_user(connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.CreateAdapter"}}
    CreateAdapter.made.clear()
    assert statuses(connect().bulk(user("a"), user("b"))) == ["201"] * 2
    assert CreateAdapter.made == ["a", "b"]


class SaveAdapter(UserAdapter):
    made = []

    def save(self, unit, *, is_side_effect=False):
        unit = super().save(unit, is_side_effect=is_side_effect)
        self.made.append(unit.target.pk)
        return unit


def test_custom_save_is_called_for_each_user(connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.SaveAdapter"}}
    SaveAdapter.made.clear()
    assert statuses(connect().bulk(user("a"), user("b"))) == ["201"] * 2
    assert SaveAdapter.made == list(User.objects.order_by("pk").values_list("pk", flat=True))


class RefusingAdapter(UserAdapter):
    def before_save(self, unit):
        super().before_save(unit)
        if unit.target.username == "bad":
            raise RuntimeError("no")


def test_failing_hook_fails_only_its_operation(connect, settings, events):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.RefusingAdapter"}}
    scim = connect()
    assert statuses(scim.bulk(user("a"), user("bad"), user("c"))) == ["201", "500", "201"]
    assert [e.outcome for e in events()] == ["success", "failure", "success"]
    assert sorted(u["userName"] for u in scim.find("userName pr")) == ["a", "c"]


def test_bulk_on_a_site_wide_connection(connect, django_capture_on_commit_callbacks):
    scim = connect(scope="site")
    other = connect(scope="site")
    with django_capture_on_commit_callbacks(execute=True):
        assert (
            statuses(scim.bulk(user("a", emails=[{"value": "a@x.org", "type": "home"}]), user("b")))
            == ["201"] * 2
        )
    assert UserLink.objects.count() == 4
    assert scim.find('userName eq "a"')[0]["emails"][0]["type"] == "home"
    assert other.find('emails.value eq "A@x.org"')


def test_version_of_an_operation_is_if_match(scim, settings):
    made = scim.make_user("a")
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    settings.DJANGO_SCIM = {"REQUIRE_IF_MATCH": True}

    def p(version, title):
        return {**patch(path, "replace", "title", title), "version": version}

    response = scim.bulk(
        user("b"),
        patch(path, "replace", "title", "x"),
        p("", "x"),
        p('W/"1-1"', "x"),
        p("nonsense", "x"),
        p(f'W/"1", {version}', "y"),
        p("*", "z"),
        delete(path),
        delete(path, version="*"),
        delete("/Users/bulkId:b", version="*"),
        delete("/Users/unknown"),
    )
    assert statuses(response) == [
        "201",
        "428",
        "400",
        "412",
        "412",
        "200",
        "200",
        "428",
        "204",
        "204",
        "404",
    ]


@pytest.mark.parametrize(
    "name", [" ", "ä ö", "x" * 5000, "a/b", "a?b", "a\nb", "<script>", "bulkId:", ":", "null"]
)
def test_unusual_bulk_ids(scim, name):
    response = scim.bulk(
        group("G", f"bulkId:{name}"),
        user("a", name),
        user(
            "c",
            "cc",
            **{
                "schemas": [USER, ENTERPRISE],
                ENTERPRISE: {"manager": {"$ref": f"../Users/bulkId:{name}"}},
            },
        ),
        patch(
            "/Groups/bulkId:G", "remove", f'members[value eq "bulkId:{name}"]'.replace("\n", "\\n")
        ),
    )
    assert statuses(response)[:2] == ["201", "201"]
    made = scim.find('userName eq "a"')[0]
    if "/" in name or "?" in name:
        return  # these characters end a name in a URI
    assert statuses(response) == ["201", "201", "201", "204"]
    assert scim.find('userName eq "c"')[0][ENTERPRISE]["manager"]["value"] == made["id"]
    assert not made.get("groups")


def test_bulk_ids_are_case_sensitive_and_not_empty(scim):
    response = scim.bulk(
        group("G", "bulkId:"),
        user("a", "X"),
        group("H", "bulkId:x"),
        group("I", "bulkid:X"),
        patch("/Groups/bulkId:", "replace", "displayName", "x"),
    )
    assert statuses(response) == ["400", "201", "400", "400", "400"]


def test_references_in_values_without_a_path(scim):
    data = {
        "schemas": [PATCH],
        "Operations": [
            {
                "op": "add",
                "value": {f"{ENTERPRISE}:manager": {"value": "bulkId:b"}, "title": "bulkId:b"},
            },
            {"op": "replace", "value": {ENTERPRISE: {"department": "bulkId:b"}}},
        ],
    }
    gdata = {
        "schemas": [PATCH],
        "Operations": [
            {
                "op": "add",
                "value": {"members": [{"value": "bulkId:b"}, {"$ref": "https://x/Users/bulkId:a"}]},
            }
        ],
    }
    made = scim.make_user("a")
    team = scim.make_group("G")
    response = scim.bulk(
        {"method": "PATCH", "path": f"/Users/{made['id']}", "data": data},
        {"method": "PATCH", "path": f"/Groups/{team['id']}", "data": gdata},
        user("b"),
        user("a2", "a"),
    )
    assert statuses(response) == ["200", "204", "201", "201"]
    got = scim.get(f"/Users/{made['id']}").data
    b = scim.find('userName eq "b"')[0]
    assert got[ENTERPRISE]["manager"]["value"] == b["id"]
    assert got["title"] == got[ENTERPRISE]["department"] == "bulkId:b"
    assert len(scim.get(f"/Groups/{team['id']}").data["members"]) == 2


def test_signals_of_a_cycle_and_of_single_creates(scim, django_capture_on_commit_callbacks):
    User.objects.create_user("taken")
    received = []

    def listen(object, **kwargs):
        received.append(object.username)

    signals.created.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            response = scim.bulk(
                user("a"),
                user("b"),
                user("taken"),
                user("c", **managed("bulkId:d")),
                user("d", **managed("bulkId:c")),
            )
    finally:
        signals.created.disconnect(listen)
    assert statuses(response) == ["201", "201", "409", "201", "201"]
    assert received == ["a", "b", "c", "d"]


def test_more_users_than_one_batch(scim, events):
    ops = [user(f"u{i}", externalId=f"e{i}") for i in range(230)]
    ops[150] = user("u3", "u150")
    response = scim.bulk(*ops)
    expected = ["201"] * 230
    expected[150] = "409"
    assert statuses(response) == expected
    assert User.objects.count() == 229 == len(events(outcome="success"))
