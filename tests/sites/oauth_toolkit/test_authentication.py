"""Authentication by access tokens: which ones are accepted, and the SQL of a request."""

from base64 import b64encode
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_scim import connections
from django_scim.contrib.oauth2_provider import find_token
from django_scim.models import Event
from tests.client import GROUP, SEARCH, USER, ScimClient, assert_error
from tests.databases import quoted

from .conftest import ENDPOINT, SECRET

RENAME = {"op": "replace", "path": "title", "value": "Guide"}


def rows():
    return apps.get_model("oauth2_provider.AccessToken").objects


# The token endpoint


def test_client_credentials_in_the_header(bind):
    """Every server must accept them there (RFC 6749 section 2.3.1)."""
    connection, application = bind()
    basic = b64encode(f"{application.client_id}:{SECRET}".encode()).decode()
    answer = Client().post(
        ENDPOINT, {"grant_type": "client_credentials"}, HTTP_AUTHORIZATION=f"Basic {basic}"
    )
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["scope"] == "scim"  # the default scope
    assert ScimClient(connection, answer.json()["access_token"]).get("/Users").status_code == 200


def test_token_endpoint_rejects_a_query_string(bind):
    """This is why the page recommends to set the scope in the settings instead of the URL."""
    _, application = bind()
    body = {"grant_type": "client_credentials", "client_id": application.client_id}
    answer = Client().post(f"{ENDPOINT}?scope=scim", body | {"client_secret": SECRET})
    assert answer.status_code == 400
    assert b"query" in answer.content


@pytest.mark.parametrize("digests_only", [True, False])
def test_every_way_to_store_tokens(bind, fetch, settings, digests_only):
    settings.OAUTH2_PROVIDER = settings.OAUTH2_PROVIDER | {
        "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": digests_only
    }
    connection, application = bind()
    secret = fetch(application)
    assert rows().get().token == ("" if digests_only else secret)
    assert ScimClient(connection, secret).get("/Users").status_code == 200


# Scopes

REQUESTS = [
    ("GET", "/Users", "users:read"),
    ("GET", "/Users/1", "users:read"),
    ("POST", "/Users/.search", "users:read"),
    ("POST", "/Users", "users:write"),
    ("PUT", "/Users/1", "users:write"),
    ("PATCH", "/Users/1", "users:write"),
    ("DELETE", "/Users/1", "users:write"),
    ("GET", "/Groups", "groups:read"),
    ("POST", "/Groups/.search", "groups:read"),
    ("POST", "/Groups", "groups:write"),
    ("PATCH", "/Groups/1", "groups:write"),
    ("DELETE", "/Groups/1", "groups:write"),
]
SCOPES = ["users:read", "users:write", "groups:read", "groups:write"]


@pytest.mark.parametrize(("method", "path", "scope"), REQUESTS)
def test_request_needs_its_scope(bind, fetch, method, path, scope):
    connection, application = bind()
    body = {"schemas": [USER if "Users" in path else GROUP], "userName": "a", "displayName": "a"}
    if path.endswith(".search"):
        body = {"schemas": [SEARCH]}
    others = " ".join(other for other in SCOPES if other != scope)
    without = ScimClient(connection, fetch(application, scope=others))
    assert_error(without.request(method, path, body), 403, None, scope)
    alone = ScimClient(connection, fetch(application, scope=scope))
    assert alone.request(method, path, body).status_code != 403


def test_scim_scope_includes_every_scope(bind, fetch):
    _, application = bind()
    every = find_token(fetch(application, scope=" ".join(SCOPES)))
    assert every.scopes == find_token(fetch(application, scope="scim")).scopes == set(SCOPES)
    both = find_token(fetch(application, scope="scim users:read"))
    assert both.scopes == set(SCOPES)


def test_audit_log_needs_its_own_scope_and_is_never_read_as_a_whole(bind, fetch):
    _, application = bind()
    secret = fetch(application, scope="scim audit:read audit:read-all")
    assert find_token(secret).scopes == {*SCOPES, "audit:read"}
    for scope, status in (("scim", 403), ("audit:read-all", 403), ("audit:read", 200)):
        header = {"HTTP_AUTHORIZATION": f"Bearer {fetch(application, scope=scope)}"}
        assert Client().get("/scim/audit/", **header).status_code == status, scope


def test_other_scopes_give_no_access(bind, fetch):
    connection, application = bind()
    secret = fetch(application, scope="invoices:read")
    assert find_token(secret).scopes == frozenset()
    assert_error(ScimClient(connection, secret).get("/Users"), 403, None, "users:read")
    secret = fetch(application, scope="invoices:read users:read")
    assert find_token(secret).scopes == {"users:read"}


