"""Documents that extend the RFCs: what is not supported is not published either."""

import pytest
from django.core.cache import cache

from ..client import USER, assert_error


@pytest.fixture
def config(scim):
    return scim.get("/ServiceProviderConfig").data


def test_evt_01_asynchronous_requests_are_processed_at_once(scim):
    user = scim.make_user()
    path, prefer = f"/Users/{user['id']}", "respond-async"
    body = {"schemas": [USER], "userName": "bjensen", "title": "Guide"}
    replaced = scim.put(path, body, prefer=prefer)
    rename = {"op": "replace", "path": "title", "value": "Chief"}
    changed = scim.patch(path, rename, prefer=prefer)
    made = scim.post("/Users", {"schemas": [USER], "userName": "other"}, prefer=prefer)
    gone = scim.delete(path, prefer=prefer)
    answers = [replaced, changed, made, gone]
    assert [answer.status_code for answer in answers] == [200, 200, 201, 204]
    assert (replaced.data["title"], changed.data["title"]) == ("Guide", "Chief")
    assert not any("Preference-Applied" in answer.headers for answer in answers)


def test_evt_02_no_transaction_id(scim, config):
    answer = scim.post("/Users", {"schemas": [USER], "userName": "b"}, prefer="respond-async")
    assert answer.status_code == 201
    assert "Set-Txn" not in answer.headers
    assert "securityEvents" not in config


@pytest.mark.parametrize("path", ["/Events", "/SecurityEvents", "/Feed"])
def test_evt_03_no_event_is_sent(scim, config, path):
    assert "securityEvents" not in config
    assert_error(scim.get(path), 404)


def test_evt_05_no_event_is_described(scim, config):
    assert "securityEvents" not in config
    for path in ("/ServiceProviderConfig", "/Schemas", "/ResourceTypes"):
        text = scim.get(path).content.decode()
        assert "urn:ietf:params:scim:event" not in text


def test_evt_06_security_events_are_not_published(config):
    assert "securityEvents" not in config


@pytest.mark.parametrize("path", ["/Roles", "/Entitlements"])
def test_drf_01_no_list_of_roles(scim, config, path):
    assert "RolesAndEntitlements" not in config
    assert {each["name"] for each in scim.get("/ResourceTypes").data["Resources"]} == {
        "User",
        "Group",
    }
    assert_error(scim.get(path), 404)


def test_drf_04_requests_of_connectors(scim):
    user = scim.make_user(externalId="7", emails=[{"value": "b@x.com", "type": "work"}])
    group = scim.make_group("G", user)
    for text in (
        'userName eq "bjensen"',
        'externalId eq "7"',
        'emails[value eq "b@x.com"]',
        'emails[type eq "work"]',
    ):
        assert [found["id"] for found in scim.find(text)] == [user["id"]], text
    (shown,) = scim.find('displayName eq "G"', "/Groups", excludedAttributes="members")
    assert shown["id"] == group["id"] and "members" not in shown


def test_drf_04_too_many_requests(scim, settings, monkeypatch):
    monkeypatch.setattr("django_scim.api.throttling.now", lambda: 5.5)
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 2}
    cache.clear()
    assert [scim.get("/Users").status_code for _ in range(2)] == [200, 200]
    answer = scim.get("/Users")
    assert_error(answer, 429)
    assert int(answer.headers["Retry-After"]) >= 1
    cache.clear()
