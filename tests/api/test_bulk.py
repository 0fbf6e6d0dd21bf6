"""Bulk beyond the letter: each operation is held to what a single request is held to."""

import json
import random
import time

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from django_scim import signals
from django_scim.adapters import UserAdapter
from django_scim.models import Event, UserLink
from tests.client import ENTERPRISE, GROUP, PATCH, USER

SECRET = "Correct-horse-7-battery"


def user(name, bulk_id="", /, **attributes):
    data = {"schemas": [USER], "userName": name, **attributes}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id or name, "data": data}


def group(name, *members, bulk_id=""):
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": m} for m in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id or name, "data": data}


def managed(by):
    return {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": by}}}


def patch(path, op, target, value=None):
    operation = {"op": op, "path": target} | ({} if value is None else {"value": value})
    data = {"schemas": [PATCH], "Operations": [operation]}
    return {"method": "PATCH", "path": path, "data": data}


def statuses(response):
    assert response.status_code == 200, response.data
    return [each["status"] for each in response.data["Operations"]]


def details(response):
    return [each["response"]["detail"] for each in response.data["Operations"]]


def test_an_event_for_each_operation(scim, events):
    made = scim.make_user("old")
    before = len(events())
    response = scim.bulk(
        user("a", title="Guide"),
        user("a", "again"),
        patch(f"/Users/{made['id']}", "replace", "active", "False"),
        {"method": "DELETE", "path": f"/Users/{made['id']}"},
        {"method": "move", "path": "/Users"},
    )
    assert statuses(response) == ["201", "409", "200", "204", "400"]
    found = events()[before:]
    assert [each.action for each in found] == [
        "create", "create", "deactivate", "delete", "create",
    ]  # fmt: skip
    assert [each.outcome for each in found] == [
        "success", "failure", "success", "success", "failure",
    ]  # fmt: skip
    assert len({each.correlation_id for each in found}) == 1
    assert found[0].correlation_id == response.headers["X-Request-Id"]
    assert {"path": "title", "old": None, "new": "Guide"} in found[0].changes
    assert found[2].tolerances == ["boolean-text"]
    assert found[3].tolerances == []
    assert found[2].path == "/scim/v2/Bulk /Users/" + made["id"]


def test_a_password_is_hashed_before_and_seen_nowhere(connect, events, caplog):
    accepting = connect(passwords="accept")
    response = accepting.bulk(
        *(user(f"u{i}", password=f"{SECRET}{i}") for i in range(5)),
        user("", "bad", password=SECRET),
        {"method": "POST", "path": "/Users", "data": {"password": SECRET}},
    )
    assert statuses(response) == ["201"] * 5 + ["400"] * 2
    for i in range(5):
        assert authenticate(username=f"u{i}", password=f"{SECRET}{i}")
    assert SECRET not in caplog.text + str(response.data)
    for event in events():
        assert SECRET not in f"{event.changes}{event.request_body}{event.response_body}"
    refused = accepting.post("/Bulk", {"Operations": [user("x", password=SECRET)]})
    assert refused.status_code == 400
    assert SECRET not in events()[-1].request_body + events()[-1].response_body


def test_passwords_are_hashed_beside_each_other(connect, monkeypatch):
    """While one is hashed, others are: with four at work none waits for another."""
    import threading

    from django_scim.adapters.mappings import passwords

    at_once = threading.Barrier(2, timeout=10)

    def make_password(text):
        at_once.wait()
        return f"!{text}"

    monkeypatch.setattr(passwords, "make_password", make_password)
    monkeypatch.setattr("django_scim.api.bulk.views.os.cpu_count", lambda: 2)
    accepting = connect(passwords="accept")
    assert statuses(accepting.bulk(*(user(f"u{i}", password=SECRET) for i in range(4)))) == (
        ["201"] * 4
    )


def test_nobody_hashes_for_a_job_that_has_stopped(connect, monkeypatch):
    from django_scim.adapters.mappings import passwords

    hashed = []

    def make_password(text):
        time.sleep(0.05)
        hashed.append(text)
        return f"!{text}"

    monkeypatch.setattr(passwords, "make_password", make_password)
    monkeypatch.setattr("django_scim.api.bulk.views.os.cpu_count", lambda: 1)
    accepting = connect(passwords="accept")
    operations = [user("", "bad"), *(user(f"u{i}", password=SECRET) for i in range(20))]
    assert statuses(accepting.bulk(*operations, failOnErrors=1)) == ["400"]
    assert len(hashed) < 20
    assert not User.objects.exists()


def test_a_weak_password_is_one_operations_error(connect, settings):
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}
    ]
    accepting = connect(passwords="accept")
    response = accepting.bulk(user("a", password="x"), user("b", password=SECRET))
    assert statuses(response) == ["400", "201"]
    assert "password" in response.data["Operations"][0]["response"]["detail"]


