"""Authentication and security (RFC 7643 section 9, RFC 7644 sections 2 and 7)."""

import base64
import json
import logging
import re
import unicodedata
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth import get_user
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, Token

from ..client import BASE, GROUP, SEARCH, USER, ScimClient, assert_error

BODY = {"schemas": [USER], "userName": "bjensen"}
SECRET = "Correct-horse-7-battery"


def set_to(value, path="password"):
    return {"op": "replace", "path": path, "value": value}


def everything_stored():
    """Return each row of each table as text."""
    return [repr(row) for model in apps.get_models() for row in model._default_manager.values()]


# Authentication


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic dXNlcjpwYXNz"])
def test_sec_01_challenge_names_the_scheme(scim, header):
    answer = scim.get("/Users", token=False, authorization=header)
    assert_error(answer, 401)
    assert re.match(r'Bearer realm="[^"]+"', answer.headers["WWW-Authenticate"])


def test_sec_02_scopes_limit_the_client(connect):
    scim = connect(scopes=["users:read", "groups:read"])
    assert scim.get("/Users").status_code == 200
    assert_error(scim.post("/Users", BODY), 403, None, "users:write")
    assert_error(scim.post("/Groups", {"schemas": [GROUP]}), 403, None, "groups:write")
    assert not User.objects.exists()


def test_sec_03_no_basic_authentication(scim):
    User.objects.create_superuser("root", password=SECRET)
    offered = scim.get("/ServiceProviderConfig", token=False).data["authenticationSchemes"]
    assert [scheme["type"] for scheme in offered] == ["oauthbearertoken"]
    for user in ("root", scim.connection.name):
        for password in (SECRET, scim.secret):
            encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
            assert_error(scim.get("/Users", authorization=f"Basic {encoded}"), 401)


def test_sec_04_plain_http_is_rejected(scim, settings):
    scim.http.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert_error(scim.get("/Users"), 403, None, "https")
    assert_error(scim.post("/Users", BODY), 403)
    assert not User.objects.exists()
    scim.secure = True
    assert scim.get("/Users").status_code == 200
    scim.secure = False
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert scim.get("/Users", x_forwarded_proto="https").status_code == 200
    assert_error(scim.get("/Users", x_forwarded_proto="http"), 403)


def test_sec_05_tokens_are_long_and_expire(scim):
    token = Token.objects.get()
    random = scim.secret.removeprefix("scim_")
    assert len(base64.urlsafe_b64decode(random + "=" * (-len(random) % 4))) * 8 >= 128
    assert token.expires - timezone.now() <= timedelta(days=365)
    assert scim.get("/Users").status_code == 200
    assert not any(random in row for row in everything_stored())
    Token.objects.update(expires=timezone.now())
    assert_error(scim.get("/Users"), 401)


# Passwords


def test_sec_06_passwords_are_hashed(connect):
    scim = connect(passwords="accept")
    user = scim.make_user(password=SECRET)
    assert User.objects.get().check_password(SECRET)
    scim.patch(f"/Users/{user['id']}", set_to(SECRET[::-1]))
    assert User.objects.get().check_password(SECRET[::-1])
    stored = everything_stored()
    assert not any(text in row for text in (SECRET, SECRET[::-1]) for row in stored)


def test_sec_07_password_validators_apply(connect, settings):
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}
    ]
    scim = connect(passwords="accept")
    refused = scim.post("/Users", BODY | {"password": "hunter2"})
    assert_error(refused, 400, "invalidValue", "password")
    assert not User.objects.exists()
    user = scim.make_user(password=SECRET)
    again = scim.patch(f"/Users/{user['id']}", set_to("hunter2"))
    assert_error(again, 400, "invalidValue", "password")
    assert "hunter2" not in refused.data["detail"] + again.data["detail"]
    assert User.objects.get().check_password(SECRET)


