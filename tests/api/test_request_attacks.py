"""Attacks with unusual requests, which the threat model lists."""

import pytest
from django.contrib.auth.models import User

from django_scim.models import Event
from tests.client import USER, assert_error


@pytest.fixture
def admin(db):
    return User.objects.create_superuser("root", "root@example.com", "secret")


def body(name="mallory", **attributes):
    return {"schemas": [USER], "userName": name, **attributes}


def state(model=User):
    return list(model.objects.order_by("pk").values())


# Requests


def test_session_cookie_gives_no_access(scim, admin):
    """A signed-in browser has no token, so cross-site request forgery is not possible."""
    scim.http.force_login(admin)
    assert_error(scim.get("/Users", token=False), 401)
    assert_error(scim.post("/Users", body(), token=False), 401)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"],
)
def test_form_bodies_are_rejected(scim, content_type):
    answer = scim.request("POST", "/Users", body(), content_type=content_type)
    assert_error(answer, 415)


def test_method_override_header_is_ignored(scim):
    made = scim.make_user()
    for header in ("x_http_method_override", "x_http_method", "x_method_override"):
        assert scim.request("GET", f"/Users/{made['id']}", **{header: "DELETE"}).status_code == 200
    assert scim.get(f"/Users/{made['id']}").status_code == 200


HOSTS = ["evil.example", "testserver.evil.example", "evil.example:80", "testserver@evil.example"]


@pytest.mark.parametrize("host", HOSTS)
def test_host_header_poisoning(scim, settings, host):
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = scim.http.post(
        f"{scim.base}/Users", body(), "application/scim+json", headers={"host": host},
        HTTP_AUTHORIZATION=f"Bearer {scim.secret}",
    )  # fmt: skip
    assert answer.status_code == 400  # the response of Django
    assert not User.objects.exists() and b"Location" not in answer.content
    settings.ALLOWED_HOSTS = ["*"]
    settings.DJANGO_SCIM = {"BASE_URL": "https://scim.example.com"}
    answer = scim.post("/Users", body(), host="evil.example", x_forwarded_host="evil.example")
    location = answer.data["meta"]["location"]
    assert location.startswith("https://scim.example.com/scim/v2/Users/")
    assert answer.headers["Location"] == location


@pytest.mark.parametrize(
    "path",
    ["/Users/../Groups", "/Users/..%2fGroups", "/Users/%2e%2e/Groups", "/Users//x", "/Users/x/y",
     "/Users/%00", "/Users/x%0d%0aSet-Cookie:a=b", "/Users/" + "x" * 5000],
)  # fmt: skip
def test_path_traversal(scim, path):
    scim.make_group("Guides")
    answer = scim.get(path)
    assert_error(answer, 404)
    assert "Set-Cookie" not in answer.headers and len(answer.content) < 2000


@pytest.mark.parametrize(
    "text",
    ["a\nb", "a\r\nadmin deleted everything", "\x1b[2J", "a\u2028b", "\u202egnp.exe"],
)
def test_log_injection(scim, text):
    scim.get("/Nothing" + text, user_agent=text, x_request_id=text)
    scim.post("/Users", body(f"mallory{text}"), x_request_id=text)
    for event in Event.objects.all():
        for value in (event.path, event.user_agent, event.correlation_id, event.detail):
            assert all(char.isprintable() for char in value), repr(value)


# Filters, paths and sizes


INJECTIONS = [
    "' OR '1'='1", '" or 1 eq 1', "'; DROP TABLE auth_user; --", "%", "_", "\\", "%%", "{0}",
    "%(id)s", "$1", "?", "\x7f", "*", ")) or ((", "a' || 'b",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("op", ["eq", "co", "sw", "ew", "gt"])
def test_sql_injection_by_filter_values(scim, text, op):
    import json

    scim.make_user("someone", title="Guide", emails=[{"value": "someone@example.com"}])
    for attribute in ("userName", "title", "emails.value", "externalId", "id", "name.givenName"):
        found = scim.find(f"{attribute} {op} {json.dumps(text)}")
        assert op == "gt" or found == []
    assert User.objects.count() == 1
    if not text.isprintable():  # such a name cannot be created
        assert scim.find(f"userName eq {json.dumps(f'name {text}')}") == []
        return
    exact = scim.make_user(f"name {text}")
    assert scim.find(f"userName eq {json.dumps(f'name {text}')}") == [exact]


LOOKUPS = [
    "password", "is_staff", "is_superuser", "user__password", "target__password", "target",
    "userName__regex", "connection", "connection.name", "scim_links", "user_permissions", "pk",
    "__class__", "id__in", "groups__name", "profile.manager", "emails.user", "meta.link",
]  # fmt: skip


@pytest.mark.parametrize("name", LOOKUPS)
def test_database_columns_are_not_attributes(scim, name):
    """Filters accept only attributes; an unknown name is an error and never widens a result."""
    scim.make_user("someone")
    for text in (f'{name} eq "x"', f"{name} pr", f'not ({name} eq "x")', f'{name}[a eq "b"]'):
        assert_error(scim.get("/Users", {"filter": text}), 400, "invalidFilter")
    assert_error(scim.get("/Users", {"sortBy": name}), 400, "invalidValue", "sortBy")
    path = f"/Users/{scim.find('userName pr')[0]['id']}"
    before = state()
    scim.patch(path, {"op": "replace", "path": name, "value": "x"})
    columns = {key: value for key, value in state()[0].items() if key != "password"}
    assert columns == {key: value for key, value in before[0].items() if key != "password"}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000 + "userName pr" + ")" * 1_000,
        "not " * 500 + "(userName pr)",
        " or ".join(['userName eq "x"'] * 5_000),
        'userName eq "' + "x" * 100_000 + '"',
        'userName eq "' + "\\\\" * 20_000,
        "a" * 100_000,
        "emails[" * 200 + "value pr" + "]" * 200,
        'userName sw "' + "a" * 9_000 + '!" and userName ew "' + "a" * 9_000 + '"',
    ],
)
def test_endless_filters(scim, text):
    scim.make_user("a" * 100)
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text}
    answer = scim.post("/Users/.search", body)
    assert answer.status_code in (200, 400)
    assert answer.status_code == 200 or answer.data["scimType"] in ("invalidFilter", "tooMany")


