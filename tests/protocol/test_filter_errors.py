"""The error messages for invalid filters, and the exact limits (RFC 7644 section 3.4.2.2)."""

import pytest

from django_scim.protocol.attributes import ENTERPRISE_URN, Attribute, Schema
from django_scim.protocol.errors import InvalidFilter
from django_scim.protocol.filters.parser import Limits, parse_filter
from django_scim.protocol.paths import parse_path
from django_scim.protocol.resource_schema import ResourceSchema
from django_scim.protocol.tolerances import PROFILES, Tolerances

MEASURES = ResourceSchema(
    "Box",
    Schema(
        "urn:example:box",
        "Box",
        "A box.",
        (
            Attribute(name="name"),
            Attribute(name="count", type="integer"),
            Attribute(name="weight", type="decimal"),
            Attribute(name="packed", type="dateTime"),
        ),
    ),
)


def refusal(text, *arguments, **options):
    """Return the detail of the error of a wrong filter."""
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, *arguments, **options)
    return caught.value.detail


ERRORS = [
    # The filter ends too early.
    ("", 1, "the filter is empty"),
    ("userName", 9, "expected an operator, but the filter ends"),
    ("userName eq", 12, "expected a value, but the filter ends"),
    ("title pr and", 13, "expected the name of an attribute, but the filter ends"),
    ("not", 4, "expected '(', but the filter ends"),
    ("(title pr", 10, "expected ')', but the filter ends"),
    ("emails[type pr", 15, "expected ']', but the filter ends"),
    # Something else was expected.
    ("not title pr", 5, "expected '(', not 'title'"),
    ("(title pr]", 10, "expected ')', not ']'"),
    ("emails[type pr)", 15, "expected ']', not ')'"),
    ("title pr)", 9, "expected 'and', 'or' or the end, not ')'"),
    ("title pr title pr", 10, "expected 'and', 'or' or the end, not 'title'"),
    ('"title" pr', 1, "expected the name of an attribute, not '\"title\"'"),
    ("title pr or ]", 13, "expected the name of an attribute, not ']'"),
    ("1title pr", 1, "expected the name of an attribute, not '1title'"),
    ("titlé pr", 1, "expected the name of an attribute, not 'titlé'"),
    ("title )", 7, "expected one of the operators eq, ne, co, sw, ew, gt, ge, lt, le and pr, "
                   "not ')'"),
    ('title is "x"', 7, "not 'is'"),
    ('title "pr"', 7, "not '\"pr\"'"),
    ("title eq (", 10, "expected a text such as \"x\", not '('"),
    ("title eq 5", 10, "expected a text such as \"x\", not '5'"),
    # Attributes
    ("nothing pr", 1, "User has no attribute 'nothing'"),
    ("title pr and nothing pr", 14, "User has no attribute 'nothing'"),
    ("emails[nothing pr]", 8, "emails has no sub-attribute 'nothing'"),
    ("emails[title pr]", 8, "emails has no sub-attribute 'title'"),
    ("password pr", 1, "password cannot be used in a filter"),
    ("title[value pr]", 6, "title cannot be followed by brackets"),
    ("emails.type[value pr]", 12, "emails.type cannot be followed by brackets"),
    ("emails[type[value pr]]", 12, "emails.type cannot be followed by brackets"),
    ("emails[type pr].value pr", 16, "'.value' cannot follow the brackets"),
    ('name eq "x"', 1, "name is complex; compare one of its sub-attributes, such as "
                       "name.formatted"),
    # Values that do not fit
    ("title gt null", 7, "null can be compared by eq and ne, not by gt"),
    ('active eq "true"', 11, "active: "),
    ("active eq 5", 11, "active: "),
    (r'title eq "\x"', 10, "this is not a JSON string"),
    (r'title eq "\ud800"', 10, "this is not a JSON string"),
    (r'title eq "a\u0000"', 10, "a string cannot contain NUL"),
    ('title eq "a', 10, "the string that starts here has no closing quote"),
    (r'title eq "x" and title eq "a\"b', 27, "the string that starts here has no closing quote"),
    *[
        (f"meta.created gt {value}", 17,
         'meta.created must be compared with a time such as "2008-01-23T04:56:22Z"')
        for value in ('"yesterday"', "true", "5")
    ],
]  # fmt: skip


