"""Filter text to a frozen tree (RFC 7644 section 3.4.2.2), resolved against the schemas.

The whole grammar: comparison and ``pr``, ``and``, ``or``, ``not``, grouping, value paths. Each
error names the character at which the text goes wrong.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .attributes import Attribute, AttributePath, ResourceSchema
from .errors import InvalidFilter, InvalidValue
from .filter_lexer import Token, tokenize
from .tolerances import Tolerance, Tolerances
from .values import coerce_one, parse_datetime

EQUALITY = ("eq", "ne")
SUBSTRING = ("co", "sw", "ew")
ORDER = ("gt", "ge", "lt", "le")


@dataclass(frozen=True)
class Comparison:
    """``path op value``; ``pr`` has no value. ``eq null`` is written with ``pr`` (7643 2.5)."""

    path: AttributePath
    op: str
    value: Any = None


@dataclass(frozen=True)
class And:
    terms: tuple["Filter", ...]


@dataclass(frozen=True)
class Or:
    terms: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    term: "Filter"


@dataclass(frozen=True)
class ValueFilter:
    """``path[term]``: one and the same value of the attribute satisfies the term."""

    path: AttributePath
    term: "Filter"


Filter = Comparison | And | Or | Not | ValueFilter


def paths_in(term: Filter) -> Iterator[AttributePath]:
    """Yield every attribute that a filter names."""
    match term:
        case And(terms) | Or(terms):
            for each in terms:
                yield from paths_in(each)
        case Not(inner):
            yield from paths_in(inner)
        case Comparison(path) | ValueFilter(path):
            yield path
            if isinstance(term, ValueFilter):
                yield from paths_in(term.term)


@dataclass(frozen=True)
class Limits:
    """How large a filter may be before it is refused unread."""

    length: int = 20_000
    depth: int = 40
    terms: int = 500


_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
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

    ``others`` are the types that the same query also covers: their attributes are known, and
    absent from resources of ``schema`` (RFC 7644 section 3.4.2.1).

    Raises InvalidFilter, with the position, for text outside the grammar, an unknown attribute,
    an operator or a value that does not go with the attribute, or a filter beyond ``limits``.
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

    parser = Parser(tokenize(text), resolve, tolerances, limits, len(text))
    return parser.parse()


def parse_value_filter(
    tokens: list[Token],
    parent: AttributePath,
    tolerances: Tolerances,
    limits: Limits,
    end: int,
) -> Filter:
    """Return the tree of what stands in the brackets after ``parent`` (a valFilter)."""
    return Parser(tokens, _within(parent), tolerances, limits, end, nested=True).parse()


def _within(parent: AttributePath) -> Resolver:
    """Return the look-up for names in brackets: sub-attributes of the parent, nothing else."""

    def resolve(name: str, position: int) -> AttributePath:
        sub = parent.attribute.sub(name)
        if sub is None:
            raise InvalidFilter(f"{parent} has no sub-attribute {name!r}", position)
        return replace(parent, sub=sub)

    return resolve


class Parser:
    """Recursive descent over the tokens; ``or`` binds loosest, then ``and``, then ``not``."""

    def __init__(
        self,
        tokens: list[Token],
        resolve: Resolver,
        tolerances: Tolerances,
        limits: Limits,
        end: int,
        nested: bool = False,
    ) -> None:
        self.tokens, self.resolve, self.tolerances = tokens, resolve, tolerances
        self.limits, self.end, self.nested = limits, end, nested
        self.at = self.depth = self.terms = 0

    def parse(self) -> Filter:
        if not self.tokens:
            raise InvalidFilter("the filter is empty", self.end)
        result = self._or()
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            raise InvalidFilter(f"expected 'and', 'or' or the end, not {token.text!r}", token[2])
        return result

    def _peek(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else Token("end", "", self.end)

    def _next(self, expected: str) -> Token:
        token = self._peek()
        if token.kind == "end":
            raise InvalidFilter(f"expected {expected}, but the filter ends", token.position)
        self.at += 1
        return token

    def _keyword(self, word: str) -> bool:
        token = self._peek()
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
                f"the filter is nested deeper than {self.limits.depth}", self._peek().position
            )
        try:
            if self._keyword("not"):
                return Not(self._group())
            token = self._peek()
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
        token = self._next("an attribute")
        if self.terms > self.limits.terms:
            raise InvalidFilter(
                f"the filter has more than {self.limits.terms} terms", token.position
            )
        if token.kind != "word" or not _NAME.fullmatch(token.text):
            raise InvalidFilter(f"expected an attribute, not {token.text!r}", token.position)
        path = self.resolve(token.text, token.position)
        if path.attribute.returned == "never":
            raise InvalidFilter(f"{path} cannot be used in a filter", token.position)
        following = self._peek()
        if following.kind == "mark" and following.text == "[":
            return self._value_path(path, following)
        return self._comparison(path, token)

    def _value_path(self, path: AttributePath, bracket: Token) -> Filter:
        if self.nested or path.sub is not None or not path.attribute.is_complex:
            raise InvalidFilter(f"{path} takes no brackets", bracket.position)
        self._mark("[")
        outer, self.resolve, self.nested = self.resolve, _within(path), True
        try:
            term = self._or()
            self._mark("]")
            suffix = self._peek()
            if suffix.kind == "word" and suffix.text.startswith("."):
                if not self.tolerances.permit(Tolerance.VALUE_PATH_SUFFIX):
                    raise InvalidFilter("nothing can follow the brackets", suffix.position)
                self.at += 1
                sub = self.resolve(suffix.text[1:], suffix.position + 1)
                term = And((term, self._comparison(sub, suffix)))
        finally:
            self.resolve, self.nested = outer, False
        return ValueFilter(path, term)

    def _comparison(self, path: AttributePath, token: Token) -> Filter:
        operator = self._next("an operator")
        op = operator.text.lower() if operator.kind == "word" else operator.text
        if op == "pr":
            return Comparison(path, "pr")
        if op not in EQUALITY + SUBSTRING + ORDER:
            raise InvalidFilter(
                f"unknown operator {operator.text!r}; one of eq ne co sw ew gt ge lt le pr",
                operator.position,
            )
        path = self._simple(path, token)
        value_token = self._next("a value")
        value = self._value(path.leaf, value_token)
        if value is None:
            if op not in EQUALITY:
                raise InvalidFilter(f"{op} does not go with null", operator.position)
            present = Comparison(path, "pr")
            return Not(present) if op == "eq" else present
        self._check_operator(path, op, operator)
        return Comparison(path, op, self._typed(path, value, value_token))

    def _simple(self, path: AttributePath, token: Token) -> AttributePath:
        """A complex attribute is compared by its ``value``, where it has one (L1268)."""
        if not path.leaf.is_complex:
            return path
        if path.attribute.default_sub is None:
            raise InvalidFilter(
                f"{path} is complex: name one of its sub-attributes", token.position
            )
        return replace(path, sub=path.attribute.default_sub)

    def _check_operator(self, path: AttributePath, op: str, operator: Token) -> None:
        kind = path.leaf.type
        if op in ORDER and kind in ("boolean", "binary"):
            raise InvalidFilter(f"{op} does not go with {path}, a {kind}", operator.position)
        if op in SUBSTRING and not path.leaf.is_text:
            raise InvalidFilter(f"{op} does not go with {path}, a {kind}", operator.position)

    def _value(self, attribute: Attribute, token: Token) -> Any:
        """Return the JSON value of a token (compValue)."""
        if token.kind == "string":
            try:
                value = json.loads(token.text, strict=False)
                value.encode()
            except ValueError:
                raise InvalidFilter("not a JSON string", token.position) from None
            if "\0" in value:
                raise InvalidFilter("a NUL character cannot be searched", token.position)
            return value
        if token.kind == "word":
            if token.text in ("true", "false", "null"):
                return {"true": True, "false": False, "null": None}[token.text]
            if _NUMBER.fullmatch(token.text) and not attribute.is_text and len(token.text) < 40:
                number = json.loads(token.text)
                if not math.isfinite(number):
                    raise InvalidFilter("the number is too large", token.position)
                return number
            if self.tolerances.permit(Tolerance.UNQUOTED_VALUE):
                return token.text
        raise InvalidFilter(
            f'expected a value such as "text", true or 5, not {token.text!r}', token.position
        )

    def _typed(self, path: AttributePath, value: Any, token: Token) -> Any:
        leaf: Attribute = path.leaf
        if leaf.type == "dateTime":
            moment = parse_datetime(value) if isinstance(value, str) else None
            if moment is None:
                raise InvalidFilter(
                    f'{path} compares with a date and time such as "2008-01-23T04:56:22Z"',
                    token.position,
                )
            return moment
        if leaf.type == "binary" and isinstance(value, str):
            return value
        try:
            return coerce_one(leaf, value, str(path), self.tolerances)
        except InvalidValue as error:
            raise InvalidFilter(error.detail, token.position) from None
