"""Tricky cases of queries (RFC 7644 section 3.4)."""

import pytest

from ..client import ENTERPRISE, SEARCH, USER, assert_error

WORK_AND_HOME = [{"value": "x@b", "type": "work"}, {"value": "y@a", "type": "home"}]


@pytest.fixture(params=["strict", "default"])
def either(request, connect):
    """Return a client of each profile; the response is the same."""
    return connect(request.param)


def names(client, text):
    return {user["userName"] for user in client.find(text)}


def test_t12_case(either):
    either.make_user("bjensen", externalId="abc")
    assert names(either, 'userName eq "BJENSEN"') == {"bjensen"}
    assert names(either, 'externalId eq "ABC"') == set()
    assert names(either, 'externalId eq "abc"') == {"bjensen"}


def test_t13_null_is_absent(either):
    either.make_user("with", title="Guide")
    either.make_user("without")
    assert names(either, "title eq null") == names(either, "not (title pr)") == {"without"}
    assert names(either, "title ne null") == names(either, "title pr") == {"with"}


def test_t14_present(either):
    either.make_user("none", emails=[])
    either.make_user("node", emails=[{"type": "work"}])
    assert names(either, "emails pr") == {"node"}
    assert names(either, "not (emails pr)") == {"none"}


def test_t15_ne_matches_any_value(either):
    either.make_user("both", emails=WORK_AND_HOME)
    assert names(either, 'emails.type ne "work"') == {"both"}
    assert names(either, 'not (emails.type eq "work")') == set()


def test_t16_precedence(either):
    either.make_user("ann", active=False)
    either.make_user("amy", active=True)
    either.make_user("bob", active=False)
    either.make_user("cy", active=True, title="Chief")
    text = 'not (active eq true) and userName sw "a" or title pr'
    assert names(either, text) == {"ann", "cy"}
    assert names(either, f"({text})") == {"ann", "cy"}


def test_t17_attributes_with_their_urn(either):
    boss = either.make_user("boss", name={"familyName": "J"})
    either.make_user("report", **{ENTERPRISE: {"manager": {"value": boss["id"]}}})
    assert names(either, f'{USER}:name.familyName eq "J"') == {"boss"}
    assert names(either, f'{ENTERPRISE}:manager.value eq "{boss["id"]}"') == {"report"}


def test_t18_one_value_or_any_value(either):
    either.make_user("both", emails=WORK_AND_HOME)
    assert names(either, 'emails[type eq "work" and value co "@a"]') == set()
    assert names(either, 'emails.type eq "work" and emails.value co "@a"') == {"both"}


@pytest.mark.parametrize(
    ("params", "start", "shown"),
    [
        ({"startIndex": 0}, 1, 3),
        ({"startIndex": -3}, 1, 3),
        ({"count": -1}, 1, 0),
        ({"count": 0}, 1, 0),
    ],
)
def test_t19_numbers_out_of_range(either, params, start, shown):
    for name in ("a", "b", "c"):
        either.make_user(name)
    data = either.get("/Users", params).data
    assert (data["totalResults"], data["startIndex"]) == (3, start)
    assert len(data["Resources"]) == data["itemsPerPage"] == shown


def test_t20_password_cannot_be_filtered_or_sorted(connect):
    for profile in ("strict", "default"):
        scim = connect(profile, passwords="accept")
        scim.make_user(f"of-{profile}", password="xylophone-7-garden")
        for text in ('password eq "x"', 'password sw "x"', "password pr"):
            assert_error(scim.get("/Users", {"filter": text}), 400, "invalidFilter", "password")
        assert_error(scim.get("/Users", {"sortBy": "password"}), 400, "invalidValue", "password")


def test_t21_sorting_by_the_primary_value(either):
    def order(direction):
        params = {"sortBy": "emails.value", "sortOrder": direction}
        return [user["userName"] for user in either.get("/Users", params).data["Resources"]]

    either.make_user("nobody")
    either.make_user("second", emails=[{"value": "b@x"}, {"value": "a@x"}])  # the first value
    either.make_user("third", emails=[{"value": "a@x"}, {"value": "c@x", "primary": True}])
    either.make_user("first", emails=[{"value": "A@y"}])
    assert order("ascending") == ["first", "second", "third", "nobody"]
    assert order("descending") == ["nobody", "third", "second", "first"]


def test_t22_attributes_or_excluded_attributes(either):
    params = {"attributes": "userName", "excludedAttributes": "name"}
    user = either.make_user()
    for path in ("/Users", f"/Users/{user['id']}"):
        assert_error(either.get(path, params), 400, "invalidValue")


def test_t23_always_returned_attributes(either):
    user = either.make_user(title="Guide")
    params = {"excludedAttributes": "id,schemas,userName"}
    for data in (
        either.get(f"/Users/{user['id']}", params).data,
        either.get("/Users", params).data["Resources"][0],
    ):
        assert (data["id"], data["schemas"], data["title"]) == (user["id"], [USER], "Guide")
        assert "userName" not in data


@pytest.mark.parametrize("path", ["/Users/unknown", "/Groups/unknown", "/Nope", "/Nope/x"])
def test_t27_not_found(either, path):
    answer = either.get(path)
    assert_error(answer, 404)
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert answer.data["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.data["status"] == "404"


def test_t39_discovery_is_not_filtered(either):
    assert_error(either.get("/Schemas", {"filter": "id pr"}), 403)
    assert_error(either.get("/ResourceTypes", {"filter": "id pr"}), 403)
    every = either.get("/ResourceTypes").data
    assert every["totalResults"] == 2
    assert either.get("/ResourceTypes", {"count": 1}).data == every


def test_t41_search_is_not_an_id(either):
    either.make_user("bjensen")
    body = {"schemas": [SEARCH], "filter": 'userName eq "bjensen"'}
    answer = either.post("/Users/.search", body)
    assert answer.status_code == 200
    assert answer.data == either.get("/Users", {"filter": body["filter"]}).data
    assert answer.data["totalResults"] == 1
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert_error(either.request(method, "/Users/.search", body), 405)


def test_t44_plus_in_the_url(either):
    either.make_user("bjensen")
    text = "meta.lastModified%20ge%20%222024-01-01T00:00:00{}02:00%22"
    assert either.get(f"/Users?filter={text.format('%2B')}").data["totalResults"] == 1
    plain = either.get(f"/Users?filter={text.format('+')}")
    if either.connection.profile == "strict":
        assert_error(plain, 400, "invalidFilter")
    else:  # a client that encodes blanks as %20 means a plus
        assert plain.data["totalResults"] == 1
    blanks = text.replace("%20", "+")
    assert_error(either.get(f"/Users?filter={blanks.format('+')}"), 400, "invalidFilter")