def test_a_long_row_of_managers_in_any_order(scim):
    """A thousand people of whom each is managed by the next: no recursion, and one order."""
    people = [user(f"u{i}", **managed(f"bulkId:u{i + 1}")) for i in range(150)]
    operations = [*people, user("u150")]
    random.Random(7).shuffle(operations)
    assert statuses(scim.bulk(*operations)) == ["201"] * 151
    top = scim.find('userName eq "u150"')[0]["id"]
    last = scim.find('userName eq "u149"')[0]
    assert last[ENTERPRISE]["manager"]["value"] == top
    assert len(scim.find(f'{ENTERPRISE}:manager.value eq "{top}"')) == 1


def test_a_circle_outside_of_which_something_is_missing(scim):
    response = scim.bulk(
        user("a", **managed("bulkId:b")),
        user("b", **managed("bulkId:a")),
        group("Guides", "bulkId:a", "bulkId:nobody"),
    )
    assert statuses(response) == ["201", "201", "400"]
    assert scim.get("/Groups").data["totalResults"] == 0


def test_names_and_methods_in_any_case(scim):
    operation = {"METHOD": "post", "Path": "/users", "bulkid": "1", "DATA": user("a")["data"]}
    assert statuses(scim.bulk(operation)) == ["201"]
    twice = {**operation, "path": "/Groups"}
    assert scim.bulk(twice).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {"Operations": []},
        {"Operations": {}},
        {"Operations": [1]},
        {"Operations": [{"method": 1}]},
        {"Operations": [{"method": "POST", "path": ["/Users"]}]},
        {"Operations": [{"method": "POST", "path": "/Users", "bulkId": 1}]},
    ],
)
def test_what_is_no_bulk_changes_nothing(scim, body):
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    whole = {"schemas": [urn], **body} if isinstance(body, dict) else body
    response = scim.post("/Bulk", whole)
    assert response.status_code == 400
    assert response.data["scimType"] == "invalidSyntax"


def test_only_post(scim):
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert scim.request(method, "/Bulk").status_code == 405


# Many users at once


def full(name):
    """A user with a value in every kind of place."""
    return user(
        name,
        externalId=f"x-{name}",
        name={"givenName": "Barbara", "familyName": "Jensen", "middleName": "J"},
        title="Guide",
        active=len(name) % 2 == 0,
        emails=[
            {"value": f"{name}@example.com", "type": "work", "primary": True},
            {"value": f"{name}@home.example", "type": "home"},
        ],
        phoneNumbers=[{"value": "1", "type": "work"}],
        **{
            "schemas": [USER, ENTERPRISE],
            ENTERPRISE: {"department": "Tours", "manager": {"value": "x-boss"}},
        },
    )


def without_server_side(resource):
    return {k: v for k, v in resource.items() if k not in ("id", "meta")}


def told(events):
    """What events say, but for the ids of managers."""
    for event in events:
        for change in event.changes:
            if change["path"].endswith(":manager"):
                change["new"] = "a manager"
    return [(e.action, e.outcome, e.changes, e.object_name) for e in events]


def test_many_are_what_each_alone_would_be(connect, events):
    one, many = connect(), connect()
    names = ["boss", "a", "bb", "ccc", "dddd"]
    for name in names:
        one.make("/Users", full(name)["data"])
    alone = {u["userName"]: u for u in one.find("userName pr")}
    kept = told(events(action="create"))
    User.objects.all().delete()
    assert statuses(many.bulk(*map(full, names))) == ["201"] * 5
    together = {u["userName"]: u for u in many.find("userName pr")}
    assert together.keys() == alone.keys()
    boss = {alone["boss"]["id"]: "boss", together["boss"]["id"]: "boss"}
    for found in (alone, together):
        for resource in found.values():
            manager = resource[ENTERPRISE]["manager"]
            manager["value"] = boss.get(manager["value"], manager["value"])
            manager.pop("$ref", None)
    for name in names:
        assert without_server_side(together[name]) == without_server_side(alone[name])
    assert told(events(action="create", connection=many.connection)) == kept


def test_nobody_is_modified_before_he_is_there(scim):
    assert statuses(scim.bulk(*map(full, ["a", "bb", "ccc"]))) == ["201"] * 3
    for resource in scim.find("userName pr"):
        assert resource["meta"]["created"] == resource["meta"]["lastModified"]


def test_the_version_in_the_answer_is_the_resources(scim):
    response = scim.bulk(*map(full, ["a", "bb", "ccc"]))
    for result in response.data["Operations"]:
        resource = scim.get("/Users/" + result["location"].rpartition("/")[2]).data
        assert result["version"] == resource["meta"]["version"]
        assert result["location"] == resource["meta"]["location"]


