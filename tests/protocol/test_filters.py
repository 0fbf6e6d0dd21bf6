"""The filter grammar (RFC 7644 section 3.4.2.2) and its errors."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_scim.protocol.attributes import ENTERPRISE_URN, load_schema
from django_scim.protocol.errors import InvalidFilter
from django_scim.protocol.filters import (
    And,
    Comparison,
    Not,
    Or,
    ValueFilter,
    count_comparisons,
    equalities,
    only_equalities,
    paths_in,
)
from django_scim.protocol.filters.evaluation import matches
from django_scim.protocol.filters.parser import Limits, parse_filter
from django_scim.protocol.resource_schema import ResourceSchema
from django_scim.protocol.tolerances import Tolerance

BABS = {
    "userName": "bjensen",
    "externalId": "abc",
    "name": {"familyName": "Jensen"},
    "active": True,
    "emails": [
        {"value": "bjensen@b.com", "type": "work", "primary": True},
        {"value": "babs@a.org", "type": "home"},
    ],
    "meta": {"lastModified": "2011-05-13T04:42:34Z"},
    ENTERPRISE_URN: {"department": "R", "manager": {"value": "26118915"}},
}
HITS = [
    'userName eq "BJENSEN"',
    "USERNAME Eq \"bjensen\"",
    'name.familyName co "ens"',
    'urn:ietf:params:scim:schemas:core:2.0:User:name.familyName sw "J"',
    f'{ENTERPRISE_URN}:manager.value eq "26118915"',
    f'{ENTERPRISE_URN.upper()}:Department eq "r"',
    'title ne "x"',
    "title eq null",
    "userName ne null",
    "emails pr",
    "active eq true",
    'emails.type ne "work"',
    'emails.type eq "work" and emails.value co "@a"',
    'emails co "@A.ORG"',
    "emails[primary eq false]",
    'meta.lastModified gt "2011-05-13T06:42:33+02:00"',
    'not (active eq true) and userName sw "a" or name.familyName pr',
    'userName eq "x" or userName eq "bjensen" and active eq true',
    'externalId eq "abc"',
    'externalId ge "abc"',
    'userName ew "sen"',
    'not(title pr)',
    'userName ne "jensen"',
    'userName lt "bk"',
    'userName le "BJENSEN"',
    'emails[type eq "home" or type eq "other"]',
    'emails[not (type eq "work")]',
    'emails[display ne "x"]',
    f'{ENTERPRISE_URN}:division ne "x"',
]  # fmt: skip
MISSES = [
    'externalId eq "ABC"',
    'emails[type eq "work" and value co "@a"]',
    'not (emails.type eq "work")',
    "title pr",
    'title gt "a"',
    "active eq false",
    'userName eq "x" or userName eq "bjensen" and active eq false',
    '(userName eq "x" or userName eq "bjensen") and active eq false',
    'meta.lastModified gt "2011-05-13T06:42:34+02:00"',
    'userName co "%"',
    'userName sw "b_"',
    'userName ne "BJENSEN"',
    'userName lt "bjensen"',
    'userName le "bj"',
    'emails[type eq "other" or value sw "x"]',
    'emails[not (type eq "home") and value co "@a"]',
    "emails[not (value pr)]",
    'emails[display eq "x"]',
    'emails[display lt "x"]',
]


@pytest.mark.parametrize("text", HITS)
def test_matching_filters(text, user_schema, strict):
    assert matches(parse_filter(text, user_schema, strict), BABS)


@pytest.mark.parametrize("text", MISSES)
def test_filters_that_do_not_match(text, user_schema, strict):
    assert not matches(parse_filter(text, user_schema, strict), BABS)


def test_absent_extension(user_schema, strict):
    def found(text):
        return matches(parse_filter(text, user_schema, strict), {"userName": "x"})

    assert not found(f"{ENTERPRISE_URN}:department pr")
    assert found(f'{ENTERPRISE_URN}:department ne "R"')


def test_precedence_of_not_and_and_or(user_schema, strict):
    tree = parse_filter('not (active eq true) and userName sw "a" or title pr', user_schema, strict)
    assert isinstance(tree, Or)
    assert isinstance(tree.terms[0], And)
    assert isinstance(tree.terms[0].terms[0], Not)
    assert tree.terms[1] == Comparison(user_schema.find("title"), "pr")


def test_string_escapes_are_those_of_json(user_schema, strict):
    tree = parse_filter(r'displayName eq "a\"b\\c\u00e9"', user_schema, strict)
    assert tree.value == 'a"b\\cé'


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        ("userName", 9),
        ("userName eq", 12),
        ('userName regex "x"', 10),
        ('nope eq "x"', 1),
        ('active eq true and nope eq "x"', 20),
        ('userName eq "x', 13),
        ("userName eq 'x'", 13),
        ('(userName eq "x"', 17),
        ('userName eq "x")', 16),
        ("active gt true", 8),
        ('active co "t"', 8),
        ("title gt null", 7),
        ("not title pr", 5),
        ('name eq "x"', 1),
        ('password eq "x"', 1),
        ('emails[userName eq "x"]', 8),
        ('emails[type eq "work" and emails[type pr]]', 27),
        ('meta.lastModified gt "yesterday"', 22),
        ("userName eq bjensen", 13),
        ('emails[type eq "work"].value eq "x"', 23),
        ('active eq "true"', 11),
        ('x509Certificates.value gt "AA"', 24),
        ("userName eq 5", 13),
    ],
)
def test_errors_give_the_position(text, position, user_schema, strict):
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, user_schema, strict)
    assert caught.value.scim_type == "invalidFilter"
    assert f"(at character {position})" in caught.value.detail


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        ("userName eq bjensen", Tolerance.UNQUOTED_VALUE),
        ('emails[type eq "work"].value eq "bjensen@b.com"', Tolerance.VALUE_PATH_SUFFIX),
        ('emails[primary eq "True"]', Tolerance.BOOLEAN_TEXT),
        ('manager eq "26118915"', Tolerance.BARE_EXTENSION),
    ],
)
def test_use_of_a_tolerance_is_recorded(text, tolerance, user_schema, entra):
    assert matches(parse_filter(text, user_schema, entra), BABS)
    assert tolerance in entra.used


def test_value_filter_contains_its_term(user_schema, strict):
    tree = parse_filter('emails[type eq "work"]', user_schema, strict)
    assert isinstance(tree, ValueFilter)
    assert str(tree.path) == "emails"
    assert str(tree.term.path) == "emails.type"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('userName eq "a"', "a"),
        ('userName eq "a" and title eq "b" and (title eq "c" and title pr)', "abc"),
        ('userName eq "a" and title ne "b" and title sw "c"', "a"),
        ('userName eq "a" and (title eq "b" or title eq "c")', "a"),
        ('userName eq "a" and not (title eq "b")', "a"),
        ('userName eq "a" or title eq "b"', ""),
    ],
)
def test_equalities_are_those_that_every_match_meets(text, values, user_schema, strict):
    tree = parse_filter(text, user_schema, strict)
    assert "".join(each.value for each in equalities(tree)) == values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "a"', True),
        ('userName eq "a" and title eq "b" and (title eq "c" and active eq true)', True),
        ('emails[type eq "work"]', True),
        ('emails[type eq "work" and value eq "a"]', True),
        ('userName eq "a" and emails[type eq "work"]', True),
        ("title pr", False),
        ('userName ne "a"', False),
        ('userName eq "a" and title pr', False),
        ('title pr and userName eq "a"', False),
        ('userName eq "a" or title eq "b"', False),
        ('not (userName eq "a")', False),
        ('emails[type eq "work" or value eq "a"]', False),
        ('emails[type eq "work" and value pr]', False),
        ('emails[not (type eq "work")]', False),
    ],
)
def test_filters_that_only_require_values(text, expected, user_schema, strict):
    assert only_equalities(parse_filter(text, user_schema, strict)) is expected


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("title pr", ["title"]),
        ("not (title pr)", ["title"]),
        ('userName eq "a" and title pr and active eq true', ["userName", "title", "active"]),
        ('userName eq "a" or title pr or title pr', ["userName", "title", "title"]),
        ("emails[type pr]", ["emails", "emails.type"]),
        (
            'title pr and (not (emails[type eq "work" or value pr]) or active eq true)',
            ["title", "emails", "emails.type", "emails.value", "active"],
        ),
    ],
)
def test_paths_and_comparisons_of_a_filter(text, paths, user_schema, strict):
    tree = parse_filter(text, user_schema, strict)
    assert [str(path) for path in paths_in(tree)] == paths
    assert count_comparisons(tree) == len([path for path in paths if path != "emails"])


def test_filters_are_equal_and_immutable(user_schema, strict):
    text = 'emails[type eq "work"] or not (title pr and active eq true)'
    tree, same = (parse_filter(text, user_schema, strict) for _ in range(2))
    assert tree == same and hash(tree) == hash(same)
    for term in (tree, *tree.terms, tree.terms[0].term, tree.terms[1].term):
        with pytest.raises(FrozenInstanceError):
            term.path = None


@pytest.mark.parametrize("text", ["title pr", "title ne null"])
def test_presence_is_compared_with_no_value(text, user_schema, strict):
    assert parse_filter(text, user_schema, strict) == Comparison(
        user_schema.find("title"), "pr", None
    )


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("(" * 9_000 + "title pr" + ")" * 9_000, "nested deeper than 40"),
        ("not (" * 100 + "title pr" + ")" * 100, "nested deeper than 40"),
        (" or ".join(["title pr"] * 201), "more than 200 terms"),
        ('userName eq "' + "x" * 20_000 + '"', "longer than 20000 characters"),
    ],
)
def test_default_limits(text, limit, user_schema, strict):
    with pytest.raises(InvalidFilter, match=limit):
        parse_filter(text, user_schema, strict)


def test_limits_of_the_site(user_schema, strict):
    with pytest.raises(InvalidFilter, match="more than 1 terms"):
        parse_filter("title pr or title pr", user_schema, strict, Limits(terms=1))


def test_attribute_of_another_type_is_absent(user_schema, group_schema, strict):
    tree = parse_filter("members pr", user_schema, strict, others=[user_schema, group_schema])
    assert tree.path.is_foreign
    with pytest.raises(InvalidFilter):
        parse_filter("nothing pr", user_schema, strict, others=[user_schema, group_schema])


SCHEMA = ResourceSchema("User", load_schema("User"))


@given(st.text(max_size=60))
def test_any_text_gives_a_tree_or_a_scim_error(text):
    try:
        parse_filter(text, SCHEMA)
    except InvalidFilter as error:
        assert error.detail


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_string_can_be_searched_for(value):
    import json

    tree = parse_filter(f"displayName eq {json.dumps(value)}", SCHEMA)
    assert tree.value == value
