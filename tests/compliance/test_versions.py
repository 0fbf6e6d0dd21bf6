"""Versions and conditional requests (RFC 7644 section 3.14)."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from ..client import USER, assert_error
from ..concurrency import run_concurrently

RETITLE = {"op": "replace", "path": "title", "value": "new"}
STALE = 'W/"stale"'


@pytest.fixture
def user(scim):
    return scim.make_user(title="old")


@pytest.fixture
def path(user):
    return f"/Users/{user['id']}"


def body(**attributes):
    return {"schemas": [USER], "userName": "bjensen", **attributes}


def test_etg_01_tags_are_weak(scim, path):
    tag = scim.get(path).headers["ETag"]
    assert tag.startswith('W/"') and tag.endswith('"') and len(tag) > len('W/""')


def test_etg_02_header_equals_meta_version(scim, connect):
    created = scim.post("/Users", body())
    path = f"/Users/{created.data['id']}"
    for answer in (
        created,
        scim.get(path),
        scim.put(path, body(title="put")),
        scim.patch(path, RETITLE),
    ):
        assert answer.headers["ETag"] == answer.data["meta"]["version"]
    group = scim.make_group()
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    answer = scim.patch(f"/Groups/{group['id']}", rename)
    assert answer.status_code == 204
    assert answer.headers["ETag"] == scim.get(f"/Groups/{group['id']}").data["meta"]["version"]


def test_etg_02_version_covers_attributes_returned_on_request(scim, settings):
    adapter = "tests.compliance.patch_adapters.RequestedTitle"
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": adapter}}
    user = scim.make_user(title="old")
    path, version = f"/Users/{user['id']}", user["meta"]["version"]
    shown = scim.get(path)
    assert "title" not in shown.data and shown.headers["ETag"] == version
    answer = scim.patch(path, RETITLE, if_match=version)
    assert answer.status_code == 200
    assert scim.get(path).headers["ETag"] == answer.headers["ETag"] != version


@pytest.mark.parametrize("params", [{}, {"attributes": "displayName"}])
def test_etg_03_if_none_match(params, scim, user, path):
    version = user["meta"]["version"]
    answer = scim.get(path, params, if_none_match=version)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == version
    scim.patch(path, RETITLE)
    assert scim.get(path, params, if_none_match=version).status_code == 200


def test_etg_04_stale_if_match_changes_nothing(scim, user, path):
    assert_error(scim.put(path, body(title="put"), if_match=STALE), 412)
    assert_error(scim.patch(path, RETITLE, if_match=STALE), 412)
    assert_error(scim.delete(path, if_match=STALE), 412)
    assert scim.get(path).data == user


def test_etg_05_weak_tag_matches(scim, path):
    tag = scim.get(path).headers["ETag"]
    assert tag.startswith("W/")
    changed = scim.put(path, body(title="put"), if_match=tag)
    assert changed.status_code == 200
    assert scim.patch(path, RETITLE, if_match=changed.headers["ETag"]).status_code == 200


def test_etg_06_any_version(scim, path):
    assert scim.put(path, body(), if_match="*").status_code == 200
    assert_error(scim.put("/Users/nobody", body(), if_match="*"), 404)


def test_etg_07_lists_of_tags_and_any(scim, user, path):
    tags = f'{STALE}, {user["meta"]["version"]}, "strong"'
    assert scim.get(path, if_none_match=tags).status_code == 304
    assert scim.get(path, if_none_match="*").status_code == 304
    assert scim.get(path, if_none_match=f'{STALE}, "strong"').status_code == 200
    assert scim.patch(path, RETITLE, if_match=tags).status_code == 200


def test_etg_08_one_version_for_every_representation(scim, user, path):
    version = user["meta"]["version"]
    (listed,) = scim.get("/Users").data["Resources"]
    assert listed["meta"]["version"] == version
    for asked in ("meta.version", "meta", USER):
        narrowed = scim.get(path, {"attributes": asked})
        assert narrowed.data["meta"]["version"] == narrowed.headers["ETag"] == version
    assert scim.get(path, {"excludedAttributes": "title"}).headers["ETag"] == version
    scim.make_group("Guides", user)  # "groups" is computed and not part of the user's version
    assert scim.get(path).headers["ETag"] == version
    versions = {version, scim.patch(path, RETITLE).headers["ETag"]}
    User.objects.update(first_name="By the site")
    versions.add(scim.get(path).headers["ETag"])
    email = {"op": "add", "path": "emails", "value": [{"value": "b@example.com"}]}
    versions.add(scim.patch(path, email).headers["ETag"])
    assert len(versions) == 4


@pytest.mark.parametrize("header", ["malformed", "", '"unclosed', "W/"])
def test_etg_09_malformed_if_match_matches_nothing(header, scim, user, path):
    assert_error(scim.patch(path, RETITLE, if_match=header), 412)
    assert scim.get(path).data == user


def test_etg_11_second_update_of_one_version_fails(scim, user, path):
    version = user["meta"]["version"]
    assert scim.put(path, body(title="first"), if_match=version).status_code == 200
    assert_error(scim.put(path, body(title="second"), if_match=version), 412)
    assert scim.get(path).data["title"] == "first"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory allows only one thread")
@pytest.mark.django_db(transaction=True)
def test_etg_11_concurrent_updates(scim):
    user = scim.make_user()
    path, version = f"/Users/{user['id']}", user["meta"]["version"]
    calls = [
        lambda client, title=title: client.put(path, body(title=title), if_match=version)
        for title in ("a", "b")
    ]
    assert run_concurrently(scim, calls) == [200, 412]


def test_etg_12_site_may_require_if_match(scim, user, path, settings):
    settings.DJANGO_SCIM = {"REQUIRE_IF_MATCH": True}
    for answer in (scim.put(path, body()), scim.patch(path, RETITLE), scim.delete(path)):
        assert_error(answer, 428, None, "If-Match")
    assert scim.get(path).data == user
    changed = scim.patch(path, RETITLE, if_match=user["meta"]["version"])
    assert changed.status_code == 200
    assert scim.delete(path, if_match="*").status_code == 204
    assert_error(scim.delete(path), 404)
