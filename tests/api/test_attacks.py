"""Attacks through SCIM, each tried over HTTP, each failing. The threat model lists them all."""

import unicodedata

import pytest
from django.contrib.auth.models import Group, Permission, User

from django_scim.models import Event, GroupLink, UserLink
from tests.client import ENTERPRISE, GROUP, USER, assert_error
from tests.databases import MARIADB

TARGET = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def victim(db):
    """An account of the site's own that no connection holds."""
    return User.objects.create_user("victim", "victim@example.com", "secret")


@pytest.fixture
def admin(db):
    return User.objects.create_superuser("root", "root@example.com", "secret")


def body(name="mallory", **attributes):
    return {"schemas": [USER], "userName": name, **attributes}


def state(model=User):
    return list(model.objects.order_by("pk").values())


# Identity: to be taken for somebody else


def test_user_name_equal_to_an_internal_key(scim, victim):
    made = scim.make_user(str(victim.pk))
    assert_error(scim.get(f"/Users/{victim.pk}"), 404)
    operation = {"op": "replace", "path": "active", "value": False}
    assert_error(scim.patch(f"/Users/{victim.pk}", operation), 404)
    scim.patch(f"/Users/{made['id']}", operation)
    victim.refresh_from_db()
    assert victim.is_active


def test_external_id_equal_to_an_internal_key(scim, victim):
    # Grafana CVE-2025-41115: a numeric externalId was taken for the key of another account.
    made = scim.make_user("mallory", externalId=str(victim.pk))
    assert User.objects.get(username="mallory").pk != victim.pk
    assert UserLink.objects.get().target.username == "mallory"
    for path in (str(victim.pk), "mallory", "victim"):
        assert_error(scim.get(f"/Users/{path}"), 404)
    scim.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    victim.refresh_from_db()
    assert victim.is_active


def test_external_id_equal_to_a_scim_id_of_another_connection(scim, connect):
    theirs = connect().make_user("theirs")
    made = scim.make_user("mallory", externalId=theirs["id"])
    assert made["id"] != theirs["id"]
    assert_error(scim.get(f"/Users/{theirs['id']}"), 404)
    group = scim.post("/Groups", {"schemas": [GROUP], "displayName": "G",
                                  "members": [{"value": theirs["id"]}]})  # fmt: skip
    assert_error(group, 400, "invalidValue", "members")


def test_two_resources_with_one_external_id(scim):
    # RFC 7643 section 3.1: externalId is the client's own and no key of ours.
    one, other = (scim.make_user(name, externalId="7") for name in ("one", "other"))
    scim.delete(f"/Users/{one['id']}")
    assert scim.get(f"/Users/{other['id']}").data["active"] is True


def test_adoption_of_a_superuser(connect, admin):
    scim = connect(adoption="username", scope="site")
    assert_error(scim.post("/Users", body("root")), 409, "uniqueness")
    assert_error(scim.post("/Users", body("ROOT", emails=[{"value": "root@example.com"}])),
                 409, "uniqueness")  # fmt: skip
    admin.refresh_from_db()
    assert (
        admin.check_password("secret")
        and not UserLink.objects.filter(target=admin, created_by_scope=False).exists()
    )
    assert scim.find('userName eq "root"') == []


@pytest.mark.parametrize(
    "variant",
    [
        "ZOË@example.com",
        unicodedata.normalize("NFD", "zoë@example.com"),
        "ｚｏë@example.com",
        "zoë@example．com",
        "Zoë@EXAMPLE.COM",
    ],
)
def test_variants_of_a_user_name(scim, connect, variant):
    """Names that people and sign-in pages take for one are one (GitLab CVE-2022-1680)."""
    connect().make_user(unicodedata.normalize("NFC", "zoë@example.com"))
    assert_error(scim.post("/Users", body(variant)), 409, "uniqueness")
    assert User.objects.count() == 1


@pytest.mark.parametrize("variant", ["adm\u0131n", "adm\u0130n", "аdmin", "admin\u200b"])
def test_letters_that_look_alike_are_other_letters(scim, variant):
    """A dotless i and a Cyrillic a name another account: nobody is taken for the admin."""
    admin = User.objects.create_user("admin", is_staff=True)
    answer = scim.post("/Users", body(variant))
    if User.objects.filter(username=variant).exclude(username="admin").exists():
        assert answer.data["userName"] == variant
    else:  # the site's own column takes one for the other
        assert MARIADB
        assert_error(answer, 409, "uniqueness")
    others = User.objects.exclude(pk=admin.pk)
    assert [(each.username, each.is_staff) for each in others] in ([(variant, False)], [])
    assert scim.find('userName eq "admin"') == []