def test_sec_07_passwords_are_prepared(connect):
    scim = connect(passwords="accept")
    composed = "Corr\u00e9ct-horse-７"
    user = scim.make_user(password=unicodedata.normalize("NFD", composed))
    assert User.objects.get().check_password(composed)
    other = "Corr\u00e8ct-horse-７"
    scim.patch(f"/Users/{user['id']}", set_to(unicodedata.normalize("NFD", other)))
    assert User.objects.get().check_password(other)
    assert not User.objects.get().check_password(unicodedata.normalize("NFKC", other))


@pytest.mark.parametrize("passwords", ["ignore", "accept"])
def test_sec_08_passwords_are_not_stored_or_logged(connect, caplog, passwords):
    scim = connect(passwords=passwords, log_reads=True)
    user = scim.make_user()
    path = f"/Users/{user['id']}"
    with caplog.at_level(logging.DEBUG):
        answers = [
            scim.post("/Users", BODY | {"userName": "other", "password": SECRET}),
            scim.post("/Users", BODY | {"password": SECRET}),
            scim.post("/Users", BODY | {"userName": 5, "PASSWORD": SECRET}),
            scim.post("/Users", raw=f'{{"password": "{SECRET}", '),
            scim.put(path, BODY | {"password": SECRET}),
            scim.patch(path, set_to(SECRET)),
            scim.patch(path, set_to(SECRET), set_to("x", "nosuch")),
            scim.patch(path, set_to([SECRET, SECRET])),
            scim.get("/Users", {"filter": f'password eq "{SECRET}"'}),
            scim.get(path, {"attributes": "password"}),
        ]
    assert {answer.status_code for answer in answers} == {200, 201, 400, 409}
    assert Event.objects.count() >= len(answers)
    for text in (*(answer.content.decode() for answer in answers), *everything_stored()):
        assert SECRET not in text
    assert SECRET not in caplog.text


def test_sec_09_no_secrets_in_urls(connect):
    scim = connect(log_reads=True)
    scim.make_user(emails=[{"value": "b@x.com"}])
    text = 'emails.value eq "b@x.com"'
    answer = scim.post("/Users/.search", {"schemas": [SEARCH], "filter": text})
    assert answer.data["totalResults"] == 1
    event = Event.objects.latest("pk")
    assert (event.action, event.path) == ("read", f"{BASE}/Users/.search")
    assert_error(scim.get(f"/Users?access_token={scim.secret}", token=False), 401)
    assert "b@x.com" not in answer.data["Resources"][0]["meta"]["location"]


# Sessions, anonymous users, other clients


def test_sec_10_tokens_need_no_csrf_and_sessions_are_ignored(scim):
    root = User.objects.create_superuser("root", password=SECRET)
    browser = scim.http = Client(enforce_csrf_checks=True)
    assert scim.post("/Users", BODY).status_code == 201
    browser.force_login(root)
    assert_error(scim.get("/Users", token=False), 401)
    assert_error(scim.post("/Users", BODY | {"userName": "other"}, token=False), 401)
    assert User.objects.count() == 2


def test_sec_11_nothing_without_authentication(scim):
    user = scim.make_user()
    path = f"/Users/{user['id']}"
    for method, target in (
        ("POST", "/Users"), ("GET", "/Users"), ("POST", "/Users/.search"), ("GET", path),
        ("PUT", path), ("PATCH", path), ("DELETE", path), ("GET", "/Schemas"), ("GET", "/"),
    ):  # fmt: skip
        assert_error(scim.request(method, target, BODY | {"userName": "x"}, token=False), 401)
    assert scim.get(path).data == user
    assert User.objects.count() == 1


def test_sec_12_clients_are_isolated(connect):
    one, other = connect(), connect()
    reading = ScimClient(
        one.connection, connections.issue_token(one.connection, scopes=["users:read"]).secret
    )
    path = f"/Users/{one.make_user()['id']}"
    assert reading.get(path).status_code == 200
    assert_error(reading.delete(path), 403)
    assert_error(reading.get("/Groups"), 403)
    assert_error(other.get(path), 404)
    assert_error(other.delete(path), 404)
    assert one.delete(path).status_code == 204


