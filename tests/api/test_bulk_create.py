"""Users that a bulk request creates in one batch."""

from django.contrib.auth.models import User
from django.db import connection
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from django_scim import signals
from django_scim.adapters import UserAdapter
from django_scim.models import UserLink
from tests.client import ENTERPRISE, USER

from .bulk import statuses, user


def full_user(name):
    """Return the operation that creates a user with a value in every table."""
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


def summarize(events):
    """Return the data of events, with the ids of managers replaced."""
    for event in events:
        for change in event.changes:
            if change["path"].endswith(":manager"):
                change["new"] = "a manager"
    return [(e.action, e.outcome, e.changes, e.object_name) for e in events]


def test_batch_creates_the_same_users_as_single_requests(connect, events):
    one, many = connect(), connect()
    names = ["boss", "a", "bb", "ccc", "dddd"]
    for name in names:
        one.make("/Users", full_user(name)["data"])
    alone = {u["userName"]: u for u in one.find("userName pr")}
    kept = summarize(events(action="create"))
    User.objects.all().delete()
    assert statuses(many.bulk(*map(full_user, names))) == ["201"] * 5
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
    assert summarize(events(action="create", connection=many.connection)) == kept


def test_created_users_are_not_modified_yet(scim):
    assert statuses(scim.bulk(*map(full_user, ["a", "bb", "ccc"]))) == ["201"] * 3
    for resource in scim.find("userName pr"):
        assert resource["meta"]["created"] == resource["meta"]["lastModified"]


def test_response_has_the_version_of_the_resource(scim):
    response = scim.bulk(*map(full_user, ["a", "bb", "ccc"]))
    for result in response.data["Operations"]:
        resource = scim.get("/Users/" + result["location"].rpartition("/")[2]).data
        assert result["version"] == resource["meta"]["version"]
        assert result["location"] == resource["meta"]["location"]


def test_statements_do_not_grow_with_the_number_of_users(scim):
    def count(number):
        operations = [full_user(f"{number}-{i}") for i in range(number)]
        for operation in operations:
            del operation["data"][ENTERPRISE]["manager"]  # each manager is looked up
        with CaptureQueriesContext(connection) as captured:
            assert statuses(scim.bulk(*operations)) == ["201"] * number
        return len(captured)

    few, many = count(10), count(40)
    assert few <= 20
    assert many - few <= 8  # SQLite limits the parameters of a statement


def test_error_affects_only_its_operation(scim, events, caplog):
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


def test_errors_stop_the_bulk(scim):
    names = ["a", "b", "A", "c", "d"]
    operations = [user(name, str(i)) for i, name in enumerate(names)]
    assert statuses(scim.bulk(*operations, failOnErrors=1)) == ["201", "201", "409"]
    assert {u["userName"] for u in scim.find("userName pr")} == {"a", "b"}


def test_site_receives_post_save_for_each_user(scim):
    received = []

    def listen(instance, created, **kwargs):
        received.append((instance.username, created, instance.pk is not None))

    post_save.connect(listen, sender=User)
    try:
        assert statuses(scim.bulk(*map(full_user, ["a", "bb", "ccc"]))) == ["201"] * 3
    finally:
        post_save.disconnect(listen, sender=User)
    assert received == [("a", True, True), ("bb", True, True), ("ccc", True, True)]
    assert len(scim.find('phoneNumbers.value eq "1"')) == 3


def test_signals_and_links_of_a_site_wide_connection(connect, django_capture_on_commit_callbacks):
    scim, everywhere = connect(), connect(scope="site")
    received = []

    def listen(object, connection, **kwargs):
        received.append((object.username, connection))

    signals.created.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert statuses(scim.bulk(*map(full_user, ["a", "bb"]))) == ["201"] * 2
    finally:
        signals.created.disconnect(listen)
    assert received == [("a", scim.connection), ("bb", scim.connection)]
    assert {u["userName"] for u in everywhere.find("userName pr")} == {"a", "bb"}


def test_deleted_user_is_restored_in_a_batch(scim):
    made = scim.make("/Users", full_user("a")["data"])
    scim.delete(f"/Users/{made['id']}")
    assert statuses(scim.bulk(*map(full_user, ["bb", "a", "ccc"]))) == ["201"] * 3
    assert User.objects.count() == 3
    assert scim.find('userName eq "a"')[0]["id"] != made["id"]


def test_pending_manager_is_resolved_in_a_batch(scim, events):
    waiting = scim.make("/Users", full_user("early")["data"])
    assert statuses(scim.bulk(*map(full_user, ["bb", "boss", "ccc"]))) == ["201"] * 3
    boss = scim.find('userName eq "boss"')[0]
    manager = scim.get(f"/Users/{waiting['id']}").data[ENTERPRISE]["manager"]
    assert manager["value"] == boss["id"]
    pointed = events(action="update", scim_id=waiting["id"])
    assert [change["path"] for change in pointed[0].changes] == [f"{ENTERPRISE}:manager"]


def test_adapter_that_needs_keys_creates_one_by_one(connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.KeyRecordingAdapter"}}
    KeyRecordingAdapter.seen = []
    assert statuses(connect().bulk(user("a"), user("b"))) == ["201", "201"]
    assert KeyRecordingAdapter.seen == list(
        User.objects.order_by("pk").values_list("pk", flat=True)
    )


class KeyRecordingAdapter(UserAdapter):
    seen: list[int] = []

    def after_save(self, unit):
        super().after_save(unit)
        self.seen.append(unit.target.pk)