@pytest.mark.parametrize(("text", "position", "words"), ERRORS)
def test_errors_contain_cause_and_position(text, position, words, user_schema, strict):
    detail = refusal(text, user_schema, strict)
    assert words in detail and f"(at character {position})" in detail


@pytest.mark.parametrize("op", ["gt", "ge", "lt", "le"])
@pytest.mark.parametrize(
    ("path", "kind", "value"),
    [("active", "boolean", "true"), ("x509Certificates.value", "binary", '"AA"')],
)
def test_some_types_have_no_order(path, kind, value, op, user_schema, strict):
    detail = refusal(f"{path} {op} {value}", user_schema, strict)
    assert f"{path} has the type {kind}, which cannot be compared by {op}" in detail
    assert f"(at character {len(path) + 2})" in detail


@pytest.mark.parametrize("op", ["co", "sw", "ew"])
@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [("count", "integer", "5"), ("packed", "dateTime", '"2008-01-23T04:56:22Z"')],
)
def test_only_texts_have_parts(op, name, kind, value, strict):
    detail = refusal(f"{name} {op} {value}", MEASURES, strict)
    assert f"{name} has the type {kind}, which cannot be compared by {op}" in detail


def test_error_after_the_brackets_of_a_value_path(user_schema, entra):
    detail = refusal("emails[type pr].nothing pr", user_schema, entra)
    assert "emails has no sub-attribute 'nothing' (at character 17)" in detail


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("emails[]", 8, "the filter is empty"),
        ("emails[type eq]", 15, "expected a value, but the filter ends"),
        ("emails[title pr]", 8, "emails has no sub-attribute 'title'"),
        ("emails[type[value pr]]", 12, "emails.type cannot be followed by brackets"),
        ("emails[type eq work]", 16, "expected a text such as"),
    ],
)
def test_errors_in_the_brackets_of_a_patch_path(text, position, words, user_schema, strict):
    with pytest.raises(InvalidFilter) as caught:
        parse_path(text, user_schema, strict)
    assert words in caught.value.detail
    assert f"(at character {position})" in caught.value.detail


def test_brackets_of_a_patch_path_have_the_tolerances(user_schema, entra):
    where = parse_path("emails[type eq work]", user_schema, entra).where
    assert where.value == "work"


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-5", -5), ("120", 120), ("5.25", 5.25), ("-0.5", -0.5), ("1e3", 1000.0),
     ("1E3", 1000.0), ("25e-1", 2.5), ("2E+2", 200.0), ("1" * 39, int("1" * 39))],
)  # fmt: skip
def test_numbers_of_json(text, value, strict):
    assert parse_filter(f"weight eq {text}", MEASURES, strict).value == value


@pytest.mark.parametrize(
    "text", ["05", "+5", ".5", "5.", "1e", "--5", "0x5", "5a", "a5", "NaN", "Infinity", "٥", "1٥",
             "1" * 40]
)  # fmt: skip
@pytest.mark.parametrize("name", ["count", "weight"])
def test_invalid_numbers(text, name, strict):
    detail = refusal(f"{name} eq {text}", MEASURES, strict)
    assert "expected a value such as" in detail and f"not {text!r}" in detail
    assert f"(at character {len(name) + 5})" in detail


@pytest.mark.parametrize("text", ["1e999", "-1e999"])
def test_numbers_that_are_too_large(text, strict):
    assert "the number is too large (at character 11)" in refusal(
        f"weight eq {text}", MEASURES, strict
    )


def test_numbers_are_texts_for_texts(entra):
    assert parse_filter("name eq 5", MEASURES, entra).value == "5"


# Limits