@pytest.mark.parametrize("scope", ["", "SCIM", "scim:", "scim,users:read", "users", "users:"])
def test_similar_scopes_give_no_access(bind, make_token, scope):
    connection, application = bind()
    client = ScimClient(connection, make_token(application, scope=scope))
    assert_error(client.get("/Users"), 403, None, "users:read")


# Rejected tokens


def assert_rejected(connection, secret):
    """Assert that the response is the one for any invalid token."""
    answer = ScimClient(connection, secret).get("/Users")
    assert_error(answer, 401, None, "the bearer token is not valid")
    assert answer.headers["WWW-Authenticate"] == ('Bearer realm="SCIM", error="invalid_token"')


def test_valid_token(bind, make_token):
    """Each test below changes one thing about this token."""
    connection, application = bind()
    assert ScimClient(connection, make_token(application)).get("/Users").status_code == 200


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=1), timedelta(days=400)])
def test_expired_token(bind, make_token, ago):
    connection, application = bind()
    assert_rejected(connection, make_token(application, expires=timezone.now() - ago))


def test_fetched_token_expires(oauth):
    token = find_token(oauth.secret)
    assert token.is_usable(timezone.now())
    assert not token.is_usable(token.expires)
    assert token.expires - timezone.now() < timedelta(hours=1)
    rows().update(expires=timezone.now())
    assert_rejected(oauth.connection, oauth.secret)


def test_revoked_token(oauth):
    body = {
        "client_id": oauth.application.client_id,
        "client_secret": SECRET,
        "token": oauth.secret,
    }
    assert oauth.get("/Users").status_code == 200
    assert Client().post("/oauth/revoke_token/", body).status_code == 200
    assert_rejected(oauth.connection, oauth.secret)


@pytest.mark.parametrize("change", [str.swapcase, "{} ".format, "{}é".format, "é{}".format])
def test_similar_client_id(make_application, make_token, change):
    application = make_application(client_id="Abc")
    connection = connections.create("Entra", oauth_client_id=change("Abc"))
    assert_rejected(connection, make_token(application))


def test_token_of_a_user(bind, make_token):
    """The application is the bound one, but the token was granted to a user."""
    connection, application = bind()
    user = User.objects.create_superuser("root")
    assert_rejected(connection, make_token(application, user=user))


