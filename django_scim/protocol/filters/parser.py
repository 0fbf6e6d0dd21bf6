"""Parses a filter (RFC 7644 section 3.4.2.2).

The whole grammar is supported, and attributes are looked up in the schemas. Every error gives the
position of the character at which the filter is wrong.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..attributes import Attribute, AttributePath, Schema
from ..errors import InvalidFilter, InvalidValue
from ..formats import read_datetime
from ..resource_schema import ResourceSchema
from ..tolerances import Tolerance, Tolerances, mend_urn
from ..values import coerce_simple
from .lexer import Token, tokenize
from .terms import And, Comparison, Filter, Not, Or, ValueFilter

EQUALITY = ("eq", "ne")
SUBSTRING = ("co", "sw", "ew")
ORDER = ("gt", "ge", "lt", "le")
_WITH_VALUE = frozenset((*EQUALITY, *SUBSTRING, *ORDER))


@dataclass(frozen=True)
class Limits:
    """The largest length of a filter in characters, its depth, and its number of terms.

    ``value_terms`` are those that compare a value of a multi-valued attribute or a part of a
    reference. For each of them, a database searches another table.
    """

    length: int = 20_000
    depth: int = 40
    terms: int = 200
    value_terms: int = 25


_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_QUOTES = "'“”‘’"
_NAME = re.compile(r"\$?[A-Za-z][\w$:.-]*", re.ASCII)

Resolver = Callable[[str, int], AttributePath]


def parse_filter(
    text: str,
    schema: ResourceSchema,
    tolerances: Tolerances | None = None,
    limits: Limits = Limits(),
    others: Sequence[ResourceSchema] = (),
) -> Filter:
    """Return the tree of a filter on resources of ``schema``.

    ``others`` are the other resource types in the same query. The filter may name their
    attributes too; resources of ``schema`` do not have them (RFC 7644 section 3.4.2.1).

    Raise InvalidFilter for a syntax error, an unknown attribute, an operator or value that does
    not fit its attribute, or a filter that exceeds ``limits``.
    """
    if len(text) > limits.length:
        raise InvalidFilter(f"the filter is longer than {limits.length} characters")
    tolerances = tolerances or Tolerances()

    def resolve(name: str, position: int) -> AttributePath:
        path = schema.resolve(name, tolerances)
        if path is None:
            foreign = (each.resolve(name, tolerances) for each in others)
            path = next((replace(found, is_foreign=True) for found in foreign if found), None)
        if path is None:
            raise InvalidFilter(f"{schema.name} has no attribute {name!r}", position)
        return path

    tokens = tokenize(text)
    return Parser(tokens, resolve, tolerances, limits, len(text), schema=schema).parse()


def parse_value_filter(
    tokens: list[Token],
    parent: AttributePath,
    tolerances: Tolerances,
    limits: Limits,
    end: int,
) -> Filter:
    """Return the tree of the filter in the brackets after ``parent`` (``valFilter``).

    ``end`` is the position of the closing bracket. Raises InvalidFilter.
    """
    return Parser(tokens, _within(parent), tolerances, limits, end, nested=True).parse()


def _within(parent: AttributePath) -> Resolver:
    """Return a function that looks up names in brackets, where only sub-attributes are valid."""

    def resolve(name: str, position: int) -> AttributePath:
        path = parent.parts.get(name.lower())
        if path is None:
            raise InvalidFilter(f"{parent} has no sub-attribute {name!r}", position)
        return path

    return resolve


class Parser:
    """A recursive descent parser. ``not`` binds closest, then ``and``, then ``or``."""

    def __init__(
        self,
        tokens: list[Token],
        resolve: Resolver,
        tolerances: Tolerances,
        limits: Limits,
        end: int,
        nested: bool = False,
        schema: ResourceSchema | None = None,
    ) -> None:
        self.tokens = [*tokens, Token("end", "", end)]
        self.resolve, self.tolerances, self.limits = resolve, tolerances, limits
        self.nested, self.schema = nested, schema
        self.at = self.depth = self.terms = self.value_terms = 0

    def parse(self) -> Filter:
        token = self.tokens[0]
        if token.kind == "end":
            raise InvalidFilter("the filter is empty", token.position)
        result = self._or()
        token = self.tokens[self.at]
        if token.kind != "end":
            raise InvalidFilter(
                f"expected 'and', 'or' or the end, not {token.text!r}", token.position
            )
        return result

    def _next(self, expected: str) -> Token:
        token = self.tokens[self.at]
        if token.kind == "end":
            raise InvalidFilter(f"expected {expected}, but the filter ends", token.position)
        self.at += 1
        return token

    def _keyword(self, word: str) -> bool:
        token = self.tokens[self.at]
        if token.kind == "word" and token.text.lower() == word:
            self.at += 1
            return True
        return False

    def _mark(self, mark: str) -> None:
        token = self._next(repr(mark))
        if token.kind != "mark" or token.text != mark:
            raise InvalidFilter(f"expected {mark!r}, not {token.text!r}", token.position)

    def _or(self) -> Filter:
        terms = [self._and()]
        while self._keyword("or"):
            terms.append(self._and())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _and(self) -> Filter:
        terms = [self._factor()]
        while self._keyword("and"):
            terms.append(self._factor())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _factor(self) -> Filter:
        self.depth += 1
        if self.depth > self.limits.depth:
            raise InvalidFilter(
                f"the filter is nested deeper than {self.limits.depth} levels",
                self.tokens[self.at].position,
            )
        try:
            if self._keyword("not"):
                return Not(self._group())
            token = self.tokens[self.at]
            if token.kind == "mark" and token.text == "(":
                return self._group()
            return self._attribute()
        finally:
            self.depth -= 1

    def _group(self) -> Filter:
        self._mark("(")
        result = self._or()
        self._mark(")")
        return result

    def _attribute(self) -> Filter:
        self.terms += 1
        token = self._next("the name of an attribute")
        if self.terms > self.limits.terms:
            raise InvalidFilter(
                f"the filter has more than {self.limits.terms} terms", token.position
            )
        if token.kind != "word" or not _NAME.fullmatch(token.text):
            raise InvalidFilter(
                f"expected the name of an attribute, not {token.text!r}", token.position
            )
        if self.schema is not None and ":" in token.text:
            whole = self.schema.by_urn(mend_urn(token.text, self.tolerances))
            if whole is not None:
                return self._whole_schema(whole, token)
        path = self.resolve(token.text, token.position)
        if path.attribute.returned == "never":
            raise InvalidFilter(f"{path} cannot be used in a filter", token.position)
        following = self.tokens[self.at]
        if following.kind == "mark" and following.text == "[":
            return self._value_path(path, following)
        self._count_value_term(path, token)
        return self._comparison(path, token)

    def _whole_schema(self, whole: Schema, token: Token) -> Filter:
        """Return the filter for a schema's URN and ``pr``: any attribute is present."""
        operator = self._next("an operator")
        if operator.text.lower() != "pr" or not self.tolerances.permit(Tolerance.WHOLE_SCHEMA):
            raise InvalidFilter(f"{token.text!r} is not the name of an attribute", token.position)
        assert self.schema is not None
        path = self.schema.find("schemas")
        assert path is not None
        return Comparison(path, "eq", whole.id)

    def _count_value_term(self, path: AttributePath, token: Token) -> None:
        attribute = path.attribute
        is_reference = attribute.sub("$ref") is not None
        self.value_terms += self.nested or attribute.multi_valued or is_reference
        if self.value_terms > self.limits.value_terms:
            raise InvalidFilter(
                f"the filter has more than {self.limits.value_terms} terms on multi-valued "
                f"attributes or references, each comparison in brackets counted",
                token.position,
            )

    def _value_path(self, path: AttributePath, bracket: Token) -> Filter:
        if self.nested or path.sub is not None or not path.attribute.is_complex:
            raise InvalidFilter(f"{path} cannot be followed by brackets", bracket.position)
        self._mark("[")
        outer, self.resolve, self.nested = self.resolve, _within(path), True
        try:
            term = self._or()
            self._mark("]")
            suffix = self.tokens[self.at]
            if suffix.kind == "word" and suffix.text.startswith("."):
                if not self.tolerances.permit(Tolerance.VALUE_PATH_SUFFIX):
                    raise InvalidFilter(
                        f"{suffix.text!r} cannot follow the brackets", suffix.position
                    )
                self.at += 1
                sub = self.resolve(suffix.text[1:], suffix.position + 1)
                self._count_value_term(sub, suffix)
                term = And((term, self._comparison(sub, suffix)))
        finally:
            self.resolve, self.nested = outer, False
        return ValueFilter(path, term)

    def _comparison(self, path: AttributePath, token: Token) -> Filter:
        operator = self._next("an operator")
        op = operator.text.lower() if operator.kind == "word" else operator.text
        if op == "pr":
            return Comparison(path, "pr")
        if op not in _WITH_VALUE:
            raise InvalidFilter(
                f"expected one of the operators eq, ne, co, sw, ew, gt, ge, lt, le and pr, "
                f"not {operator.text!r}",
                operator.position,
            )
        path = self._simple(path, token)
        value_token = self._next("a value")
        value = self._value(path.leaf, value_token)
        if value is None:
            if op not in EQUALITY:
                raise InvalidFilter(
                    f"null can be compared by eq and ne, not by {op}", operator.position
                )
            present = Comparison(path, "pr")
            return Not(present) if op == "eq" else present
        self._check_operator(path, op, operator)
        return Comparison(path, op, self._typed(path, value, value_token))

    def _simple(self, path: AttributePath, token: Token) -> AttributePath:
        """Return the path to compare, for a complex attribute that of its ``value``.

        RFC 7644 section 3.4.2.2 has the example ``emails co "example.com"``.
        """
        if not path.leaf.is_complex:
            return path
        if path.attribute.default_sub is None:
            first = path.attribute.sub_attributes[0].name
            raise InvalidFilter(
                f"{path} is complex; compare one of its sub-attributes, such as {path}.{first}",
                token.position,
            )
        return path.parts["value"]

    def _check_operator(self, path: AttributePath, op: str, operator: Token) -> None:
        kind = path.leaf.type
        has_no_order = op in ORDER and kind in ("boolean", "binary")
        if has_no_order or (op in SUBSTRING and not path.leaf.is_text):
            raise InvalidFilter(
                f"{path} has the type {kind}, which cannot be compared by {op}", operator.position
            )

    def _value(self, attribute: Attribute, token: Token) -> Any:
        """Return the JSON value of a token (``compValue``)."""
        if token.kind == "string":
            try:
                value = json.loads(token.text, strict=False)
                value.encode()
            except ValueError:
                raise InvalidFilter("this is not a JSON string", token.position) from None
            if "\0" in value:
                raise InvalidFilter("a string cannot contain NUL", token.position)
            return value
        if token.kind == "other" and self.tolerances.permit(Tolerance.OTHER_QUOTES):
            # Such clients write a backslash as it is.
            return re.sub(r"\\([\\'])", r"\1", token.text[1:-1])
        if token.kind == "word" and token.text[0] not in _QUOTES:
            if token.text in ("true", "false", "null"):
                return json.loads(token.text)
            if _NUMBER.fullmatch(token.text) and not attribute.is_text and len(token.text) < 40:
                number = json.loads(token.text)
                if not math.isfinite(number):
                    raise InvalidFilter("the number is too large", token.position)
                return number
            if self.tolerances.permit(Tolerance.UNQUOTED_VALUE):
                return token.text
        wanted = 'a text such as "x"' if attribute.is_text else 'a value such as "text", true or 5'
        raise InvalidFilter(f"expected {wanted}, not {token.text!r}", token.position)

    def _typed(self, path: AttributePath, value: Any, token: Token) -> Any:
        leaf: Attribute = path.leaf
        if leaf.type == "dateTime":
            moment = read_datetime(value, self.tolerances)
            if moment is None:
                raise InvalidFilter(
                    f'{path} must be compared with a time such as "2008-01-23T04:56:22Z"',
                    token.position,
                )
            return moment
        if leaf.type == "binary" and isinstance(value, str):
            return value
        try:
            return coerce_simple(leaf, value, str(path), self.tolerances)
        except InvalidValue as error:
            raise InvalidFilter(error.detail, token.position) from None