def test_forty_users_cost_the_statements_of_ten(scim):
    def count(number):
        operations = [full(f"{number}-{i}") for i in range(number)]
        for operation in operations:
            del operation["data"][ENTERPRISE]["manager"]  # each is looked up
        with CaptureQueriesContext(connection) as captured:
            assert statuses(scim.bulk(*operations)) == ["201"] * number
        return len(captured)

    few, many = count(10), count(40)
    assert few <= 20
    assert many - few <= 8  # SQLite takes so many parameters in a statement, and no more


def test_an_error_among_many_is_its_own(scim, events, caplog):
    caplog.set_level("INFO", "django_scim")
    User.objects.create_user("taken")
    names = ["a", "taken", "b", "B", "", "c"]
    operations = [user(name, str(i)) for i, name in enumerate(names)]
    response = scim.bulk(*operations)
    assert statuses(response) == ["201", "409", "201", "409", "400", "201"]
    assert {u["userName"] for u in scim.find("userName pr")} == {"a", "b", "c"}
    assert [e.outcome for e in events()] == [
        "success", "failure", "success", "failure", "failure", "success",
    ]  # fmt: skip
    assert User.objects.count() == UserLink.objects.count() + 1 == 4
    assert "created one by one" in caplog.text


def test_errors_among_many_stop_the_job(scim):
    names = ["a", "b", "A", "c", "d"]
    operations = [user(name, str(i)) for i, name in enumerate(names)]
    assert statuses(scim.bulk(*operations, failOnErrors=1)) == ["201", "201", "409"]
    assert {u["userName"] for u in scim.find("userName pr")} == {"a", "b"}


def test_a_site_that_listens_hears_of_each(scim):
    heard = []

    def listen(instance, created, **kwargs):
        heard.append((instance.username, created, instance.pk is not None))

    post_save.connect(listen, sender=User)
    try:
        assert statuses(scim.bulk(*map(full, ["a", "bb", "ccc"]))) == ["201"] * 3
    finally:
        post_save.disconnect(listen, sender=User)
    assert heard == [("a", True, True), ("bb", True, True), ("ccc", True, True)]
    assert len(scim.find('phoneNumbers.value eq "1"')) == 3


def test_signals_and_links_of_a_connection_that_has_everybody(
    connect, django_capture_on_commit_callbacks
):
    scim, everywhere = connect(), connect(scope="site")
    heard = []

    def listen(object, connection, **kwargs):
        heard.append((object.username, connection))

    signals.created.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert statuses(scim.bulk(*map(full, ["a", "bb"]))) == ["201"] * 2
    finally:
        signals.created.disconnect(listen)
    assert heard == [("a", scim.connection), ("bb", scim.connection)]
    assert {u["userName"] for u in everywhere.find("userName pr")} == {"a", "bb"}


def test_who_was_here_before_comes_back_among_many(scim):
    made = scim.make("/Users", full("a")["data"])
    scim.delete(f"/Users/{made['id']}")
    assert statuses(scim.bulk(*map(full, ["bb", "a", "ccc"]))) == ["201"] * 3
    assert User.objects.count() == 3
    assert scim.find('userName eq "a"')[0]["id"] != made["id"]


def test_who_waited_for_a_manager_has_one(scim, events):
    waiting = scim.make("/Users", full("early")["data"])
    assert statuses(scim.bulk(*map(full, ["bb", "boss", "ccc"]))) == ["201"] * 3
    boss = scim.find('userName eq "boss"')[0]
    manager = scim.get(f"/Users/{waiting['id']}").data[ENTERPRISE]["manager"]
    assert manager["value"] == boss["id"]
    pointed = events(action="update", scim_id=waiting["id"])
    assert [change["path"] for change in pointed[0].changes] == [f"{ENTERPRISE}:manager"]


def test_an_adapter_that_needs_a_key_creates_one_by_one(connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Counting"}}
    Counting.seen = []
    assert statuses(connect().bulk(user("a"), user("b"))) == ["201", "201"]
    assert Counting.seen == list(User.objects.order_by("pk").values_list("pk", flat=True))


class Counting(UserAdapter):
    seen: list[int] = []

    def after_save(self, unit):
        super().after_save(unit)
        self.seen.append(unit.target.pk)


# Attacks


def test_another_connections_ids_do_not_exist_in_a_bulk(connect):
    ours, theirs = connect(), connect()
    person, team = theirs.make_user("victim"), theirs.make_group("Theirs")
    response = ours.bulk(
        patch(f"/Users/{person['id']}", "replace", "active", False),
        {"method": "DELETE", "path": f"/Users/{person['id']}"},
        {"method": "PUT", "path": f"/Groups/{team['id']}", "data": group("Mine")["data"]},
        group("Ours", person["id"]),
        user("a", **{"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": person["id"]}}),
    )
    assert statuses(response) == ["404", "404", "404", "400", "201"]
    assert theirs.get(f"/Users/{person['id']}").data == person
    assert theirs.get(f"/Groups/{team['id']}").data == team
    # kept as the text that was sent, of a person who may still arrive
    manager = ours.find('userName eq "a"')[0][ENTERPRISE]["manager"]
    assert manager == {"value": person["id"]}


