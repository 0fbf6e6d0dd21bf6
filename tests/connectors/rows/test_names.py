"""Names of people and groups that login forms and lists could not show (row R3).

The expected results are those of the profile UsernameCasePreserved (RFC 8265 section 3.4), of
RFC 8264 for unassigned and private code points, and of Django's login form, which strips blanks.
"""

import pytest
from django.contrib.auth.models import Group, User

from tests.client import GROUP, USER, assert_error

BAD_NAMES = ["a\nb", "a\r\nb", "a\tb", "a\x07b", "   ", " ann", "ann ", "\u00a0ann", "a\u200bb",
             "a\u202eb", "a\u00adb", "a\u0378b", "a\ue000b", "a\ufeffb", "a\u2028b"]  # fmt: skip
CONTROLS = ["a\nb", "a\tb", "a\x07b", "a\x00b", "a\x7fb", "a\x85b"]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_row_R3_user_names(lenient, strict, name):
    for client in (lenient, strict):
        body = {"schemas": [USER], "userName": name}
        assert_error(client.post("/Users", body), 400, "invalidValue", "userName")
        user = client.make_user(f"ok {client.connection.profile}".replace(" ", "-"))
        path = f"/Users/{user['id']}"
        assert_error(client.put(path, body), 400, "invalidValue", "userName")
        for change in ({"path": "userName", "value": name}, {"value": {"userName": name}}):
            answer = client.patch(path, {"op": "replace", **change})
            assert_error(answer, 400, "invalidValue", "userName")
        operation = {"method": "POST", "path": "/Users", "bulkId": "a", "data": body}
        assert client.bulk(operation).data["Operations"][0]["status"] == "400"
        assert client.get(path).data == user
    assert User.objects.count() == 2


@pytest.mark.parametrize("name", ["Ann", "ann@example.com", "zoë", "李雷", "o'hara", "a.b-c_d+e"])
def test_row_R3_ordinary_user_names_are_kept(strict, name):
    assert strict.make_user(name)["userName"] == name


@pytest.mark.parametrize("text", CONTROLS, ids=ascii)
def test_row_R3_no_control_characters(lenient, strict, text):
    for client in (lenient, strict):
        for given in ({"displayName": text}, {"emails": [{"value": f"{text}@example.com"}]}):
            body = {"schemas": [USER], "userName": "ann"} | given
            assert_error(client.post("/Users", body), 400, "invalidValue", next(iter(given)))
        body = {"schemas": [GROUP], "displayName": text}
        assert_error(client.post("/Groups", body), 400, "invalidValue", "displayName")
    assert not User.objects.exists() and not Group.objects.exists()
