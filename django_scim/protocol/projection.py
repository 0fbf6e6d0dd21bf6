"""The attributes of an answer (RFC 7644 section 3.9, and ``returned`` in RFC 7643 section 7)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from .attributes import Attribute, AttributePath
from .errors import InvalidValue
from .resource_schema import ResourceSchema
from .tolerances import Tolerance, Tolerances, mend_urn


@dataclass(frozen=True)
class Projection:
    """The choice of attributes for an answer. It can be the key of a cache.

    ``attributes`` and ``excluded`` contain paths, and URNs of whole schemas. ``written`` contains
    the paths with ``returned`` "request" that the request itself has written.
    """

    attributes: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    @property
    def is_full(self) -> bool:
        return self.attributes is None and not self.excluded

    def select(self, path: AttributePath) -> Attribute | None:
        """Return the attribute with the chosen sub-attributes, or None if it is left out."""
        attribute = path.attribute
        if attribute.returned == "never":
            return None
        if attribute.returned == "always":
            return attribute
        if self.attributes is not None:
            return self._requested(path)
        if attribute.returned == "request" and not self._names(path, self.written):
            return None
        if self._names(path, self.excluded):
            return None
        kept = [
            sub.name
            for sub in attribute.sub_attributes
            if sub.returned == "always" or self._keeps(sub, f"{path}.{sub.name}")
        ]
        return self._narrow(attribute, kept)

    def _keeps(self, sub: Attribute, name: str) -> bool:
        if name in self.excluded:
            return False
        return sub.returned == "default" or (sub.returned == "request" and name in self.written)

    def _requested(self, path: AttributePath) -> Attribute | None:
        attribute = path.attribute
        assert self.attributes is not None
        if self._names(path, self.attributes):
            kept = [s.name for s in attribute.sub_attributes if s.returned in ("always", "default")]
            return self._narrow(attribute, kept)
        kept = [
            sub.name
            for sub in attribute.sub_attributes
            if f"{path}.{sub.name}" in self.attributes and sub.returned != "never"
        ]
        return self._narrow(attribute, kept) if kept else None

    @staticmethod
    def _names(path: AttributePath, names: frozenset[str]) -> bool:
        return str(path) in names or path.schema in names

    @staticmethod
    def _narrow(attribute: Attribute, kept: list[str]) -> Attribute | None:
        if not attribute.sub_attributes:
            return attribute
        if len(kept) == len(attribute.sub_attributes):
            return attribute
        wanted = tuple(sub for sub in attribute.sub_attributes if sub.name in kept)
        return replace(attribute, sub_attributes=wanted) if wanted else None


FULL = Projection()


def after_write(projection: Projection, written: Iterable[tuple[AttributePath, Any]]) -> Projection:
    """Return the projection for the answer to a write of the given attributes and values.

    An attribute with ``returned`` "request" is included if the write named it (RFC 7643 section
    7).
    """
    named = frozenset(name for path, value in written for name in _on_request(path, value))
    return replace(projection, written=named) if named else projection


def _on_request(path: AttributePath, value: Any) -> Iterator[str]:
    if path.attribute.returned == "request":
        yield path.name
    items = [{path.sub.name: value}] if path.sub else value if isinstance(value, list) else [value]
    for sub in path.attribute.sub_attributes:
        if sub.returned == "request" and any(each and sub.name in each for each in items):
            yield f"{path.name}.{sub.name}"


def parse_projection(
    schema: ResourceSchema,
    attributes: Iterable[str] | None,
    excluded: Iterable[str] | None,
    tolerances: Tolerances,
) -> Projection:
    """Return the projection for ``attributes`` or ``excludedAttributes``. Ignores unknown names.

    Raise InvalidValue if both are given (RFC 7644 section 3.9).
    """
    wanted, unwanted = list(attributes or ()), list(excluded or ())
    if wanted and unwanted:
        raise InvalidValue("attributes: cannot be combined with excludedAttributes")
    if not wanted and not unwanted:
        return FULL
    names = frozenset(
        name
        for text in wanted or unwanted
        if (name := _canonical(schema, text.strip(), tolerances)) is not None
    )
    return Projection(attributes=names) if wanted else Projection(excluded=names)


def _canonical(schema: ResourceSchema, text: str, tolerances: Tolerances) -> str | None:
    name, bracket, _ = text.partition("[")
    if bracket and not tolerances.permit(Tolerance.ATTRIBUTE_BRACKETS):
        return None
    whole = schema.by_urn(mend_urn(name, tolerances))
    if whole is not None:
        return whole.id
    path = schema.resolve(name, tolerances)
    return str(path) if path else None