def test_a_bulk_is_no_way_around_a_scope(connect):
    readers = connect(scopes=["users:read", "groups:read"])
    made = User.objects.create(username="victim")
    response = readers.bulk(user("a"), group("g"), {"method": "DELETE", "path": f"/Users/{made}"})
    assert statuses(response) == ["403", "403", "403"]
    assert list(User.objects.values_list("username", flat=True)) == ["victim"]
    assert not Group.objects.exists()
    writers = connect(scopes=["users:write"])
    assert statuses(writers.bulk(user("b"), group("g", "bulkId:b"))) == ["201", "403"]


def test_a_bulk_reaches_no_staff(scim):
    boss = User.objects.create_superuser("boss", "boss@example.com", SECRET)
    link = UserLink.objects.create(connection=scim.connection, target=boss)
    response = scim.bulk(
        user("BOSS"), {"method": "DELETE", "path": f"/Users/{link.scim_id}"},
        patch(f"/Users/{boss.pk}", "replace", "password", "x"),
        {"method": "PUT", "path": "/Users/boss", "data": user("boss")["data"]},
    )  # fmt: skip
    assert statuses(response) == ["409", "404", "404", "404"]
    boss.refresh_from_db()
    assert boss.is_active
    assert boss.check_password(SECRET)


@pytest.mark.parametrize(
    "path",
    [
        "/Users/../Groups", "/Users/%2e%2e/Groups", "/../admin/", "//evil.example/Users",
        "/Users/\0", "/Users/.search", "\\Users", "/Users#x", "/Users;x=1", "/Users\n",
        "/Groups/bulkId:a/members", "/bulkId:a", "bulkId:a", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere(scim, path):
    for method in ("POST", "DELETE", "PUT"):
        operation = {**user("a"), "method": method, "path": path}
        response = scim.bulk(operation)
        if response.status_code == 200:
            assert statuses(response)[0] in ("400", "404")
        else:
            assert response.status_code == 400
    assert not User.objects.exists()


def test_a_bulk_within_a_bulk(scim):
    inner = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
             "Operations": [user("a")]}  # fmt: skip
    operation = {"method": "POST", "path": "/Bulk", "bulkId": "1", "data": inner}
    assert statuses(scim.bulk(operation)) == ["400"]
    assert not User.objects.exists()


def test_a_bulk_id_of_another_operation_is_not_an_id(scim):
    """A bulkId that looks like somebody's id, or like a reference, names nothing else."""
    victim = scim.make_user("victim")
    response = scim.bulk(
        user("a", victim["id"]),
        patch(f"/Users/{victim['id']}", "replace", "title", "Guide"),
        user("b", "bulkId:c"),
        group("Guides", "bulkId:bulkId:c"),
    )
    assert statuses(response) == ["201", "200", "201", "201"]
    assert scim.get(f"/Users/{victim['id']}").data["title"] == "Guide"
    made = scim.find('userName eq "b"')[0]["id"]
    assert scim.get("/Groups").data["Resources"][0]["members"][0]["value"] == made


def test_the_guard_counts_what_a_bulk_takes(connect):
    scim = connect(guard_count=2, guard_percent=10)
    made = [scim.make_user(f"u{i}") for i in range(6)]
    UserLink.objects.update(created="2020-01-01T00:00:00Z")
    response = scim.bulk(*({"method": "DELETE", "path": f"/Users/{m['id']}"} for m in made))
    assert statuses(response) == ["204", "204", "403", "403", "403", "403"]
    assert User.objects.filter(is_active=True).count() == 4
    assert Event.objects.filter(outcome="stopped").count() == 4


def test_many_references_to_nothing(scim):
    """Thousands of references that no operation answers: each group is refused, none is made."""
    names = [f"u{i}" for i in range(60)]
    members = [{"value": f"bulkId:{name}"} for name in names]
    operations = [
        {**group(f"g{i}", bulk_id=f"g{i}"), "data": group(f"g{i}")["data"] | {"members": members}}
        for i in range(60)
    ]
    assert statuses(scim.bulk(*operations)) == ["400"] * 60
    assert not Group.objects.exists()


def test_nothing_of_a_body_that_is_too_deep(scim):
    deep = json.loads("[" * 40 + "]" * 40)
    assert scim.bulk(user("a", title=deep)).status_code == 400
    assert not User.objects.exists()
