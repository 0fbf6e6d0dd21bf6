"""The path of a PATCH operation (RFC 7644 section 3.5.2), on the filter's own parser."""

from dataclasses import dataclass, replace

from .attributes import AttributePath, ResourceSchema, Schema
from .errors import InvalidFilter, InvalidPath
from .filter_lexer import Token, tokenize
from .filters import Filter, Limits, parse_value_filter
from .tolerances import Tolerances, mend_urn


@dataclass(frozen=True)
class PatchPath:
    """What an operation points at.

    ``path`` with its sub-attribute where one is named, ``where`` the filter in brackets; or
    ``extension`` alone, when the path is the URN of a whole extension.
    """

    path: AttributePath | None
    where: Filter | None = None
    extension: Schema | None = None

    def __str__(self) -> str:
        return str(self.path) if self.path else str(self.extension and self.extension.id)


def parse_path(text: str, schema: ResourceSchema, tolerances: Tolerances) -> PatchPath:
    """Return what ``text`` points at among the attributes of ``schema``.

    Raises InvalidPath for a malformed path or an unknown attribute, InvalidFilter for a wrong
    filter in its brackets.
    """
    limits = Limits()
    if len(text) > limits.length:
        raise InvalidPath(f"the path is longer than {limits.length} characters")
    tokens = tokenize(text)
    if not tokens or tokens[0].kind != "word":
        raise InvalidPath(f"{text[:80]!r} is not an attribute path")
    path = _resolve(tokens[0].text, schema, tolerances)
    if len(tokens) == 1:
        return path
    if path.path is None or path.path.sub or not path.path.attribute.is_complex:
        raise InvalidPath(f"{path} takes no brackets")
    where, rest = _brackets(tokens[1:], path.path, tolerances, limits, len(text))
    if not rest:
        return PatchPath(path.path, where)
    if len(rest) > 1 or rest[0].kind != "word" or not rest[0].text.startswith("."):
        raise InvalidPath(f"{text[:80]!r}: only a sub-attribute can follow the brackets")
    sub = path.path.attribute.sub(rest[0].text[1:])
    if sub is None:
        raise InvalidPath(f"{path} has no sub-attribute {rest[0].text[1:]!r}")
    return PatchPath(replace(path.path, sub=sub), where)


def _brackets(
    tokens: list[Token], parent: AttributePath, tolerances: Tolerances, limits: Limits, end: int
) -> tuple[Filter, list[Token]]:
    """Return the filter in the brackets at the front of ``tokens``, and what follows them."""
    closing = next(
        (i for i, token in enumerate(tokens) if token.kind == "mark" and token.text == "]"), None
    )
    if tokens[0].text != "[":
        raise InvalidPath(f"{tokens[0].text!r} does not belong in a path")
    if closing is None:
        raise InvalidFilter("']' is missing", end)
    inner = tokens[1:closing]
    where = parse_value_filter(inner, parent, tolerances, limits, tokens[closing].position)
    return where, tokens[closing + 1 :]


def _resolve(name: str, schema: ResourceSchema, tolerances: Tolerances) -> PatchPath:
    mended = mend_urn(name, tolerances)
    extension = schema.by_urn(mended)
    if extension is not None and schema.is_extension(extension):
        return PatchPath(None, None, extension)
    path = schema.resolve(mended, tolerances)
    if path is None:
        raise InvalidPath(f"{schema.name} has no attribute {name[:80]!r}")
    return PatchPath(path)