def test_a_name_that_differs_in_an_accent_is_another_account(connect):
    """Not even where the site's own column knows no accents is the one adopted for the other."""
    zoe = User.objects.create_user("zoe", "zoe@example.com")
    scim = connect(adoption="username")
    answer = scim.post("/Users", body("zoë", emails=[{"value": "mallory@example.com"}]))
    if MARIADB:
        assert_error(answer, 409, "uniqueness", "userName", "'zoë' is taken")
    else:
        assert answer.status_code == 201
    zoe.refresh_from_db()
    assert (zoe.username, zoe.email) == ("zoe", "zoe@example.com")
    assert not UserLink.objects.filter(target=zoe, created_by_scope=False).exists()
    assert scim.find('userName eq "zoe"') == []


def test_nobody_comes_back_under_a_name_that_differs_in_an_accent(scim):
    made = scim.make_user("zoe", externalId="7", title="Boss")
    scim.delete(f"/Users/{made['id']}")
    again = scim.make_user("zoë", externalId="7")
    assert "title" not in again
    old, new = User.objects.order_by("pk")
    assert new.username == "zoë" and not old.is_active and new.is_active


def test_a_rename_to_a_taken_name(scim, victim, admin):
    path = f"/Users/{scim.make_user('mallory')['id']}"
    for name in ("victim", "VICTIM", "root"):
        operation = {"op": "replace", "path": "userName", "value": name}
        assert_error(scim.patch(path, operation), 409, "uniqueness")
        assert_error(scim.put(path, body(name)), 409, "uniqueness")
    assert User.objects.filter(username="mallory").count() == 1


def test_revival_by_another_connection(scim, connect):
    made = scim.make_user("leaver", externalId="7")
    scim.delete(f"/Users/{made['id']}")
    other = connect()
    assert_error(other.post("/Users", body("leaver", externalId="7")), 409, "uniqueness")
    assert not User.objects.get().is_active


def test_the_name_of_a_deleted_account_leads_to_no_old_account(scim):
    made = scim.make_user("leaver", externalId="7", title="Boss")
    scim.delete(f"/Users/{made['id']}")
    new = scim.make_user("leaver", externalId="8")
    assert "title" not in new and new["id"] != made["id"]
    assert User.objects.get(username="leaver").pk != User.objects.order_by("pk")[0].pk
    assert_error(scim.get(f"/Users/{made['id']}"), 404)


def test_an_id_is_never_given_again(scim):
    made = scim.make_user("leaver", externalId="7")
    scim.delete(f"/Users/{made['id']}")
    again = scim.make_user("leaver", externalId="7", id=made["id"])
    assert again["id"] != made["id"]


# Privilege


