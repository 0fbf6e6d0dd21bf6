"""Queries that are compiled once: shared text, with values for each connection and request."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import Q

from django_scim.adapters import Registry, UserAdapter
from django_scim.models import UserLink
from django_scim.protocol.projection import FULL
from django_scim.protocol.tolerances import PROFILES, Tolerances
from django_scim.query import compiled
from tests.client import ENTERPRISE, USER


class HidingAdapter(UserAdapter):
    """Hide the accounts with a name that changes between requests."""

    hidden = ""

    @classmethod
    def unprotected(cls):
        return super().unprotected() & ~Q(target__username=cls.hidden)


def adapter_of(scim, kind="User"):
    return Registry(scim.connection, Tolerances(PROFILES["default"]), "").adapter(kind)


@pytest.fixture
def fail_if_compiled(monkeypatch):
    """Return a function after which a query that is compiled makes the test fail."""
    return lambda: monkeypatch.setattr(
        compiled, "compile_select", lambda rows: pytest.fail("compiled again")
    )


def test_connections_share_text_but_not_values(connect):
    first, second = connect(), connect()
    bodies = []
    for scim in (first, second):
        boss = scim.make_user(f"boss{scim.connection.pk}", displayName="Boss")
        manager = {ENTERPRISE: {"manager": {"value": boss["id"]}}, "schemas": [USER, ENTERPRISE]}
        bodies.append(scim.make_user(f"user{scim.connection.pk}", **manager))
    for scim, mine, other in ((first, *bodies), (second, *reversed(bodies))):
        for _ in range(2):
            assert scim.get(f"/Users/{mine['id']}").data == mine
            assert scim.get(f"/Users/{other['id']}").status_code == 404
            listed = scim.get("/Users").data["Resources"]
            assert mine in listed and other not in listed
        assert mine[ENTERPRISE]["manager"]["displayName"] == "Boss"


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_rows_are_those_of_the_queryset(scim, kind):
    """Compare the kept query with the queryset that it came from, on its first and second use."""
    made = scim.make_user(title="Guide", active=False, emails=[{"value": "a@example.com"}])
    made = made if kind == "User" else scim.make_group("Guides", made)
    adapter = adapter_of(scim, kind)
    plan = adapter._plan(FULL)
    for scim_id in (made["id"], "nobody", made["id"]):
        links = adapter.queryset().filter(scim_id=scim_id)
        plain = list(links.values_list(*plan._selected(adapter), "pk"))
        assert [tuple(row) for row in plan.by_id(adapter, scim_id)] == plain
        assert len(plain) == (scim_id == made["id"])
        keys = [row[-1] for row in plain]
        if keys:
            assert {key: tuple(row) for key, row in plan.by_keys(adapter, keys).items()} == {
                row[-1]: row for row in plain
            }


@pytest.mark.parametrize("count", [1, 3, 10, 11])
def test_lists_of_any_length(scim, count):
    made = [scim.make_user(f"user{number}") for number in range(count)]
    adapter = adapter_of(scim)
    keys = list(UserLink.objects.order_by("-pk").values_list("pk", flat=True))
    found = adapter._plan(FULL).by_keys(adapter, keys)
    assert found.keys() == set(keys)
    assert scim.get("/Users", {"count": 100}).data["Resources"] == made


def test_requests_of_other_connections_compile_nothing(connect, fail_if_compiled):
    first, second = connect(), connect()
    pairs = []
    for scim in (first, second):
        user = scim.make_user(f"user{scim.connection.pk}", emails=[{"value": "a@example.com"}])
        pairs.append((scim, user, scim.make_group("Guides", user)))
    for path in ("/Users/{}", "/Groups/{}"):
        scim, user, group = pairs[0]
        scim.get(path.format(user["id"] if "Users" in path else group["id"]))
    scim.get("/Users", {"count": 10})
    fail_if_compiled()
    scim, user, group = pairs[1]
    assert scim.get(f"/Users/{user['id']}").data["userName"] == user["userName"]
    assert scim.get(f"/Groups/{group['id']}").data["members"][0]["value"] == user["id"]
    assert scim.get("/Users", {"count": 10}).data["totalResults"] == 1


def test_condition_of_the_site_is_evaluated_in_each_request(scim, settings, monkeypatch):
    """``unprotected`` of a site may depend on the request, so nothing is kept."""
    path = f"{__name__}.HidingAdapter"
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": path}}
    amy, ben = scim.make_user("amy"), scim.make_user("ben")
    for hidden, shown in (("amy", ben), ("ben", amy), ("amy", ben)):
        monkeypatch.setattr(HidingAdapter, "hidden", hidden)
        assert [each["id"] for each in scim.get("/Users").data["Resources"]] == [shown["id"]]
        for user in (amy, ben):
            status = 200 if user is shown else 404
            assert scim.get(f"/Users/{user['id']}").status_code == status


def test_account_that_becomes_staff_disappears_at_once(scim):
    user = scim.make_user("amy")
    assert scim.get(f"/Users/{user['id']}").status_code == 200
    User.objects.update(is_staff=True)
    assert scim.get(f"/Users/{user['id']}").status_code == 404
    assert scim.get("/Users").data["totalResults"] == 0


def test_query_is_run_through_djangos_wrappers(scim):
    user = scim.make_user("amy")
    seen = []

    def wrapper(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    scim.get(f"/Users/{user['id']}")
    with database.execute_wrapper(wrapper):
        scim.get(f"/Users/{user['id']}")
    assert any("scim_userlink" in sql for sql in seen)
    assert any("scim_token" in sql for sql in seen)


# Queries that can be compiled, and others


def compile_users(build, **values):
    fields = {"name": User._meta.get_field("username"), "pks": User._meta.pk}
    return compiled.compiled(build, fields, values, database.alias)


def test_constants_are_kept(db):
    query = compile_users(
        lambda values: User.objects.filter(username=values["name"], is_active=True, pk__gt=20_001)
        .values_list("pk"),
        name="",
    )  # fmt: skip
    user = User.objects.create(username="amy", pk=30_000)
    assert query.rows(database.alias, ["amy"]) == [[user.pk]]
    User.objects.update(is_active=False)
    assert query.rows(database.alias, ["amy"]) == []


def test_query_that_changes_is_not_kept(db):
    def by_name(values):
        order = "pk" if "25" in values["name"] else "-pk"
        return User.objects.order_by(order).values_list("pk")

    assert compile_users(by_name, name="") is None
    changing = User.objects.values_list("pk")
    assert compile_users(lambda values: changing.filter(email=uuid4().hex), name="") is None
    assert compile_users(lambda values: User.objects.none().values_list("pk"), name="") is None


def test_padding():
    assert compiled.padded([7]) == [7]
    assert compiled.padded([7, 8, 9]) == [7, 8, 9, 9, 9]
    assert len(compiled.padded(range(501))) == 1_000
    assert [len(each) for each in compiled.in_batches(range(2_001))] == [1_000, 1_000, 1]
    assert compiled.in_batches([]) == []
