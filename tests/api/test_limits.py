"""Limits: a request at the limit succeeds, and one above it fails with a clear error."""

import json

import pytest

from django_scim.protocol.messages.patch import PATCH_URN

from ..client import ENTERPRISE, SEARCH, USER, assert_error

TERMS = [
    'userName eq "x{}"',
    'title ne "x{}"',
    'emails.value co "x{}"',
    'emails[type eq "work" and value sw "x{}"]',
    'not (addresses[locality eq "x{}"])',
    'groups.display eq "x{}"',
    f'{ENTERPRISE}:manager.displayName eq "x{{}}"',
    "name pr",
    'title ge "x{}"',
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    'meta.created gt "2020-01-01T00:00:{:02}Z"',
]


def filters(scim, text):
    """Send a filter by GET and by POST, which must give the same response."""
    by_get = scim.get("/Users", {"filter": text})
    by_post = scim.post("/Users/.search", {"schemas": [SEARCH], "filter": text})
    assert by_get.status_code == by_post.status_code
    assert by_get.data.get("scimType") == by_post.data.get("scimType")
    return by_get


def chain(term, count, word):
    of_each = 1 + (" and " in term) + ("[" in term)  # brackets count as well as the terms inside
    return f" {word} ".join(term.format(number % 60) for number in range(count // of_each))


@pytest.mark.parametrize("term", TERMS)
def test_maximum_number_of_terms(scim, term, settings):
    settings.DJANGO_SCIM = {"MAX_FILTER_LENGTH": 200_000}
    scim.make_user(emails=[{"value": "a@x.example"}])
    for word in ("or", "and"):  # PostgreSQL would plan 500 joins for hours
        text = chain(term, 500, word)
        assert scim.get("/Users", {"filter": text}).status_code == 200


@pytest.mark.parametrize("count", [501, 2_000, 20_000])
def test_too_many_terms(scim, settings, count):
    settings.DJANGO_SCIM = {"MAX_FILTER_LENGTH": 10_000_000}
    for word in ("and", "or"):
        assert_error(filters(scim, chain(TERMS[0], count, word)), 400, "invalidFilter", "500 terms")


@pytest.mark.parametrize("opening", ["(", "not (", "not (not ("])
def test_maximum_depth(scim, opening):
    scim.make_user()
    levels = 38 // opening.count("(")
    text = opening * levels + "title pr" + ")" * (levels * opening.count("("))
    assert filters(scim, text).status_code == 200
    inside = f"emails[{opening * levels}type pr{')' * (levels * opening.count('('))}]"
    assert filters(scim, inside).status_code == 200


@pytest.mark.parametrize("depth", [41, 200, 5_000])
@pytest.mark.parametrize("opening", ["(", "not ("])
@pytest.mark.parametrize("around", ["{}", "emails[{}]", 'userName eq "x" or {}'])
def test_too_deep(scim, depth, opening, around):
    text = around.format(opening * depth + "type pr" + ")" * depth)
    if depth == 5_000:
        assert_error(filters(scim, text), 400, "invalidFilter", "longer than 20000") if len(
            text
        ) > 20_000 else assert_error(filters(scim, text), 400, "invalidFilter", "deeper than 40")
        text = around.format(opening * depth)[:19_000]
    assert_error(filters(scim, text), 400, "invalidFilter", "deeper than 40")


@pytest.mark.parametrize(
    "text",
    ['userName eq "' + "x" * 1_000_000 + '"', "(" * 1_000_000, "a" * 1_000_000 + " pr",
     " " * 1_000_000, "\\" * 1_000_000, '"' * 1_000_000],
)  # fmt: skip
def test_filter_of_one_megabyte(scim, text):
    assert_error(filters(scim, text), 400, "invalidFilter")


def patch(scim, operations):
    """Send operations and assert that a rejection changes nothing."""
    user = scim.make_user(title="Boss", emails=[{"value": "a@x.example", "type": "work"}])
    answer = scim.patch(f"/Users/{user['id']}", *operations)
    if answer.status_code >= 400:
        assert scim.get(f"/Users/{user['id']}").data == user
    return answer


def test_maximum_number_of_operations(scim):
    each = [
        {"op": "replace", "path": "title", "value": "Guide"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "b@x.example"},
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "1"}]},
        {"op": "replace", "value": {"name": {"givenName": "Amy"}}},
    ]
    answer = patch(scim, each * 250)
    assert answer.status_code == 200
    assert answer.data["title"] == "Guide" and answer.data["phoneNumbers"] == [{"value": "1"}]


