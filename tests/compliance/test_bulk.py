"""Bulk (RFC 7644 section 3.7)."""

import io
import json

import pytest
from django.db import IntegrityError
from django.test import RequestFactory
from django.test.client import ClientHandler

from tests.client import USER, assert_error

from .bulk import (
    BULK,
    ERROR,
    RESPONSE,
    assert_rejected,
    id_of,
    patch,
    post_group,
    post_user,
    results,
    statuses,
)

SUPPORTED = {"BULK_MAX_OPERATIONS": 4, "BULK_MAX_PAYLOAD": 2_000}


def test_blk_01_published_and_can_be_disabled(scim, settings):
    assert scim.get("/ServiceProviderConfig").data["bulk"] == {
        "supported": True, "maxOperations": 1000, "maxPayloadSize": 10 * 1024 * 1024,
    }  # fmt: skip
    settings.DJANGO_SCIM = {"BULK_MAX_OPERATIONS": 0}
    assert scim.get("/ServiceProviderConfig").data["bulk"]["supported"] is False
    assert_error(scim.bulk(post_user()), 501)
    assert scim.find("userName pr") == []


@pytest.mark.parametrize("schemas", [[], None, [USER], [RESPONSE], [BULK, USER]])
def test_blk_02_schemas(connect, schemas):
    scim = connect("strict")
    body = {"schemas": schemas, "Operations": [post_user()]}
    assert_error(scim.post("/Bulk", body), 400, "invalidSyntax", "schemas")
    assert statuses(scim.bulk(post_user())) == ["201"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "move", "", None])
def test_blk_03_methods(scim, method):
    response = scim.bulk({**post_user(), "method": method})
    assert "method" in assert_rejected(response, 400, "invalidSyntax")["detail"]
    assert scim.find("userName pr") == []


