"""Lists, sorting and paging by index (RFC 7644 sections 3.4.2, 3.4.2.3 and 3.4.2.4)."""

import pytest

from tests.client import USER, assert_error

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@pytest.fixture
def five(scim):
    scim.names = [scim.make_user(f"u{number}")["userName"] for number in range(5)]
    return scim


def names(answer):
    assert answer.status_code == 200, answer.data
    return [each["userName"] for each in answer.data["Resources"]]


def order(scim, **params):
    return names(scim.get("/Users", params))


def in_pages(scim, **params):
    """Return the names of five users in pages of two."""
    pages = (order(scim, startIndex=start, count=2, **params) for start in (1, 3, 5))
    return [name for page in pages for name in page]


# Messages


def test_pag_01_schemas(five):
    assert five.get("/Users").data["schemas"] == [LIST]


def test_pag_02_total_results(five):
    for params in ({}, {"count": 2}, {"count": 0}, {"startIndex": 4}, {"startIndex": 99}):
        assert five.get("/Users", params).data["totalResults"] == 5
    assert five.get("/Users", {"filter": 'userName ge "u3"', "count": 1}).data["totalResults"] == 2


def test_pag_03_resources(five):
    data = five.get("/Users", {"count": 2}).data
    assert data["totalResults"] == 5 and len(data["Resources"]) == 2


def test_pag_04_partial_results(five):
    for params, shown in (({}, (1, 5)), ({"count": 2}, (1, 2)), ({"startIndex": 5}, (5, 1))):
        data = five.get("/Users", params).data
        assert (data["startIndex"], data["itemsPerPage"]) == shown


def test_pag_05_no_match(scim):
    answer = scim.get("/Users", {"filter": 'userName eq "nobody"'})
    assert answer.status_code == 200
    assert answer.data["totalResults"] == 0 and answer.data["Resources"] == []


def test_pag_06_unknown_parameters(five):
    assert names(five.get("/Users", {"foo": "1", "sort": "x", "limit": "1"})) == five.names


# Paging


@pytest.mark.parametrize(
    ("params", "start", "shown"),
    [
        pytest.param({"startIndex": 0}, 1, 5, id="PAG-07"),
        pytest.param({"startIndex": -5, "count": 2}, 1, 2, id="PAG-07-negative"),
        pytest.param({"startIndex": 6}, 6, 0, id="PAG-09"),
        pytest.param({"startIndex": 10**15, "count": 5}, 10**15, 0, id="PAG-09-far"),
        pytest.param({"count": -1}, 1, 0, id="PAG-10"),
        pytest.param({"count": 0}, 1, 0, id="PAG-11"),
        pytest.param({"count": 3}, 1, 3, id="PAG-12"),
    ],
)
def test_pages(params, start, shown, five):
    data = five.get("/Users", params).data
    assert data["totalResults"] == 5
    assert (data["startIndex"], data["itemsPerPage"]) == (start, shown)
    assert [each["userName"] for each in data["Resources"]] == five.names[start - 1 :][:shown]


@pytest.mark.parametrize("text", ["one", "1.5", "1e1", "0x1", "--1", "١"])
def test_pag_08_not_an_integer(text, scim):
    for name in ("startIndex", "count"):
        assert_error(scim.get("/Users", {name: text}), 400, "invalidValue", name)


def test_pag_12_maximum(five, settings):
    settings.DJANGO_SCIM = {"MAX_PAGE_SIZE": 2}
    assert five.get("/ServiceProviderConfig").data["filter"]["maxResults"] == 2
    data = five.get("/Users", {"count": 10_000}).data
    assert data["itemsPerPage"] == len(data["Resources"]) == 2


def test_pag_13_default(five, settings):
    settings.DJANGO_SCIM = {"PAGE_SIZE": 3}
    assert five.get("/Users").data["itemsPerPage"] == 3
    assert five.get("/Users", {"count": ""}).data["itemsPerPage"] == 3


def test_pag_14_stable_order(five):
    assert in_pages(five) == five.names


# Sorting


def test_pag_15_sorting_is_supported(scim):
    assert scim.get("/ServiceProviderConfig").data["sort"] == {"supported": True}
    for name in ("b", "a"):
        scim.make_user(name)
    assert order(scim, sortBy="userName") == ["a", "b"]
    assert order(scim, sortBy="userName", sortOrder="descending") == ["b", "a"]