@pytest.mark.parametrize("count", [1_001, 10_000])
def test_too_many_operations(scim, count):
    operation = {"op": "replace", "path": "title", "value": "Guide"}
    assert_error(patch(scim, [operation] * count), 400, "invalidSyntax", "1000 operations")


@pytest.mark.parametrize(
    ("path", "scim_type"),
    [
        (f"emails[{'(' * 41}type pr{')' * 41}].value", "invalidFilter"),
        (f"emails[{'(' * 5_000}type pr{')' * 5_000}].value", "invalidFilter"),
        (f"emails[{'not (' * 200}type pr{')' * 200}].value", "invalidFilter"),
        (f"emails[{' or '.join(['type pr'] * 501)}]", "invalidFilter"),
        ("emails" + "[" * 10_000, "invalidFilter"),
        ("emails" + "[type pr]" * 2_000, "invalidPath"),
        ("name" + ".name" * 3_000, "invalidPath"),
        ("x" * 1_000_000, "invalidPath"),
        (" " * 19_000, "invalidPath"),
    ],
)
def test_oversized_paths(scim, path, scim_type):
    operation = {"op": "replace", "path": path, "value": "x"}
    assert_error(patch(scim, [operation]), 400, scim_type)


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_nesting_at_the_limit(scim, opening, closing):
    """The body is one level, and the value of its member the other 29."""
    for levels, allowed in ((29, True), (30, False)):
        value = deep(levels, opening, closing)
        raw = f'{{"schemas":["{USER}"],"userName":"u{levels}","emails":{value}}}'
        answer = scim.request("POST", "/Users", raw=raw)
        assert answer.status_code == 400
        assert ("deeper than 30" not in answer.data["detail"]) is allowed


@pytest.mark.parametrize("opening", ["(", "not ("])
@pytest.mark.parametrize("around", ["{}", "emails[{}]", 'userName eq "x" or {}'])
def test_filter_at_the_depth_limit(scim, opening, around):
    """The comparison is one level, as are brackets around it; parentheses are the others."""
    comparison, allowed = ("type pr", 38) if "[" in around else ("title pr", 39)
    for levels, status in ((allowed, 200), (allowed + 1, 400)):
        text = around.format(opening * levels + comparison + ")" * levels)
        assert filters(scim, text).status_code == status


def deep(levels, opening='{"a":', closing="}"):
    return opening * levels + "1" + closing * levels


@pytest.mark.parametrize("levels", [31, 200, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_deeply_nested_body(scim, levels, opening, closing):
    user = scim.make_user()
    value = deep(levels, opening, closing)
    schemas = f'"schemas":["{USER}"]'
    operation = f'{{"op":"add","path":"emails","value":{value}}}'
    for method, path, body in (
        ("POST", "/Users", f'{{{schemas},"userName":"b","nonsense":{value}}}'),
        ("PUT", f"/Users/{user['id']}", f'{{{schemas},"userName":"b","emails":{value}}}'),
        ("PATCH", f"/Users/{user['id']}",
         f'{{"schemas":["{PATCH_URN}"],"Operations":[{operation}]}}'),
        ("POST", "/Users/.search", f'{{"schemas":["{SEARCH}"],"filter":{value}}}'),
    ):  # fmt: skip
        answer = scim.request(method, path, raw=body)
        assert_error(answer, 400, "invalidSyntax", "deeper than 30")
    assert scim.get(f"/Users/{user['id']}").data == user


@pytest.mark.parametrize("levels", [2_000, 100_000])
def test_deeply_nested_json_in_a_string(scim, levels):
    """Some connectors send a JSON document in a string; the same depth limit applies."""
    answer = patch(scim, [{"op": "add", "value": json.dumps({"title": "x"})[:-1] + ',"a":'
                           + deep(levels) + "}"}])  # fmt: skip
    assert_error(answer, 400, "invalidValue")


@pytest.mark.parametrize("name", ["userName", "title", "externalId", "profileUrl"])
def test_text_of_one_megabyte(scim, name):
    body = {"schemas": [USER], "userName": "long", name: "x" * 1_000_000}
    assert_error(scim.post("/Users", body), 400, "invalidValue", name)


def test_number_with_many_digits(scim):
    body = f'{{"schemas":["{USER}"],"userName":"x","title":{"9" * 10_000}}}'
    assert_error(scim.request("POST", "/Users", raw=body), 400, "invalidSyntax")
    assert_error(scim.get("/Users", {"filter": f"meta.created gt {'9' * 10_000}"}),
                 400, "invalidFilter")  # fmt: skip
