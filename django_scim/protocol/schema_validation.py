"""Validates the definition of a schema (RFC 7643 sections 2.1 to 2.3 and 7).

A site can load a schema from any document, so the system checks report every problem in it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from .attributes import NAME_FORMATS, TYPES, Attribute, Schema
from .formats import FORMATS

_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{0,31}:[^\s\"]+", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9$_-]*|\$ref")
_CHOICES = {
    "type": TYPES,
    "mutability": frozenset({"readOnly", "readWrite", "immutable", "writeOnly"}),
    "returned": frozenset({"always", "never", "default", "request"}),
    "uniqueness": frozenset({"none", "server", "global"}),
    "format": frozenset({"", *FORMATS, *NAME_FORMATS}),
}
_KINDS: dict[str, Any] = {
    "multi_valued": bool,
    "required": bool,
    "case_exact": bool,
    "strict": bool,
    "canonical_values": tuple | list,
    "reference_types": tuple | list,
    "sub_attributes": tuple | list,
}


def problems(schema: Schema) -> Iterator[str]:
    """Yield a sentence for each part of the definition that the RFC does not allow."""
    if not _URN.fullmatch(schema.id):
        yield f"{schema.id!r} is not a URN such as urn:example:scim:schemas:acme:2.0:User"
    yield from _twice(schema.attributes, "")
    for attribute in schema.attributes:
        yield from _attribute(attribute, attribute.name)


def _attribute(attribute: Attribute, path: str, inside: bool = False) -> Iterator[str]:
    if not _NAME.fullmatch(attribute.name):
        yield f"{path}: a name must be a letter followed by letters, digits, $, - and _"
    for key, allowed in _CHOICES.items():
        value = getattr(attribute, key)
        if value not in allowed:
            yield f"{path}: {key} must be one of {', '.join(sorted(allowed))}, not {value!r}"
    for key, kind in _KINDS.items():
        if not isinstance(value := getattr(attribute, key), kind):
            wanted = "true or false" if kind is bool else "a tuple"
            yield f"{path}: {key} must be {wanted}, not {value!r}"
    if attribute.is_complex and inside:
        yield f"{path}: a sub-attribute cannot be complex (RFC 7643 section 2.3.8)"
    elif attribute.is_complex and not attribute.sub_attributes:
        yield f"{path}: a complex attribute must have subAttributes"
    elif attribute.sub_attributes and not attribute.is_complex:
        yield f"{path}: only a complex attribute can have subAttributes"
    if attribute.strict and not attribute.canonical_values:
        yield f"{path}: a strict attribute must have canonicalValues"
    if attribute.mutability == "writeOnly" and attribute.returned != "never":
        yield f"{path}: a writeOnly attribute must have returned 'never' (RFC 7643 section 7)"
    yield from _twice(attribute.sub_attributes, f"{path}.")
    if not inside:
        for sub in attribute.sub_attributes:
            yield from _attribute(sub, f"{path}.{sub.name}", inside=True)


def _twice(attributes: Iterable[Attribute], prefix: str) -> Iterator[str]:
    names = Counter(attribute.name.lower() for attribute in attributes)
    for name, count in names.items():
        if count > 1:
            yield f"{prefix}{name}: is defined {count} times (names have no case)"
