"""Users that a bulk request creates together."""

from django.contrib.auth.models import User
from django.db import connection
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from django_scim import signals
from django_scim.adapters import UserAdapter
from django_scim.models import UserLink
from tests.client import ENTERPRISE, USER

from .bulk import statuses, user


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
