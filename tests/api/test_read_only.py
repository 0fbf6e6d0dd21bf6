"""A read-only token changes nothing except its last use and the events."""

import json
import random

from django.apps import apps
from django.contrib.auth.models import Group, User

from django_scim import connections
from django_scim.models import Event, Token
from tests.client import ENTERPRISE, GROUP, PATCH, SEARCH, USER, ScimClient

REQUESTS = 1_000


def database():
    """Return every row of every table except events and the last use of tokens."""
    rows = {}
    for model in apps.get_models(include_auto_created=True):
        if model is Event or not model._meta.managed:
            continue
        found = [dict(row) for row in model._base_manager.values().order_by("pk")]
        if model is Token:
            for row in found:
                del row["last_used"]
        rows[model._meta.label] = found
    return rows


def fuzzed(chance, ids):
    """Return a random request: method, path, body and headers."""
    pick = chance.choice
    scim_id = pick([*ids, "x", "", "%00", "../Users", "Me"])
    rare = ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Bulk", "/Me", "/",
            "/.search", "/Nothing"]  # fmt: skip
    path = pick(["/Users", "/Groups"] * 7 + rare)
    if chance.random() < 0.6:
        path = f"{path.rstrip('/')}/{pick([scim_id, '.search', scim_id + '/x'])}"
    if chance.random() < 0.3:
        path += pick(["?filter=userName pr", '?filter=id eq "x"', "?attributes=userName",
                      "?excludedAttributes=members", "?sortBy=userName", "?count=-1",
                      "?startIndex=0", "?count=99999999999999999999", "?filter=(("])  # fmt: skip
    operations = [
        {"op": pick(["add", "replace", "remove", "Replace", "x"]),
         "path": pick(["active", "userName", "members", "emails", "password", "groups", "id",
                       'members[value pr]', f"{ENTERPRISE}:manager", "", None]),
         "value": pick([False, "x", [{"value": scim_id}], {"active": False}, None, [], {}])}
        for _ in range(chance.randint(1, 3))
    ]  # fmt: skip
    body = pick([
        {"schemas": [USER], "userName": f"new{chance.random()}", "active": False},
        {"schemas": [GROUP], "displayName": "New", "members": [{"value": scim_id}]},
        {"schemas": [PATCH], "Operations": operations},
        {"schemas": [SEARCH], "filter": "userName pr"},
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
            {"method": "DELETE", "path": f"/Users/{scim_id}"}]},
        {}, [], None, "text", 7,
    ])  # fmt: skip
    raw = pick([None, None, None, b"{", b"\xff", b"[" * 200])
    method = pick(
        ["GET", "POST", "PUT", "PATCH", "DELETE"] * 3 + ["OPTIONS", "HEAD", "TRACE", "LOCK"]
    )
    headers = pick([{}, {}, {"if_match": "*"}, {"if_none_match": "*"}, {"x_request_id": "a\nb"},
                    {"x_http_method_override": "DELETE"}, {"content_type": "text/plain"},
                    {"content_type": "application/x-www-form-urlencoded"}])  # fmt: skip
    return method, path, body, raw, headers


def test_a_thousand_requests_change_no_row(connect):
    scim = connect(scope="site", adoption="username", passwords="accept")
    members = [scim.make_user(f"user{number}") for number in range(4)]
    group = scim.make_group("Guides", *members)
    User.objects.create_user("site", is_staff=True)
    Group.objects.create(name="The site's own")
    secret = connections.issue_token(scim.connection, scopes=["users:read"]).secret
    reader = ScimClient(scim.connection, secret)
    reader.get("/Users")
    chance = random.Random(2026)
    ids = [each["id"] for each in (*members, group)]
    before, codes = database(), {}
    for _ in range(REQUESTS):
        method, path, body, raw, headers = fuzzed(chance, ids)
        data = raw if raw is not None else b"" if body is None else json.dumps(body)
        extra = {f"HTTP_{name.upper()}": text for name, text in headers.items()}
        content_type = extra.pop("HTTP_CONTENT_TYPE", "application/scim+json")
        answer = reader.http.generic(
            method, reader.base + path, data, content_type=content_type,
            HTTP_AUTHORIZATION=f"Bearer {secret}", **extra,
        )  # fmt: skip
        codes[answer.status_code] = codes.get(answer.status_code, 0) + 1
    assert database() == before
    # the requests must have had all kinds of responses
    assert {200, 400, 403, 404, 405} <= set(codes) and max(codes) < 502
    assert 500 not in codes and codes[403] > 200 and codes[200] > 30
    assert Event.objects.exclude(outcome="failure").filter(token_prefix=secret[:11]).count() == 0