@pytest.mark.parametrize("count", ["-1", "0", "99999999999999999999", "1e9", "x", "", "0x10"])
@pytest.mark.parametrize("start", ["-1", "0", "99999999999999999999"])
def test_page_sizes(scim, count, start, settings):
    settings.DJANGO_SCIM = {"MAX_PAGE_SIZE": 2}
    for number in range(4):
        scim.make_user(f"user{number}")
    answer = scim.get("/Users", {"count": count, "startIndex": start})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert len(answer.data.get("Resources", [])) <= 2 and answer.data["totalResults"] == 4


def test_endless_patch(scim):
    path = f"/Users/{scim.make_user()['id']}"
    operation = {"op": "replace", "path": "title", "value": "x"}
    answer = scim.patch(path, *[operation] * 10_000)
    assert_error(answer, 400, "invalidSyntax", "1000")
    assert "title" not in scim.get(path).data


def test_oversized_values(scim):
    path = f"/Users/{scim.make_user()['id']}"
    for attribute in ("title", "userName", "externalId", "name.givenName", "displayName"):
        operation = {"op": "replace", "path": attribute, "value": "x" * 100_000}
        assert_error(scim.patch(path, operation), 400, "invalidValue", attribute)


# Events


def test_event_values_are_escaped(scim, admin_client):
    """The admin shows values of clients without interpreting markup."""
    evil = "<img src=x onerror=alert(1)>"
    made = scim.make_user("mallory", title=evil, displayName=evil)
    scim.patch(f"/Users/{made['id']}", {"op": "replace", "path": "nickName", "value": evil})
    scim.post("/Users", body("mallory", title=evil), user_agent=evil)
    for event in Event.objects.all():
        page = admin_client.get(f"/admin/django_scim/event/{event.pk}/change/").content.decode()
        assert evil not in page
    assert evil not in admin_client.get("/admin/django_scim/event/").content.decode()


def test_wrong_tokens_do_not_flood_the_events(scim):
    for number in range(50):
        scim.get("/Users", authorization=f"Bearer wrong{number}")
    assert Event.objects.filter(action="authentication").count() == 1
    assert Event.objects.get(action="authentication").occurrences == 50


def test_response_to_a_wrong_token_reveals_nothing(scim):
    answers = {
        scim.get(path, authorization=f"Bearer {secret}").data["detail"].partition(" [")[0]
        for secret in ("wrong", scim.secret[:11], "scim_" + "x" * 43)
        for path in ("/Users", "/Users/x", "/Nothing", "/Groups")
    }
    assert answers == {"the bearer token is not valid"}


def test_chunked_body_is_limited(scim, settings):
    """Without a Content-Length, as with chunked encoding, the body is read up to the limit."""
    import io

    from django.test import RequestFactory
    from django.test.client import ClientHandler

    settings.DJANGO_SCIM = {"MAX_BODY_SIZE": 1_000}

    class EndlessStream(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            size = 65_536 if size is None or size < 0 else size
            self.given += size
            assert self.given < 10_000_000, "read past the limit"
            return b" " * size

    stream = EndlessStream()
    environ = RequestFactory().generic(
        "POST", f"{scim.base}/Users", b"x", content_type="application/scim+json",
        HTTP_AUTHORIZATION=f"Bearer {scim.secret}",
    ).environ  # fmt: skip
    environ |= {"CONTENT_LENGTH": "1000000000000", "wsgi.input": stream}
    answer = ClientHandler()(environ)
    assert answer.status_code == 413 and stream.given < 1_000_000