def test_blk_04_bulk_ids(scim):
    operation = post_user()
    del operation["bulkId"]
    assert "bulkId" in assert_rejected(scim.bulk(operation), 400, "invalidSyntax")["detail"]
    twice = scim.bulk(post_user("a", "x"), post_user("b", "x"))
    assert_error(twice, 400, "invalidSyntax", "bulkId", "'x'")
    assert scim.find("userName pr") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/Users/1"),
        ("POST", "https://example.com/scim/v2/Users"),
        ("POST", "/scim/v2/Users"),
        ("POST", ""),
        ("POST", "/Users?attributes=userName"),
        ("POST", "/Devices"),
        ("PUT", "/Users"),
        ("DELETE", "/Users"),
        ("DELETE", "/Users/1/emails"),
        ("PATCH", "/Schemas/1"),
    ],
)
def test_blk_05_paths(scim, method, path):
    response = scim.bulk({**post_user(), "method": method, "path": path})
    assert "path" in assert_rejected(response, 400, "invalidSyntax")["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_blk_06_data(scim, method):
    user = scim.make_user()
    path = "/Users" if method == "POST" else f"/Users/{user['id']}"
    for data in (None, "text", 1):
        response = scim.bulk({"method": method, "path": path, "bulkId": "1", "data": data})
        assert "data" in assert_rejected(response, 400, "invalidSyntax")["detail"]
    assert scim.get(f"/Users/{user['id']}").data == user


def test_blk_07_patch_has_a_complete_message(connect):
    scim = connect("strict")
    path = f"/Users/{scim.make_user()['id']}"
    operation = {"op": "replace", "path": "title", "value": "Guide"}
    bare = {"method": "PATCH", "path": path, "data": {"Operations": [operation]}}
    assert_rejected(scim.bulk(bare), 400, "invalidSyntax")
    assert statuses(scim.bulk(patch(path, operation))) == ["200"]
    assert scim.get(path).data["title"] == "Guide"


def test_blk_08_version_is_if_match(scim):
    path = f"/Users/{scim.make_user()['id']}"
    old = scim.get(path).data["meta"]["version"]
    operation = {"op": "replace", "path": "title", "value": "Guide"}
    response = scim.bulk(patch(path, operation, version=old))
    assert statuses(response) == ["200"]
    current = scim.get(path).data["meta"]["version"]
    assert results(response)[0]["version"] == current != old
    assert_rejected(scim.bulk({"method": "DELETE", "path": path, "version": old}), 412)
    assert scim.get(path).status_code == 200
    assert statuses(scim.bulk({"method": "DELETE", "path": path, "version": current})) == ["204"]


def test_blk_09_status_of_the_bulk_is_200(scim):
    response = scim.bulk(
        post_user("", "1"), {"method": "DELETE", "path": "/Users/unknown"}, post_group("", "g")
    )
    assert statuses(response) == ["400", "404", "400"]


def test_blk_10_continues_after_a_failure(scim):
    response = scim.bulk(post_user("a", "1"), post_user("a", "2"), post_user("b", "3"))
    assert statuses(response) == ["201", "409", "201"]
    assert len(scim.find("userName pr")) == 2


def test_blk_11_stops_after_fail_on_errors(scim):
    operations = [post_user("a", "1"), post_user("", "2"), post_user("b", "3")]
    response = scim.bulk(*operations, failOnErrors=1)
    assert statuses(response) == ["201", "400"]
    assert [each["userName"] for each in scim.find("userName pr")] == ["a"]
    operations = [post_user("", "1"), post_user("c", "2"), post_user("", "3"), post_user("d", "4")]
    assert statuses(scim.bulk(*operations, failOnErrors=2)) == ["400", "201", "400"]


@pytest.mark.parametrize("value", [0, -1, "1", 1.5, True])
def test_blk_12_fail_on_errors_is_a_number(scim, value):
    assert_error(scim.bulk(post_user(), failOnErrors=value), 400, "invalidValue", "failOnErrors")
    assert scim.find("userName pr") == []


def test_blk_13_result_for_every_operation(scim):
    path = f"/Users/{scim.make_user('old')['id']}"
    response = scim.bulk(
        post_user("a", "1"),
        patch(path, {"op": "add", "path": "title", "value": "Guide"}),
        post_group("g", "2", ["bulkId:3"]),  # refers to the next one
        post_user("b", "3"),
        {"method": "DELETE", "path": path},
    )
    assert statuses(response) == ["201", "200", "201", "201", "204"]
    assert [each["method"] for each in results(response)] == [
        "POST", "PATCH", "POST", "POST", "DELETE",
    ]  # fmt: skip


def test_blk_14_location_except_after_a_failed_post(scim):
    made = scim.make_user("old")
    response = scim.bulk(
        post_user("a", "1"),
        post_user("a", "2"),
        {"method": "PUT", "path": f"/Users/{made['id']}", "data": {"schemas": [USER]}},
        {"method": "DELETE", "path": f"/Users/{made['id']}"},
    )
    created, failed, put, deleted = results(response)
    assert statuses(response) == ["201", "409", "400", "204"]
    assert scim.get(f"/Users/{id_of(created)}").data["meta"]["location"] == created["location"]
    assert "location" not in failed
    assert put["location"] == deleted["location"] == made["meta"]["location"]


def test_blk_15_status_is_a_string_and_errors_have_a_response(scim):
    response = scim.bulk(post_user("a", "1"), post_user("a", "2"))
    created, failed = results(response)
    assert created["status"] == "201"
    assert failed["status"] == failed["response"]["status"] == "409"
    assert failed["response"]["schemas"] == [ERROR]
    assert failed["response"]["scimType"] == "uniqueness"


def test_blk_16_bulk_id_is_returned(scim):
    response = scim.bulk(post_user("a", "qwerty"), post_user("a", "ytrewq"))
    assert [each["bulkId"] for each in results(response)] == ["qwerty", "ytrewq"]


def test_blk_23_limits(scim, settings):
    settings.DJANGO_SCIM = SUPPORTED
    config = scim.get("/ServiceProviderConfig").data["bulk"]
    assert config == {"supported": True, "maxOperations": 4, "maxPayloadSize": 2_000}
    many = [post_user(f"u{i}", str(i)) for i in range(5)]
    assert_error(scim.bulk(*many), 413, None, "maxOperations", "4")
    large = scim.bulk(post_user("a", "1", title="x" * 2_000))
    assert_error(large, 413, None, "maxPayloadSize", "2000")
    assert scim.find("userName pr") == []
    assert statuses(scim.bulk(*many[:4])) == ["201"] * 4


def test_blk_24_internal_error_affects_only_its_operation(scim, monkeypatch):
    from django_scim.models import UserProfile

    save = UserProfile.save

    def fail(self, *args, **kwargs):
        if self.title == "bad":
            raise IntegrityError("no such thing")
        return save(self, *args, **kwargs)

    monkeypatch.setattr(UserProfile, "save", fail)
    response = scim.bulk(
        post_user("a", "1", title="good"), post_user("b", "2", title="bad"), post_user("c", "3")
    )
    assert statuses(response) == ["201", "409", "201"]
    assert sorted(each["userName"] for each in scim.find("userName pr")) == ["a", "c"]


def test_blk_25_permission_for_each_operation(connect):
    scim = connect(scopes=["users:read", "users:write", "groups:read"])
    response = scim.bulk(post_user("a", "1"), post_group("Guides", "2"))
    assert statuses(response) == ["201", "403"]
    assert "groups:write" in results(response)[1]["response"]["detail"]
    assert scim.get("/Groups").data["totalResults"] == 0


@pytest.mark.parametrize("path", ["/Bulk", "/Me", "/.search", "/Users/.search", "/Schemas"])
def test_blk_26_other_endpoints_are_rejected(scim, path):
    assert_rejected(scim.bulk({**post_user(), "path": path}), 400, "invalidSyntax")


@pytest.mark.parametrize("profile", ["strict", "default"])
def test_blk_27_no_response_after_success(connect, profile):
    response = connect(profile).bulk(post_user("a", "1", password="secret"))
    (result,) = results(response)
    more = {"id"} if profile == "default" else set()
    assert set(result) == {"method", "bulkId", "version", "location", "status"} | more
    assert result.get("id", id_of(result)) == id_of(result)


def test_err_18_too_many_operations(scim, settings):
    settings.DJANGO_SCIM = SUPPORTED
    response = scim.bulk(*[post_user(f"u{i}", str(i)) for i in range(5)])
    assert_error(response, 413, None, "4")


def test_err_23_errors_in_a_bulk(scim):
    response = scim.bulk(post_user("", "1"))
    error = assert_rejected(response, 400, "invalidValue")
    assert "userName" in error["detail"]


def test_t25_fail_on_errors(scim):
    operations = [post_user("ok", "1"), post_user("", "2"), post_user("third", "3")]
    response = scim.bulk(*operations, failOnErrors=1)
    assert statuses(response) == ["201", "400"]
    assert [each["userName"] for each in scim.find("userName pr")] == ["ok"]


def test_t42_body_without_content_length_is_limited(scim, settings):
    """The bytes that were read count, whatever the header claims."""
    settings.DJANGO_SCIM = {"BULK_MAX_PAYLOAD": 1_000}
    body = {"schemas": [BULK], "Operations": [post_user(title="x" * 1_000)]}
    assert_error(scim.post("/Bulk", raw=json.dumps(body)), 413, None, "maxPayloadSize", "1000")


def test_t42_body_in_chunks_is_limited(scim):
    """Without a Content-Length, 10 MiB and 1 byte."""
    environ = RequestFactory().post(f"{scim.base}/Bulk").environ
    environ.pop("CONTENT_LENGTH", None)
    size = 10 * 1024 * 1024 + 1
    environ |= {
        "CONTENT_TYPE": "application/scim+json", "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_AUTHORIZATION": f"Bearer {scim.secret}", "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(b" " * size),
    }  # fmt: skip
    answer = ClientHandler()(environ)
    assert answer.status_code == 413 and b"maxPayloadSize" in answer.content
    environ["wsgi.input"] = io.BytesIO(b" " * (size - 1))
    answer = ClientHandler()(environ)
    assert answer.status_code == 400 and b"invalidSyntax" in answer.content


@pytest.mark.parametrize("method", ["post", "Post", "POST"])
def test_cas_08_methods_are_case_insensitive(scim, method):
    assert statuses(scim.bulk({**post_user(), "method": method})) == ["201"]