@pytest.mark.parametrize(
    "grant",
    [
        "authorization-code",
        "implicit",
        "password",
        "openid-hybrid",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
)
@pytest.mark.parametrize("has_user", [True, False])
def test_application_with_another_grant(bind, make_token, grant, has_user):
    connection, application = bind()
    application.authorization_grant_type = grant
    application.save()
    user = User.objects.create_user("amy") if has_user else None
    assert_rejected(connection, make_token(application, user=user))


def test_public_application(bind, fetch, make_token):
    connection, application = bind()
    secret = fetch(application)
    application.client_type = "public"
    application.save()
    assert_rejected(connection, secret)  # issued while it was confidential
    assert_rejected(connection, make_token(application))


def test_token_without_application(bind, make_token):
    connection, _ = bind()
    assert_rejected(connection, make_token(None))


def test_token_for_another_resource_server(bind, fetch):
    """Another server could replay a token that is meant for it (RFC 8707)."""
    connection, application = bind()
    assert_rejected(connection, fetch(application, resource="https://invoices.example.com/"))


def test_unusable_application(oauth, monkeypatch):
    """A custom application model decides without any data of the request."""
    asked = []
    model = type(oauth.application)
    monkeypatch.setattr(model, "is_usable", lambda self, request: asked.append(request))
    assert_rejected(oauth.connection, oauth.secret)
    assert asked[0].headers == {} and asked[0].client_id is None


def test_paused_connection(oauth, fetch):
    connections.pause(oauth.connection)
    assert_rejected(oauth.connection, oauth.secret)
    assert_rejected(oauth.connection, fetch(oauth.application))
    connections.resume(oauth.connection)
    assert oauth.get("/Users").status_code == 200
    connections.close(oauth.connection)
    assert_rejected(oauth.connection, oauth.secret)


def test_address_outside_the_allowed_networks(oauth):
    oauth.connection.networks = "203.0.113.0/24"
    oauth.connection.save()
    assert_error(oauth.get("/Users"), 403, None, "address")


@pytest.mark.parametrize("secret", ["", "x", "é", "ÿ", "\x80", "a" * 5_000, SECRET])
def test_malformed_secret(bind, secret):
    connection, application = bind()
    assert find_token(secret) is None
    if secret:
        assert ScimClient(connection, secret).get("/Users").status_code == 401
    assert find_token(application.client_id) is None


def test_token_checksum_is_rejected(oauth):
    assert_rejected(oauth.connection, rows().get().token_checksum)


# Together with tokens of the package


def test_tokens_of_the_connection_work_as_well(oauth):
    own = ScimClient(oauth.connection, connections.issue_token(oauth.connection).secret)
    made = own.make_user("bjensen")
    assert oauth.get(f"/Users/{made['id']}").data == made
    token = oauth.connection.tokens.get()
    assert token.last_used is not None
    token.revoke()
    assert own.get("/Users").status_code == 401
    assert oauth.get("/Users").status_code == 200


def test_two_tokens_of_one_application_share_a_connection(oauth, fetch):
    user = oauth.make_user("bjensen")
    later = ScimClient(oauth.connection, fetch(oauth.application))
    assert later.secret != oauth.secret
    assert later.get(f"/Users/{user['id']}").data == user


# Events


def test_events_name_the_connection_and_the_application(oauth, events):
    made = oauth.make_user("bjensen")
    oauth.patch(f"/Users/{made['id']}", RENAME)
    oauth.post("/Users", {"schemas": [USER], "userName": "BJENSEN"})
    oauth.delete(f"/Users/{made['id']}")
    found = events()
    assert [event.action for event in found] == ["create", "update", "create", "delete"]
    for event in found:
        assert event.connection == oauth.connection
        assert event.connection_name == oauth.connection.name
        assert event.token_prefix == f"oauth:{oauth.application.client_id[:10]}"
        assert len(event.token_prefix) == 16


def test_event_with_a_short_client_id(make_application, make_token, events):
    connection = connections.create("Entra", oauth_client_id="entra")
    secret = make_token(make_application(client_id="entra"))
    ScimClient(connection, secret).make_user("bjensen")
    assert events()[-1].token_prefix == "oauth:entra"


def test_events_contain_no_secret(oauth, fetch, events):
    oauth.connection.log_reads = True
    oauth.connection.save()
    made = oauth.make_user("bjensen")
    oauth.get(f"/Users/{made['id']}")
    oauth.post("/Users", {"schemas": [USER], "userName": "bjensen"})
    lesser = ScimClient(oauth.connection, fetch(oauth.application, scope="users:read"))
    lesser.post("/Users", {"schemas": [USER], "userName": "other"})
    rows().update(expires=timezone.now())
    assert oauth.get("/Users").status_code == 401
    found = events()
    assert {event.status for event in found} == {200, 201, 401, 403, 409}
    refused = Event.objects.get(status=401)
    assert refused.connection == oauth.connection
    assert refused.token_prefix == found[0].token_prefix
    for values in Event.objects.values():
        for secret in (oauth.secret, lesser.secret, SECRET):
            assert secret not in str(values)


# SQL


def statements(call):
    with CaptureQueriesContext(database) as captured:
        answer = call()
    assert answer.status_code in (200, 401), answer.data
    frame = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK")
    return [query["sql"] for query in captured if not query["sql"].startswith(frame)]


@pytest.mark.parametrize("others", [0, 50])
def test_get_costs_two_more_statements(oauth, make_application, make_token, others):
    """The two look up the access token and its connection."""
    path = f"/Users/{oauth.make_user('bjensen')['id']}"
    for number in range(others):
        application = make_application(client_secret=f"pbkdf2_sha256$1$a${number}")
        connections.create(f"Other {number}", oauth_client_id=application.client_id)
        make_token(application)
    own = ScimClient(oauth.connection, connections.issue_token(oauth.connection).secret)
    own.get(path)  # records the first use of the token
    assert len(statements(lambda: own.get(path))) == 4
    sql = statements(lambda: oauth.get(path))
    assert len(sql) == 6, sql
    assert all(each.startswith("SELECT") for each in sql)
    (looked_up,) = (each for each in sql if "oauth2_provider_accesstoken" in each)
    assert (
        f"{quoted('token_checksum')} = " in looked_up and "oauth2_provider_application" in looked_up
    )
    rejected = [each for each in statements(lambda: oauth.get(path, authorization="Bearer x"))
            if each.startswith("SELECT") and "scim_event" not in each]  # fmt: skip
    assert len(rejected) == 2, rejected