def test_pag_16_ascending_by_default(scim):
    for name in ("b", "a", "c"):
        scim.make_user(name)
    assert order(scim, sortBy="userName") == order(scim, sortBy="userName", sortOrder="ascending")
    assert order(scim, sortBy="userName") == ["a", "b", "c"]


def test_pag_17_by_type_and_case(scim):
    for name in ("c", "B", "a"):
        scim.make_user(name, externalId=name, active=name != "B")
    assert order(scim, sortBy="userName") == ["a", "B", "c"]
    assert order(scim, sortBy="externalId") == ["B", "a", "c"]
    assert order(scim, sortBy="active")[0] == "B"
    assert order(scim, sortBy="meta.created", sortOrder="descending") == ["a", "B", "c"]


@pytest.mark.parametrize("path", ["emails.value", "emails"])
def test_pag_18_primary_or_first(path, scim):
    scim.make_user("one", emails=[{"value": "a@x.org"}, {"value": "z@x.org", "primary": True}])
    scim.make_user("two", emails=[{"value": "m@x.org"}, {"value": "b@x.org"}])
    scim.make_user("three", emails=[{"value": "n@x.org"}])
    assert order(scim, sortBy=path) == ["two", "three", "one"]


def test_pag_18_every_multi_valued_attribute(scim):
    scim.make_user("one", phoneNumbers=[{"value": "1"}, {"value": "9", "primary": True}])
    scim.make_user("two", phoneNumbers=[{"value": "5"}, {"value": "0"}])
    assert order(scim, sortBy="phoneNumbers.value") == ["two", "one"]


def test_pag_19_complex(scim):
    assert_error(scim.get("/Users", {"sortBy": "name"}), 400, "invalidValue", "sortBy")
    for name in ("B", "A"):
        scim.make_user(name, name={"familyName": name})
    assert order(scim, sortBy="name.familyName") == ["A", "B"]


def test_pag_20_absent_values(scim):
    for name, title in (("none", None), ("b", "b"), ("empty", ""), ("a", "a")):
        scim.make_user(name, title=title, phoneNumbers=[{"value": title}] if title else [])
    for path in ("title", "phoneNumbers.value"):
        assert order(scim, sortBy=path) == ["a", "b", "none", "empty"]
        assert order(scim, sortBy=path, sortOrder="descending")[2:] == ["b", "a"]


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"sortBy": "userName", "sortOrder": "up"}, id="PAG-21"),
        pytest.param({"sortBy": "nosuch"}, id="PAG-21-attribute"),
        pytest.param({"sortBy": "name.nosuch"}, id="PAG-21-sub-attribute"),
        pytest.param({"sortBy": "userName; DROP"}, id="PAG-21-text"),
        pytest.param({"sortBy": "password"}, id="PAG-22"),
        pytest.param({"sortBy": f"{USER}:password"}, id="PAG-22-urn"),
    ],
)
def test_invalid_order(params, scim):
    assert_error(scim.get("/Users", params), 400, "invalidValue", "sort")


def test_pag_23_ties(scim):
    made = [scim.make_user(f"u{number}", title="same")["userName"] for number in range(5)]
    assert in_pages(scim, sortBy="title") == made
    assert sorted(in_pages(scim, sortBy="title", sortOrder="descending")) == made


# Root queries


def test_pag_24_every_type_in_a_root_query(scim):
    scim.make_user("ann", displayName="Ann")
    scim.make_group("Antarctica")
    scim.make_group("Other")
    data = scim.get("/", {"filter": 'displayName sw "an"'}).data
    assert data["totalResults"] == 2
    kinds = [each["meta"]["resourceType"] for each in data["Resources"]]
    assert sorted(kinds) == ["Group", "User"]
    assert all(each["meta"]["location"].endswith(each["id"]) for each in data["Resources"])


def test_pag_25_attributes_of_several_types(scim):
    user, group = scim.make_user("ann", title="x"), scim.make_group("Guides")
    data = scim.get("/", {"attributes": "userName,members,displayName"}).data
    shown = {each["id"]: set(each) for each in data["Resources"]}
    assert shown[user["id"]] == {"schemas", "id", "userName"}
    assert shown[group["id"]] == {"schemas", "id", "displayName", "members"}
    data = scim.get("/", {"excludedAttributes": "title,displayName"}).data
    assert not any({"title", "displayName"} & set(each) for each in data["Resources"])