MASS = {
    "is_staff": True, "is_superuser": True, "isStaff": True, "isSuperuser": True, "staff": True,
    "superuser": True, "user_permissions": [1], "permissions": [1], "pk": 1, "_state": {},
    "scim_links": [], "last_login": "2026-01-01T00:00:00Z", "date_joined": "2000-01-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "strict"])
def test_mass_assignment(connect, profile):
    scim = connect(profile)
    answer = scim.post("/Users", body("mallory", **MASS))
    assert answer.status_code == (400 if profile == "strict" else 201)
    made = scim.make_user("mallory2")
    path = f"/Users/{made['id']}"
    scim.put(path, made | MASS)
    for name, value in MASS.items():
        for target in (name, f"{TARGET}:{name}", f"{ENTERPRISE}:{name}", f"user.{name}"):
            scim.patch(path, {"op": "replace", "path": target, "value": value})
            scim.patch(path, {"op": "add", "value": {target: value}})
    for user in User.objects.all():
        assert not (user.is_staff or user.is_superuser or user.user_permissions.exists())
        assert user.last_login is None


def test_id_and_meta_from_the_client(scim):
    given = {"id": "my-id", "meta": {"version": 'W/"7"', "created": "2000-01-01T00:00:00Z",
             "location": "https://evil.example/"}}  # fmt: skip
    made = scim.make_user("mallory", **given)
    assert made["id"] != "my-id" and "evil" not in made["meta"]["location"]
    assert made["meta"]["created"] > "2020"
    path = f"/Users/{made['id']}"
    assert scim.put(path, made | given).data["id"] == made["id"]
    for target in ("id", "meta.location", "meta.version", "meta"):
        operation = {"op": "replace", "path": target, "value": "x"}
        assert_error(scim.patch(path, operation), 400, "mutability", target)


def test_a_group_named_like_a_privileged_group(scim):
    privileged = Group.objects.create(name="Admins")
    privileged.permissions.add(Permission.objects.first())
    user = scim.make_user("mallory")
    group = scim.make_group("Admins", user)
    mallory = User.objects.get(username="mallory")
    assert group["displayName"] == "Admins"
    assert not privileged.user_set.exists()
    assert not mallory.get_all_permissions()
    assert GroupLink.objects.get().target != privileged
    rename = {"op": "replace", "path": "displayName", "value": "Other"}
    scim.patch(f"/Groups/{group['id']}", rename)
    scim.patch(f"/Groups/{group['id']}", rename | {"value": "Admins"})
    assert Group.objects.get(pk=privileged.pk).name == "Admins"
    assert not privileged.user_set.exists()


def test_joining_a_group_by_the_users_own_groups(scim):
    privileged = Group.objects.create(name="Admins")
    link = GroupLink.objects.create(
        connection=scim.connection, target=privileged, display_name="Admins"
    )
    groups = [{"value": link.scim_id}]
    made = scim.make_user("mallory", groups=groups)
    path = f"/Users/{made['id']}"
    assert_error(scim.patch(path, {"op": "add", "path": "groups", "value": groups}),
                 400, "mutability")  # fmt: skip
    scim.put(path, made | {"groups": groups})
    assert not privileged.user_set.exists()


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_a_member_who_is_privileged(scim, victim, privilege):
    link = UserLink.objects.create(connection=scim.connection, target=victim)
    User.objects.filter(pk=victim.pk).update(**{privilege: True})
    answer = scim.post("/Groups", {"schemas": [GROUP], "displayName": "G",
                                   "members": [{"value": link.scim_id}]})  # fmt: skip
    assert_error(answer, 400, "invalidValue", "members")
    operation = {"op": "replace", "path": "active", "value": False}
    assert_error(scim.patch(f"/Users/{link.scim_id}", operation), 404)
    assert_error(scim.delete(f"/Users/{link.scim_id}"), 404)
    victim.refresh_from_db()
    assert victim.is_active and victim.check_password("secret")


def test_a_group_that_the_site_has_is_unreachable(scim):
    group = Group.objects.create(name="Editors")
    for scim_id in (group.pk, "Editors"):
        assert_error(scim.get(f"/Groups/{scim_id}"), 404)
        assert_error(scim.delete(f"/Groups/{scim_id}"), 404)
    assert scim.find('displayName eq "Editors"', "/Groups") == []


# Other connections


def test_member_and_manager_of_another_connection(scim, connect):
    theirs = connect().make_user("theirs", displayName="Secret Name")
    ours = scim.make_user("ours")
    answer = scim.post("/Groups", {"schemas": [GROUP], "displayName": "G",
                                   "members": [{"value": theirs["id"]}]})  # fmt: skip
    assert_error(answer, 400, "invalidValue", "members")
    manager = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": theirs["id"]}}
    scim.patch(f"/Users/{ours['id']}", manager)
    shown = scim.get(f"/Users/{ours['id']}").data
    assert "Secret Name" not in str(shown)
    assert shown[ENTERPRISE]["manager"] == {"value": theirs["id"]}  # what the client said itself
    assert scim.find(f'{ENTERPRISE}:manager.displayName eq "Secret Name"') == []


@pytest.mark.parametrize("header", ["if_match", "if_none_match"])
def test_versions_tell_nothing_of_another_connections_resource(scim, connect, header):
    theirs = connect().make_user("theirs")
    for tag in (theirs["meta"]["version"], '"x"', "*"):
        answer = scim.request("GET", f"/Users/{theirs['id']}", **{header: tag})
        assert_error(answer, 404)
        answer = scim.request("PUT", f"/Users/{theirs['id']}", body(), **{header: tag})
        assert_error(answer, 404)


# The request itself


def test_a_session_cookie_opens_nothing(scim, admin):
    """No cross-site request forgery: a browser that is signed in has no token."""
    scim.http.force_login(admin)
    assert_error(scim.get("/Users", token=False), 401)
    assert_error(scim.post("/Users", body(), token=False), 401)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"],
)
def test_forms_are_no_bodies(scim, content_type):
    answer = scim.request("POST", "/Users", body(), content_type=content_type)
    assert_error(answer, 415)


def test_another_method_in_a_header(scim):
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
    assert answer.status_code == 400  # Django's own answer, before ours
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
def test_paths_that_lead_elsewhere(scim, path):
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


# Filters and paths


