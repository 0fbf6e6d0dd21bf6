"""Requests that close an account, where they meet adoption, revival, Bulk and limited tokens."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework import serializers

from django_scim import connections
from django_scim.adapters import Custom, UserAdapter
from django_scim.api.http import freshness
from django_scim.api.serializers import ResourceSerializer
from django_scim.protocol.errors import InvalidValue
from tests.client import ENTERPRISE, GROUP, PATCH, USER, ScimClient, assert_error

LONG = "x" * 400
AWAY = {"op": "replace", "path": "active", "value": False}


class RefusingAdapter(UserAdapter):
    """Refuse a title with an error that names no attribute, and take all addresses as verified."""

    def has_verified_email(self, user, address):
        return True

    def before_save(self, unit):
        if unit.value("title") == "refused":
            raise ValidationError("not this title")


class StaysOpen(Custom):
    """Refuse to close an account."""

    select = {"is_active": "is_active"}
    writes = ("is_active",)

    def read(self, is_active):
        return is_active

    def write(self, value):
        if not value:
            raise InvalidValue("must stay open")
        return {"is_active": value}


class OpenAdapter(UserAdapter):
    attributes = UserAdapter.attributes | {"active": StaysOpen()}


@pytest.fixture
def refusing(connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.RefusingAdapter"}}
    return connect


@pytest.fixture
def amy(db):
    return User.objects.create_user("amy", "amy@example.com", "secret")


def leaver(name="amy", **attributes):
    return {"schemas": [USER], "userName": name, "active": False, **attributes}


def stored():
    return list(User.objects.order_by("pk").values_list("username", "is_active"))


def test_creation_finds_the_account_by_its_address(refusing, amy):
    client = refusing(adoption="email")
    body = leaver("amy.new", title="refused", emails=[{"value": "amy@example.com"}])
    assert client.post("/Users", body).status_code == 201
    assert stored() == [("amy", False)]


def test_creation_finds_the_account_that_it_deleted(refusing):
    client = refusing()
    user = client.make_user("amy", externalId="e-1")
    client.delete(f"/Users/{user['id']}")
    made = client.make("/Users", leaver(externalId="e-1", title="refused"))
    assert made["externalId"] == "e-1" and stored() == [("amy", False)]


@pytest.mark.parametrize("title", [LONG, {"a": 1}, "refused"])
def test_creation_without_an_account_is_refused(refusing, title):
    """A new account closes nothing; the one that the client means may have another name."""
    client = refusing(adoption="email")
    User.objects.create_user("amy.old", "amy@example.com", "secret")
    body = leaver(title=title, emails=[{"value": "amy@example.org"}])
    assert_error(client.post("/Users", body), 400, "invalidValue")
    other = {"schemas": [USER], "userName": "bob"}
    results = client.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": body},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": other},
    ).data["Operations"]
    assert [each["status"] for each in results] == ["400", "201"]
    assert stored() == [("amy.old", True), ("bob", True)]
    assert client.post("/Users", leaver()).status_code == 201  # nothing had to be ignored


def manager(bulk_id):
    return {"manager": {"value": f"bulkId:{bulk_id}"}}


@pytest.mark.parametrize("bulk_id", ["unknown", "failed", "group"])
def test_references_keep_no_account_open(connect, events, bulk_id):
    client = connect(adoption="username")
    User.objects.create_user("cat")
    amy, bob = client.make_user("amy"), client.make_user("bob")
    beside = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": f"bulkId:{bulk_id}"}}
    patch = {"schemas": [PATCH], "Operations": [beside, AWAY]}
    put, post = (leaver(name, **{ENTERPRISE: manager(bulk_id)}) for name in ("bob", "cat"))
    group = {"schemas": [GROUP], "displayName": "Guides"}
    *results, created = client.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "failed", "data": {"schemas": [USER]}},
        {"method": "PATCH", "path": f"/Users/{amy['id']}", "data": patch},
        {"method": "PUT", "path": f"/Users/{bob['id']}", "data": put},
        {"method": "POST", "path": "/Users", "bulkId": "c", "data": post},
        {"method": "POST", "path": "/Users", "bulkId": "d", "data": post | {"userName": "dan"}},
        {"method": "POST", "path": "/Groups", "bulkId": "group", "data": group},
    ).data["Operations"]
    assert created["status"] == "201"
    statuses = [each["status"] for each in results]
    assert statuses[:4] == ["400", "200", "200", "201"] and statuses[4] in ("400", "409")
    assert stored() == [("cat", False), ("amy", False), ("bob", False)]
    assert bulk_id in events(action="deactivate")[0].detail


def test_id_of_the_resource_must_be_known(scim):
    scim.make_user("amy")
    data = {"schemas": [PATCH], "Operations": [AWAY]}
    operation = {"method": "PATCH", "path": "/Users/bulkId:unknown", "data": data}
    assert scim.bulk(operation).data["Operations"][0]["status"] == "400"
    assert stored() == [("amy", True)]


@pytest.mark.parametrize("title", ["refused", LONG])
def test_circular_references_keep_no_account_open(refusing, amy, title):
    client = refusing(adoption="username")
    body = leaver(title=title, **{ENTERPRISE: manager("b")})
    other = {"schemas": [USER], "userName": "bob", ENTERPRISE: manager("a")}
    results = client.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": body},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": other},
    ).data["Operations"]
    assert [each["status"] for each in results] == ["201", "201"]
    assert stored() == [("amy", False), ("bob", True)]


def test_password_too_many_keeps_no_account_open(connect, settings):
    settings.DJANGO_SCIM = {"BULK_MAX_PASSWORDS": 0}
    scim = connect(passwords="accept")
    amy, bob = scim.make_user("amy"), scim.make_user("bob")
    password = {"op": "add", "path": "password", "value": "Correct-horse-7"}
    patch = {"schemas": [PATCH], "Operations": [password, AWAY]}
    results = scim.bulk(
        {"method": "PATCH", "path": f"/Users/{amy['id']}", "data": patch},
        {"method": "PUT", "path": f"/Users/{bob['id']}",
         "data": leaver("bob", password="Correct-horse-7")},
    ).data["Operations"]  # fmt: skip
    assert [each["status"] for each in results] == ["200", "200"]
    assert stored() == [("amy", False), ("bob", False)]


@pytest.mark.parametrize("groups", [0, 100])
def test_event_shows_the_remark_and_what_was_ignored(connect, amy, events, groups):
    amy.groups.set([Group.objects.create(name=f"group {n} {'g' * 40}") for n in range(groups)])
    client = connect(adoption="username")
    assert client.post("/Users", leaver(title=LONG)).status_code == 201
    (event,) = events(action="create")
    assert event.detail.startswith("an existing account was adopted")
    assert ". Ignored: title: is longer than 255 characters" in event.detail
    assert len(event.detail) <= 2_000


SEARCHES = ['emails[value sw "{}"].display', 'name[familyName eq "{}"].givenName', "userName"]


@pytest.mark.parametrize("path", SEARCHES)
def test_token_that_cannot_read_finds_nothing_out(scim, path):
    """A request that closes an account gets the same answer whether its guess is right."""
    scim.make_user("taken")
    secret = connections.issue_token(scim.connection, scopes=["users:write"]).secret
    writer, answers = ScimClient(scim.connection, secret), []
    for guess in ("h", "z"):
        emails = [{"value": "h@example.com", "type": "work"}]
        user = scim.make_user(f"amy-{guess}", emails=emails, name={"familyName": "h"})
        url, operation = f"/Users/{user['id']}", {"op": "replace", "path": path.format(guess)}
        operation["value"] = "taken" if guess == "h" else "free"
        patch = {"schemas": [PATCH], "Operations": [operation, AWAY]}
        answer = writer.patch(url, operation, AWAY)
        result = writer.bulk({"method": "PATCH", "path": url, "data": patch}).data["Operations"]
        result[0]["location"] = answer.headers["Location"] = ""
        answer.headers.pop("X-Request-Id")
        answers.append((answer.status_code, answer.content, dict(answer.headers), result))
        assert scim.get(url).data["active"] is False
    assert answers[0] == answers[1] and answers[0][0] == 204


def test_replica_is_not_read_after_a_long_bulk_request(scim, settings, monkeypatch):
    """The events of its last operations have the time of these, not of the request."""
    settings.DJANGO_SCIM = {"READ_FROM_REPLICA": 5}
    user, clock = scim.make_user("amy"), [timezone.now() + timedelta(hours=1)]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])

    def later(adapter, unit):
        clock[0] += timedelta(seconds=60)

    monkeypatch.setattr(UserAdapter, "after_save", later)
    title = {"op": "add", "path": "title", "value": "x"}
    operations = [
        {"method": "PATCH", "path": f"/Users/{user['id']}",
         "data": {"schemas": [PATCH], "Operations": [title | {"value": value}]}}
        for value in "abc"
    ]  # fmt: skip
    assert not scim.bulk(*operations).data["Operations"][2].get("response")
    clock[0] -= timedelta(seconds=59)  # the last operation took one second
    assert not freshness.may_read_replica(scim.connection)
    clock[0] += timedelta(seconds=3_600)
    assert freshness.may_read_replica(scim.connection)


class SiteRules(ResourceSerializer):
    """Rules of a site for single attributes, and one for the whole body."""

    def validate_userName(self, name):
        if name.startswith("service-"):
            raise serializers.ValidationError("is a service")
        return name

    def validate_active(self, active):
        if self.rule == "keep":
            raise serializers.ValidationError("must stay open")
        return active

    def validate_emails(self, emails):
        if any(not each["value"].endswith("@example.com") for each in emails):
            raise serializers.ValidationError("must be addresses of the company")
        return emails

    def validate(self, data):
        if data.get("title") == "refused":
            raise serializers.ValidationError("not this title")
        return data


class RuledAdapter(UserAdapter):
    serializer_class = SiteRules


@pytest.fixture
def ruled(connect, settings, monkeypatch):
    monkeypatch.setattr(SiteRules, "rule", "", raising=False)
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.RuledAdapter"}}
    return connect(adoption="username")


def test_site_decides_which_names_are_closed(ruled, amy):
    """Otherwise, a client could close accounts that the site keeps from its provisioning."""
    User.objects.create_user("service-db")
    for title in ("", "refused", LONG):
        answer = ruled.post("/Users", leaver("service-db", title=title))
        assert_error(answer, 400, "invalidValue", "is a service" if title == "" else "")
    assert ruled.post("/Users", leaver(title="refused")).status_code == 201
    assert stored() == [("amy", False), ("service-db", True)]


@pytest.mark.parametrize("title", ["", "refused", LONG])
def test_site_decides_whether_an_account_is_closed(ruled, monkeypatch, title):
    user = ruled.make_user("amy")
    monkeypatch.setattr(SiteRules, "rule", "keep")
    path, beside = f"/Users/{user['id']}", {"op": "add", "path": "title", "value": title}
    assert_error(ruled.put(path, leaver(title=title)), 400, "invalidValue")
    assert_error(ruled.patch(path, beside, AWAY), 400, "invalidValue")
    assert stored() == [("amy", True)]
    monkeypatch.setattr(SiteRules, "rule", "")
    assert ruled.put(path, leaver(title=title)).status_code == 200
    assert stored() == [("amy", False)]


def test_revived_account_gets_no_address_that_the_site_refuses(ruled):
    body = {"externalId": "e-1", "emails": [{"value": "amy@example.com"}]}
    user = ruled.make_user("amy", **body)
    ruled.delete(f"/Users/{user['id']}")
    body["emails"] = [{"value": "amy@evil.example"}]
    answer = ruled.post("/Users", leaver(**body))
    assert answer.status_code == 201 and answer.data["externalId"] == "e-1"
    assert User.objects.get().email != "amy@evil.example"


def test_nothing_is_repeated_if_nothing_can_be_left_out(scim, events):
    User.objects.create_user("amy")
    assert_error(scim.post("/Users", leaver()), 409, "uniqueness")
    assert events()[0].tolerances == []


@pytest.mark.parametrize("title", ["Guide", LONG])
def test_active_itself_is_never_left_out(connect, settings, title):
    """A success would tell the client that the account is closed."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.OpenAdapter"}}
    client = connect(adoption="username")
    user = client.make_user("amy")
    path, beside = f"/Users/{user['id']}", {"op": "add", "path": "title", "value": title}
    for answer in (
        client.patch(path, beside, AWAY),
        client.put(path, leaver(title=title)),
        client.post("/Users", leaver("bob", title=title)),
    ):
        assert_error(answer, 400, "invalidValue", "must stay open")
    assert stored() == [("amy", True)]
    assert "title" not in client.get(path).data


def test_only_a_request_that_is_partly_ignored_keeps_what_it_lacks(scim):
    """A PUT removes the attributes that it lacks (RFC 7644 section 3.5.1)."""
    amy, bob = (scim.make_user(name, nickName="Nick", title="Guide") for name in ("amy", "bob"))
    kept = scim.put(f"/Users/{amy['id']}", leaver("amy", title=LONG)).data
    assert (kept["active"], kept["nickName"], kept["title"]) == (False, "Nick", "Guide")
    replaced = scim.put(f"/Users/{bob['id']}", leaver("bob")).data
    assert replaced["active"] is False
    assert "nickName" not in replaced and "title" not in replaced