def check_limit(schema, tolerances, allowed, refused, words, position, **limits):
    parse_filter(allowed, schema, tolerances, Limits(**limits))
    detail = refusal(refused, schema, tolerances, Limits(**limits))
    assert words in detail and f"(at character {position})" in detail


def test_longest_filter(user_schema, strict):
    parse_filter("title pr" + " " * 19_992, user_schema, strict)
    assert "longer than 20000" in refusal("title pr" + " " * 19_993, user_schema, strict)


@pytest.mark.parametrize("before", ["", "(title pr) and (title pr) and ", "not (title pr) or "])
def test_deepest_filter(before, user_schema, strict):
    """Earlier brackets, which are closed, do not count."""
    check_limit(
        user_schema, strict,
        before + "(" * 39 + "title pr" + ")" * 39,
        before + "(" * 40 + "title pr" + ")" * 40,
        "nested deeper than 40 levels", len(before) + 41,
    )  # fmt: skip


def test_largest_number_of_terms(user_schema, strict):
    one = "title pr or "
    check_limit(
        user_schema, strict, one * 199 + "title pr", one * 200 + "title pr",
        "more than 200 terms", 200 * len(one) + 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    "term",
    ["emails pr", 'emails.type eq "x"', "emails[type pr]", f"{ENTERPRISE_URN}:manager.value pr"],
)
def test_largest_number_of_terms_that_search_other_tables(term, user_schema, strict):
    """Each comparison in brackets counts, but the brackets do not."""
    one = f"{term} or title pr or "
    at = len(one) * 25 + (8 if "[" in term else 1)
    words = "more than 25 terms on multi-valued attributes or references"
    check_limit(user_schema, strict, one * 24 + term, one * 25 + term, words, at)


def test_terms_within_one_pair_of_brackets(user_schema, strict):
    check_limit(
        user_schema, strict, "emails[type pr and value pr]",
        "emails[type pr and value pr and primary eq true]", "more than 2 terms", 33, value_terms=2,
    )  # fmt: skip


def test_terms_in_the_brackets_of_an_attribute_with_one_value(user_schema, strict):
    check_limit(
        user_schema, strict, "name[givenName pr] and name.familyName pr",
        "name[givenName pr and familyName pr]", "more than 1 terms", 23, value_terms=1,
    )  # fmt: skip


def test_comparison_after_brackets_counts(user_schema, entra):
    check_limit(
        user_schema, entra, "emails[type pr].value pr", "emails[type pr or type pr].value pr",
        "more than 2 terms", 27, value_terms=2,
    )  # fmt: skip


# Brackets, other types, and values that are not checked


@pytest.mark.parametrize(
    "text",
    ["emails[type pr] and title pr", "emails[type pr] or phoneNumbers[type pr]",
     "emails[type pr] and emails.value pr", "(emails[type pr])"],
)  # fmt: skip
def test_brackets_end(text, user_schema, strict):
    parse_filter(text, user_schema, strict)


def test_tolerances_apply_to_other_resource_types(user_schema, group_schema, entra, strict):
    assert parse_filter("manager pr", group_schema, entra, others=[user_schema]).path.is_foreign
    assert "Group has no attribute 'manager'" in refusal(
        "manager pr", group_schema, strict, others=[user_schema]
    )


def test_tolerances_are_those_of_the_profile(user_schema):
    default = Tolerances(PROFILES["default"])
    assert parse_filter("title eq Guide", user_schema, default).value == "Guide"
    with pytest.raises(InvalidFilter):
        parse_filter("title eq Guide", user_schema)


@pytest.mark.parametrize(
    ("text", "value"),
    [('title eq "a\tb\nc"', "a\tb\nc"), ('title eq "(a or b]"', "(a or b]"),
     ('x509Certificates.value eq "%"', "%"), ('title eq ""', "")],
)  # fmt: skip
def test_texts_that_can_be_searched_for(text, value, user_schema, strict):
    assert parse_filter(text, user_schema, strict).value == value
