"""Compare the grammar of filters with another parser, scim2-filter-parser.

That parser knows no schema, so it also accepts filters that are rejected here for their meaning. It
accepts everything that is accepted here. It ends a string at an escaped quote, contrary to RFC
7644, so such filters are left out.
"""

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from scim2_filter_parser.lexer import SCIMLexer
from scim2_filter_parser.parser import SCIMParser, SCIMParserError

from django_scim.protocol.attributes import load_schema
from django_scim.protocol.errors import InvalidFilter
from django_scim.protocol.filters.lexer import tokenize
from django_scim.protocol.filters.parser import parse_filter
from django_scim.protocol.resource_schema import ResourceSchema
from django_scim.protocol.tolerances import PROFILES, Tolerances

from .filters import Filters

SCHEMA = ResourceSchema("User", load_schema("User"), (load_schema("EnterpriseUser"),))
WHOLE = Filters(SCHEMA, []).filters().filter(lambda text: '\\"' not in text)


@st.composite
def damaged(draw):
    """Return a strategy for filters with a missing, repeated or foreign token."""
    text = draw(WHOLE)
    tokens = tokenize(text)
    at = draw(st.integers(0, len(tokens) - 1))
    token = tokens[at]
    end = token.position + len(token.text)
    other = draw(st.sampled_from(["", f"{token.text} {token.text}", "(", ")", "[", "]", "and",
                                  "not", "pr", '"x"', "eq"]))  # fmt: skip
    return f"{text[: token.position]}{other}{text[end:]}"


def is_taken(text, profile="strict"):
    try:
        parse_filter(text, SCHEMA, Tolerances(PROFILES[profile]))
    except InvalidFilter:
        return False
    return True


def is_taken_by_the_other(text):
    try:
        SCIMParser().parse(SCIMLexer().tokenize(text))
    except (SCIMParserError, ValueError):  # the lexer raises ValueError
        return False
    return True


@settings(max_examples=300, deadline=None, database=None)
@seed(1)
@given(WHOLE)
def test_both_accept_every_filter(text):
    assert is_taken(text, "default") and is_taken_by_the_other(text)


def test_other_parser_accepts_the_same_texts():
    outcomes = []

    @settings(max_examples=500, deadline=None, database=None)
    @seed(1)
    @given(damaged())
    def compare(text):
        outcomes.append(is_taken(text))
        assert not outcomes[-1] or is_taken_by_the_other(text)

    compare()
    assert 20 < sum(outcomes) < len(outcomes) - 100


@pytest.mark.parametrize(
    "text",
    ["", "title", "title eq", "title pr and", "(title pr", "title pr)", "emails[]", "title eq x",
     "emails[type pr", "not title pr", 'title eq "a" "b"', 'title xx "a"', 'title eq "x'],
)  # fmt: skip
def test_both_reject(text):
    assert not is_taken(text) and not is_taken_by_the_other(text)
