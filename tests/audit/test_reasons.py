"""Each cause of a refusal has a different code and explanation."""

import pytest
from django.utils import timezone, translation

from django_scim import connections
from django_scim.audit.explanations import explanation, steps
from django_scim.models import Event, Token

from ..client import USER

BODY = {"schemas": [USER], "userName": "maria"}


def plain_http(scim, settings):
    scim.http.defaults["REMOTE_ADDR"] = "203.0.113.1"
    scim.get("/Users")


def unknown_member(scim, settings):
    group = scim.make_group()
    value = [{"value": "nobody"}]
    scim.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": value})


def without_scope(scim, settings):
    Token.objects.update(scopes=["groups:read"])
    scim.post("/Users", BODY)


def without_scope_in_bulk(scim, settings):
    Token.objects.update(scopes=["groups:read"])
    scim.bulk({"method": "POST", "path": "/Users", "bulkId": "1", "data": BODY})


def expired(scim, settings):
    Token.objects.update(expires=timezone.now())
    scim.get("/Users")


def revoked(scim, settings):
    Token.objects.update(revoked=timezone.now())
    scim.get("/Users")


def paused(scim, settings):
    connections.pause(scim.connection)
    scim.get("/Users")


def throttled(scim, settings):
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 1}
    for _ in range(2):
        scim.get("/Users")


CAUSES = [
    (lambda scim, _: scim.get("/users/x/y"), "wrong_url", "ends in /v2, without /Users"),
    (plain_http, "plain_http", "with https"),
    (without_scope, "scope_missing", "with the scope users:write"),
    (without_scope_in_bulk, "scope_missing", "with the scope users:write"),
    (unknown_member, "member_unknown", "Provision that person first"),
    (expired, "token_expired", "Issue a new token"),
    (revoked, "token_revoked", "Issue a new token"),
    (paused, "connection_paused", "Resume the connection"),
    (lambda scim, _: scim.post("/Users", BODY, content_type="text/xml"),
     "media_type", "Set the media type"),
    (throttled, "throttled", "raise THROTTLE_RATE"),
    (lambda scim, _: scim.get("/Users", authorization="Basic eDp5"),
     "token_malformed", "not basic"),
    (lambda scim, _: scim.get("/Users", token=False), "token_missing", "Enter the token"),
    (lambda scim, _: scim.get("/Users", authorization=f"Bearer scim_{'x' * 43}"),
     "token_unknown", "Issue a new token"),
    (lambda scim, _: scim.get("/Users", {"filter": "x y"}), "filter_invalid", "userName"),
    (lambda scim, _: scim.post("/Users", raw=b"{"), "message_invalid", "profile"),
    (lambda scim, _: scim.post("/Users", BODY | {"title": {"x": 1}}), "value_invalid", "mapping"),
    (lambda scim, _: scim.request("PUT", "/Users", BODY), "method_unsupported", "ends in /v2"),
    (lambda scim, _: scim.get("/Me"), "not_offered", "Turn the feature off"),
]  # fmt: skip


@pytest.mark.parametrize(("refuse", "code", "remedy"), CAUSES)
def test_cause_is_explained(refuse, code, remedy, scim, settings):
    refuse(scim, settings)
    event = Event.objects.latest("pk")
    assert event.reason == code
    with translation.override("en"):
        found = explanation(event)
    assert remedy in found.remedy
    assert all(found) and "%(" not in "".join(found)
    assert [each.state for each in steps(event)].count("failed") == 1


def test_causes_have_different_explanations():
    events = [Event(outcome="failure", reason=code) for code in {code for _, code, _ in CAUSES}]
    assert len({(explanation(each).title, explanation(each).why) for each in events}) == len(events)


def test_client_does_not_see_the_code(scim):
    Token.objects.update(revoked=timezone.now())
    assert b"revoked" not in scim.get("/Users").content


def test_success_has_no_reason(scim):
    scim.make_user()
    event = Event.objects.get()
    assert (event.reason, event.reason_params, event.refused) == ("", {}, None)
    assert explanation(event) is None
    assert {each.state for each in steps(event)} == {"done"}
