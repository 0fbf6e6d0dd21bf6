"""Versions (RFC 7644 section 3.14)."""

import pytest
from django.contrib.auth.models import User

from ..client import USER, assert_error

RENAME = {"op": "replace", "path": "title", "value": "new"}


@pytest.fixture
def user(scim):
    return scim.make_user()


def test_header_equals_meta_version(scim, user):
    for answer in (
        scim.get(f"/Users/{user['id']}"),
        scim.patch(f"/Users/{user['id']}", RENAME),
        scim.put(f"/Users/{user['id']}", user),
    ):
        assert answer.headers["ETag"] == answer.data["meta"]["version"]
        assert answer.headers["ETag"].startswith('W/"')
        assert answer.headers["Content-Location"] == answer.data["meta"]["location"]


def test_not_modified(scim, user):
    version = user["meta"]["version"]
    for header in (version, f'"other", {version}', "*"):
        answer = scim.get(f"/Users/{user['id']}", if_none_match=header)
        assert answer.status_code == 304 and answer.content == b""
        assert answer.headers["ETag"] == version
    assert scim.get(f"/Users/{user['id']}", if_none_match='W/"x"').status_code == 200


@pytest.mark.parametrize("header", ['W/"stale"', '"x", W/"y"', "malformed", ""])
def test_stale_version_changes_nothing(header, scim, user):
    path = f"/Users/{user['id']}"
    body = {"schemas": [USER], "userName": "other"}
    for answer in (
        scim.patch(path, RENAME, if_match=header),
        scim.put(path, body, if_match=header),
        scim.delete(path, if_match=header),
    ):
        assert_error(answer, 412)
    assert scim.get(path).data == user


def test_current_version_is_accepted(scim, user):
    path = f"/Users/{user['id']}"
    changed = scim.patch(path, RENAME, if_match=user["meta"]["version"])
    assert changed.status_code == 200
    assert_error(scim.patch(path, RENAME, if_match=user["meta"]["version"]), 412)
    assert scim.patch(path, RENAME, if_match="*").status_code == 200
    tags = f'"x", {changed.headers["ETag"]}'
    assert scim.delete(path, if_match=tags).status_code == 204


def test_changes_by_the_site_change_the_version(scim, user):
    User.objects.update(first_name="Changed")
    answer = scim.patch(f"/Users/{user['id']}", RENAME, if_match=user["meta"]["version"])
    assert_error(answer, 412)


def test_membership_does_not_change_the_version_of_the_user(scim, user):
    scim.make_group("G", user)
    assert scim.get(f"/Users/{user['id']}").headers["ETag"] == user["meta"]["version"]


def test_membership_changes_the_version_of_the_group(scim, user):
    group = scim.make_group("G")
    add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    answer = scim.patch(f"/Groups/{group['id']}", add)
    fresh = scim.get(f"/Groups/{group['id']}")
    assert answer.headers["ETag"] == fresh.headers["ETag"] != group["meta"]["version"]
    without = scim.get(f"/Groups/{group['id']}", {"excludedAttributes": "members"})
    assert without.headers["ETag"] == fresh.headers["ETag"]


def test_partial_response_has_the_version_of_the_whole(scim, user):
    path, partial = f"/Users/{user['id']}", {"attributes": "userName"}
    answer = scim.get(path, partial)
    assert answer.headers["ETag"] == scim.get(path).headers["ETag"]
    same = scim.get(path, partial, if_none_match=answer.headers["ETag"])
    assert same.status_code == 304


def test_lists_have_versions(scim, user):
    (listed,) = scim.get("/Users").data["Resources"]
    assert listed["meta"]["version"] == user["meta"]["version"]
