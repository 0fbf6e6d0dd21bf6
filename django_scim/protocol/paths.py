"""Parses the path of a PATCH operation with the parser of filters (RFC 7644 section 3.5.2)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .attributes import AttributePath, Schema
from .errors import InvalidFilter, InvalidPath, UnknownPath
from .filters import Filter
from .filters.lexer import Token, tokenize
from .filters.parser import Limits, parse_value_filter
from .resource_schema import ResourceSchema, takes_core_urn
from .tolerances import Tolerances, mend_urn


@dataclass(frozen=True)
class PatchPath:
    """The target of an operation.

    Either ``path``, with the filter in brackets as ``where``, or a whole ``extension``, which can
    be the core schema too.
    """

    path: AttributePath | None
    where: Filter | None = None
    extension: Schema | None = None

    def __str__(self) -> str:
        return str(self.path) if self.path else str(self.extension and self.extension.id)


def parse_path(
    text: str, schema: ResourceSchema, tolerances: Tolerances, added: Iterable[Schema] = ()
) -> PatchPath:
    """Return the target that ``text`` names on a resource of ``schema``.

    ``added`` are extensions whose attributes can be named without the URN.

    Raise UnknownPath for an unknown attribute, InvalidPath for a syntax error, InvalidFilter for
    an error in the brackets.
    """
    limits = Limits(terms=500, value_terms=500)  # memory only; see ``Effort``
    if len(text) > limits.length:
        raise InvalidPath(f"the path is longer than {limits.length} characters")
    tokens = tokenize(text)
    if not tokens or tokens[0].kind != "word":
        raise InvalidPath(f"{text[:80]!r} does not begin with the name of an attribute")
    target = _resolve(tokens[0].text, schema, tolerances, added)
    if len(tokens) == 1:
        return target
    path = target.path
    if path is None or path.sub or not path.attribute.is_complex:
        raise InvalidPath(f"{target} cannot be followed by brackets")
    where, rest = _brackets(tokens[1:], path, tolerances, limits, len(text))
    if not rest:
        return PatchPath(path, where)
    if len(rest) > 1 or rest[0].kind != "word" or not rest[0].text.startswith("."):
        raise InvalidPath(f"{text[:80]!r}: only a sub-attribute can follow the brackets")
    name = rest[0].text[1:]
    part = path.parts.get(name.lower())
    if part is None:
        raise UnknownPath(f"{path} has no sub-attribute {name!r}")
    return PatchPath(part, where)


def _brackets(
    tokens: list[Token], parent: AttributePath, tolerances: Tolerances, limits: Limits, end: int
) -> tuple[Filter, list[Token]]:
    """Return the filter in the brackets that ``tokens`` begin with, and the tokens after them."""
    if tokens[0].text != "[":
        raise InvalidPath(f"{tokens[0].text!r} cannot follow {parent}")
    closing = next((i for i, token in enumerate(tokens) if token[:2] == ("mark", "]")), None)
    if closing is None:
        raise InvalidFilter("']' is missing", end)
    inner = tokens[1:closing]
    where = parse_value_filter(inner, parent, tolerances, limits, tokens[closing].position)
    return where, tokens[closing + 1 :]


def _resolve(
    name: str, schema: ResourceSchema, tolerances: Tolerances, added: Iterable[Schema]
) -> PatchPath:
    path = schema.find(name)
    if path is None:
        mended = mend_urn(name, tolerances)
        whole = schema.by_urn(mended)
        if whole is not None and (schema.is_extension(whole) or takes_core_urn(tolerances)):
            return PatchPath(None, None, whole)
        unqualified = (schema.find(f"{each.id}:{mended}") for each in added)
        path = next(filter(None, unqualified), None) or schema.resolve(mended, tolerances)
    if path is None:
        error = UnknownPath if _NAME.fullmatch(name) else InvalidPath
        raise error(f"{schema.name} has no attribute {name[:80]!r}")
    return PatchPath(path)


_NAME = re.compile(r"\$?[A-Za-z_][\w$:.-]*", re.ASCII)