def test_sec_13_unneeded_data_is_not_stored(connect):
    scim = connect("entra")
    secret, extension = "078-05-1120", "urn:example:params:scim:schemas:extension:health:2.0:User"
    unneeded = {"ssn": secret, extension: {"insurance": secret}, "name": {"maidenName": secret}}
    body = BODY | {"schemas": [USER, extension]} | unneeded
    user = scim.post("/Users", body)
    assert user.status_code == 201
    path = f"/Users/{user.data['id']}"
    assert scim.put(path, body | {"title": "x"}).status_code == 200
    assert scim.patch(path, {"op": "add", "value": unneeded | {"title": "y"}}).status_code == 200
    assert secret not in scim.get(path).content.decode()
    assert not any(secret in row for row in everything_stored())


# Rows that are not from the RFCs


@pytest.mark.parametrize(
    ("limits", "attributes", "status", "words"),
    [
        ({"MAX_BODY_SIZE": 200}, {"title": "x" * 200}, 413, "200 bytes"),
        ({"MAX_JSON_DEPTH": 3}, {"a": [[[[1]]]]}, 400, "deeper than 3"),
        ({"MAX_VALUES": 2}, {"emails": [{"value": "a@b.c"}] * 3}, 413, "more than 2"),
        ({}, {"emails": [{}] * 50_001}, 413, "more than 50000"),
    ],
    ids=["size", "depth", "values", "values by default"],
)
def test_sec_15_body_limits(scim, settings, limits, attributes, status, words):
    settings.DJANGO_SCIM = limits
    scim_type = "invalidSyntax" if status == 400 else None
    assert_error(scim.post("/Users", BODY | attributes), status, scim_type, words)
    assert not User.objects.exists()


def test_sec_16_no_privilege_escalation(scim):
    rights = {"isStaff": True, "is_staff": True, "is_superuser": True, "isSuperuser": True,
              "user_permissions": [1], "groups": [{"value": "Admins"}]}  # fmt: skip
    Group.objects.create(name="Admins")
    path = f"/Users/{scim.make_user(**rights)['id']}"
    assert scim.put(path, BODY | rights).status_code == 200
    del rights["groups"]
    assert scim.patch(path, {"op": "add", "value": rights}).status_code == 200
    for name in rights:  # ignored, like any unknown attribute
        assert scim.patch(path, set_to(True, name)).status_code == 200
    user = User.objects.get()
    assert not user.is_staff and not user.is_superuser
    assert not user.groups.exists() and not user.user_permissions.exists()


def test_sec_17_deactivation_ends_access(scim):
    path = f"/Users/{scim.make_user()['id']}"
    user = User.objects.get()
    browser = Client()
    browser.force_login(user)

    def who():
        request = RequestFactory().get("/")
        request.session = browser.session
        return get_user(request)

    assert who() == user
    assert scim.patch(path, set_to(False, "active")).status_code == 200
    assert who().is_anonymous
    scim.patch(path, set_to(True, "active"))
    assert who().is_anonymous


def test_sec_18_every_write_has_an_event(scim, events):
    user = scim.make_user()
    group = scim.make_group()
    path = f"/Users/{user['id']}"
    scim.put(path, BODY | {"title": "x"})
    scim.patch(path, set_to("y", "title"))
    scim.patch(path, set_to("y", "title"))
    scim.patch(path, set_to(False, "active"))
    scim.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [
        {"value": user["id"]}]})  # fmt: skip
    scim.post("/Users", BODY)
    scim.delete(path)
    scim.delete(path)
    seen = [(e.action, e.outcome, e.status) for e in events(resource_type__in=("User", "Group"))]
    assert seen == [
        ("create", "success", 201),
        ("create", "success", 201),
        ("update", "success", 200),
        ("update", "success", 200),
        ("update", "no_change", 200),
        ("deactivate", "success", 200),
        ("membership", "success", 204),
        ("create", "failure", 409),
        ("delete", "success", 204),
        ("membership", "success", 204),  # of the group that lost the members
        ("delete", "failure", 404),
    ]
    assert {event.connection for event in events()} == {scim.connection}
    assert json.loads(events()[7].request_body) == BODY
