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


#: Terms on multi-valued attributes and on references, of which a filter can have fewer.
VALUE_TERMS = [
    term for term in TERMS if any(name in term for name in ("emails", "addr", "gro", "man", "sch"))
]


def value_terms(term):
    """Return how many terms on values one of these filters has."""
    return 1 + (" and " in term)


def chain(term, count, word):
    of_each = 1 + (" and " in term) + ("[" in term)  # brackets count as well as the terms inside
    return f" {word} ".join(term.format(number % 60) for number in range(count // of_each))


@pytest.mark.parametrize("term", TERMS)
def test_maximum_number_of_terms(scim, term, settings):
    settings.DJANGO_SCIM = {"MAX_FILTER_LENGTH": 200_000}
    scim.make_user(emails=[{"value": "a@x.example"}])
    for word in ("or", "and"):  # PostgreSQL would plan 500 joins for hours
        count = 25 // value_terms(term) * (1 + (" and " in term) + ("[" in term))
        text = chain(term, count if term in VALUE_TERMS else 200, word)
        assert scim.get("/Users", {"filter": text}).status_code == 200


@pytest.mark.parametrize("count", [201, 2_000, 20_000])
def test_too_many_terms(scim, settings, count):
    settings.DJANGO_SCIM = {"MAX_FILTER_LENGTH": 10_000_000}
    for word in ("and", "or"):
        assert_error(filters(scim, chain(TERMS[0], count, word)), 400, "invalidFilter", "200 terms")


@pytest.mark.parametrize("term", VALUE_TERMS)
def test_too_many_value_terms(scim, term):
    for word in ("and", "or"):
        text = f" {word} ".join(term.format(n) for n in range(25 // value_terms(term) + 1))
        assert_error(filters(scim, text), 400, "invalidFilter", "25 terms", "at character")


def test_number_of_value_terms_is_a_setting(scim, settings):
    settings.DJANGO_SCIM = {"MAX_FILTER_VALUE_TERMS": 1}
    assert scim.get("/Users", {"filter": "emails pr"}).status_code == 200
    assert_error(filters(scim, "emails[type pr or value pr]"), 400, "invalidFilter", "than 1 terms")
    assert_error(filters(scim, "emails[type pr].value pr"), 400, "invalidFilter", "than 1 terms")


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


def emails(count, text="{}@x.example"):
    return [{"value": text.format(number), "type": "work"} for number in range(count)]


def test_too_many_values(scim):
    user = scim.make_user(emails=emails(1_000))
    path, first = f"/Users/{user['id']}", emails(1)
    over = {"schemas": [USER], "userName": "other", "emails": emails(1_001)}
    one = {"value": "one@y.example"}
    for answer in (
        scim.post("/Users", over),
        scim.put(path, over),
        scim.patch(path, {"op": "replace", "path": "emails", "value": emails(1_001)}),
        scim.patch(path, {"op": "add", "path": "emails", "value": [one]}),
        scim.patch(
            path, {"op": "add", "path": 'emails[value eq "a@y.example"].type', "value": "x"}
        ),
    ):
        assert_error(answer, 400, "invalidValue", "emails: must not have more than 1000 values")
    assert scim.get(path).data == user
    operations = [
        {"op": "add", "path": "emails", "value": first},
        {"op": "remove", "path": 'emails[value eq "0@x.example"]'},
        {"op": "add", "path": "emails", "value": [one]},
    ]
    assert len(scim.patch(path, *operations).data["emails"]) == 1_000


def test_user_with_more_values_from_the_site(scim, settings):
    user = scim.make_user(emails=emails(20))
    path = f"/Users/{user['id']}"
    settings.DJANGO_SCIM = {"MAX_ATTRIBUTE_VALUES": 10}
    change = {"op": "replace", "path": 'emails[value eq "3@x.example"].type', "value": "home"}
    assert scim.patch(path, change).status_code == 200
    assert scim.patch(path, {"op": "remove", "path": 'emails[value eq "4@x.example"]'}).data
    more = {"op": "add", "path": "emails", "value": [{"value": str(n)} for n in range(2)]}
    assert_error(scim.patch(path, more), 400, "invalidValue", "than 10 values")
    assert len(scim.get(path).data["emails"]) == 19


@pytest.mark.parametrize(
    "path",
    ['emails[value co "{}@"].display', 'emails[not (value eq "{}")].display', "emails.display",
     'emails[type eq "work"].display', "{manager}"],
)  # fmt: skip
def test_work_of_a_patch(scim, path):
    user = scim.make_user(emails=emails(500))
    path = path.replace("{manager}", f"{ENTERPRISE}:manager")
    operations = [
        {"op": "replace", "path": path.format(n), "value": f"name {n}"} for n in range(1_000)
    ]
    answer = scim.patch(f"/Users/{user['id']}", *operations)
    assert_error(answer, 400, "invalidValue", path.split("[")[0].split(".display")[0], "too many")
    assert scim.get(f"/Users/{user['id']}").data == user


def test_indexed_values_of_a_patch(scim):
    user = scim.make_user(emails=emails(1_000))
    operations = [
        {"op": "replace", "path": f'emails[type eq "work" and value eq "{n}@X.example"].value',
         "value": f"{n}@y.example"}
        for n in range(1_000)
    ]  # fmt: skip
    answer = scim.patch(f"/Users/{user['id']}", *operations)
    expected = [f"{n}@y.example" for n in range(1_000)]
    assert sorted(each["value"] for each in answer.data["emails"]) == sorted(expected)


def test_passwords_of_a_bulk(connect, django_user_model):
    scim = connect(passwords="accept")
    secrets = [{}] + [{"password": "s3cret-x"}] * 7
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"b{n}",
         "data": {"schemas": [USER], "userName": f"user{n}", **secret}}
        for n, secret in enumerate(secrets)
    ]  # fmt: skip
    results = scim.bulk(*operations).data["Operations"]
    assert [each["status"] for each in results] == ["201"] * 6 + ["413"] * 2
    assert "at most 5 passwords" in results[-1]["response"]["detail"]
    assert django_user_model.objects.count() == 6
    user = f"/Users/{results[0]['location'].rpartition('/')[2]}"
    change = {"op": "replace", "path": "password", "value": "other-s3cret"}
    data = {"schemas": [PATCH_URN], "Operations": [change]}
    results = scim.bulk(*[{"method": "PATCH", "path": user, "data": data}] * 7).data["Operations"]
    assert [each["status"] for each in results].count("413") == 2


def test_last_of_several_passwords_is_set(connect, django_user_model, monkeypatch):
    scim = connect(passwords="accept")
    user = scim.make_user()
    operations = [
        {"op": "replace", "path": "password", "value": f"s3cret-number-{n}"} for n in range(20)
    ]
    hashed = []
    from django_scim.adapters.accounts import passwords

    make = passwords.make_password
    monkeypatch.setattr(passwords, "make_password", lambda text: hashed.append(text) or make(text))
    assert scim.patch(f"/Users/{user['id']}", *operations).status_code == 200
    assert django_user_model.objects.get().check_password("s3cret-number-19")
    assert hashed == ["s3cret-number-19"]