INJECTIONS = [
    "' OR '1'='1", '" or 1 eq 1', "'; DROP TABLE auth_user; --", "%", "_", "\\", "%%", "{0}",
    "%(id)s", "$1", "?", "\x7f", "*", ")) or ((", "a' || 'b",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("op", ["eq", "co", "sw", "ew", "gt"])
def test_injection_by_a_filters_value(scim, text, op):
    import json

    scim.make_user("someone", title="Guide", emails=[{"value": "someone@example.com"}])
    for attribute in ("userName", "title", "emails.value", "externalId", "id", "name.givenName"):
        found = scim.find(f"{attribute} {op} {json.dumps(text)}")
        assert op == "gt" or found == []
    assert User.objects.count() == 1
    exact = scim.make_user(f"name {text}")
    assert scim.find(f"userName eq {json.dumps(f'name {text}')}") == [exact]


LOOKUPS = [
    "password", "is_staff", "is_superuser", "user__password", "target__password", "target",
    "userName__regex", "connection", "connection.name", "scim_links", "user_permissions", "pk",
    "__class__", "id__in", "groups__name", "profile.manager", "emails.user", "meta.link",
]  # fmt: skip


@pytest.mark.parametrize("name", LOOKUPS)
def test_columns_that_no_attribute_is_mapped_to(scim, name):
    """A filter knows attributes and nothing of the tables; an unknown one widens no result."""
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
def test_filters_without_end(scim, text):
    scim.make_user("a" * 100)
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text}
    answer = scim.post("/Users/.search", body)
    assert answer.status_code in (200, 400)
    assert answer.status_code == 200 or answer.data["scimType"] in ("invalidFilter", "tooMany")


@pytest.mark.parametrize("count", ["-1", "0", "99999999999999999999", "1e9", "x", "", "0x10"])
@pytest.mark.parametrize("start", ["-1", "0", "99999999999999999999"])
def test_pages_of_any_size(scim, count, start, settings):
    settings.DJANGO_SCIM = {"MAX_PAGE_SIZE": 2}
    for number in range(4):
        scim.make_user(f"user{number}")
    answer = scim.get("/Users", {"count": count, "startIndex": start})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert len(answer.data.get("Resources", [])) <= 2 and answer.data["totalResults"] == 4


def test_a_patch_without_end(scim):
    path = f"/Users/{scim.make_user()['id']}"
    operation = {"op": "replace", "path": "title", "value": "x"}
    answer = scim.patch(path, *[operation] * 10_000)
    assert_error(answer, 400, "invalidSyntax", "1000")
    assert "title" not in scim.get(path).data


def test_columns_that_a_value_does_not_fit(scim):
    path = f"/Users/{scim.make_user()['id']}"
    for attribute in ("title", "userName", "externalId", "name.givenName", "displayName"):
        operation = {"op": "replace", "path": attribute, "value": "x" * 100_000}
        assert_error(scim.patch(path, operation), 400, "invalidValue", attribute)


# What is left behind


def test_what_an_event_keeps_is_shown_as_text(scim, admin_client):
    """An admin reads what clients wrote: nothing of it is markup."""
    evil = "<img src=x onerror=alert(1)>"
    made = scim.make_user("mallory", title=evil, displayName=evil)
    scim.patch(f"/Users/{made['id']}", {"op": "replace", "path": "nickName", "value": evil})
    scim.post("/Users", body("mallory", title=evil), user_agent=evil)
    for event in Event.objects.all():
        page = admin_client.get(f"/admin/django_scim/event/{event.pk}/change/").content.decode()
        assert evil not in page
    assert evil not in admin_client.get("/admin/django_scim/event/").content.decode()


def test_a_flood_of_wrong_tokens_fills_no_table(scim):
    for number in range(50):
        scim.get("/Users", authorization=f"Bearer wrong{number}")
    assert Event.objects.filter(action="authentication").count() == 1
    assert Event.objects.get(action="authentication").occurrences == 50


def test_the_answer_to_a_wrong_token_tells_nothing(scim):
    answers = {
        scim.get(path, authorization=f"Bearer {secret}").data["detail"].partition(" [")[0]
        for secret in ("wrong", scim.secret[:11], "scim_" + "x" * 43)
        for path in ("/Users", "/Users/x", "/Nothing", "/Groups")
    }
    assert answers == {"the bearer token is not valid"}


def test_a_body_in_chunks(scim, settings):
    """No Content-Length, as with Transfer-Encoding: chunked: it is read up to the limit."""
    import io

    from django.test import RequestFactory
    from django.test.client import ClientHandler

    settings.DJANGO_SCIM = {"MAX_BODY_SIZE": 1_000}

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            size = 65_536 if size is None or size < 0 else size
            self.given += size
            assert self.given < 10_000_000, "read without end"
            return b" " * size

    stream = Endless()
    environ = RequestFactory().generic(
        "POST", f"{scim.base}/Users", b"x", content_type="application/scim+json",
        HTTP_AUTHORIZATION=f"Bearer {scim.secret}",
    ).environ  # fmt: skip
    environ |= {"CONTENT_LENGTH": "1000000000000", "wsgi.input": stream}
    answer = ClientHandler()(environ)
    assert answer.status_code == 413 and stream.given < 1_000_000
