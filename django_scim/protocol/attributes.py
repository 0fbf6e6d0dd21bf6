"""Attributes and schemas (RFC 7643 sections 2, 3 and 7), and look-up of an attribute by its path.

Names are found without regard to case, with or without the URN of their schema (RFC 7644 3.10).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from .tolerances import Tolerance, Tolerances, mend_urn

TYPES = frozenset("string boolean decimal integer dateTime binary reference complex".split())
USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribute:
    """One attribute with its characteristics; the defaults are those of RFC 7643 section 2.2."""

    name: str
    type: str = "string"
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    case_exact: bool = False
    canonical_values: tuple[str, ...] = ()
    #: Whether a value must be one of the canonical ones; to the RFC they are suggestions.
    strict: bool = False
    #: The format of a text, a name in ``protocol.formats``.
    format: str = ""
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()

    @cached_property
    def _subs(self) -> dict[str, "Attribute"]:
        return {sub.name.lower(): sub for sub in self.sub_attributes}

    def sub(self, name: str) -> "Attribute | None":
        """Return the sub-attribute of that name, in any case, or None."""
        return self._subs.get(name.lower())

    @property
    def is_complex(self) -> bool:
        return self.type == "complex"

    @property
    def is_text(self) -> bool:
        return self.type in ("string", "reference", "binary")

    @property
    def default_sub(self) -> "Attribute | None":
        """What a path to this attribute means where a simple value is needed: its ``value``."""
        return self.sub("value")

    def single(self) -> "Attribute":
        """Return the attribute of one value of a list of simple values."""
        return replace(self, multi_valued=False)

    def with_sub(self, changed: "Attribute") -> "Attribute":
        """Return the attribute with another definition of one of its sub-attributes."""
        subs = (changed if sub.name == changed.name else sub for sub in self.sub_attributes)
        return replace(self, sub_attributes=tuple(subs))

    def only(self, names: Iterable[str]) -> "Attribute":
        """Return the attribute with no other sub-attributes than those named."""
        wanted = set(names)
        return replace(
            self, sub_attributes=tuple(s for s in self.sub_attributes if s.name in wanted)
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Attribute":
        """Build an attribute from its definition in a Schema resource (RFC 7643 section 7)."""
        return cls(
            name=data["name"],
            type=data.get("type", "string"),
            multi_valued=data.get("multiValued", False),
            description=data.get("description", ""),
            required=data.get("required", False),
            case_exact=data.get("caseExact", False),
            canonical_values=tuple(data.get("canonicalValues", ())),
            strict=data.get("strict", False),
            format=data.get("format", ""),
            mutability=data.get("mutability", "readWrite"),
            returned=data.get("returned", "default"),
            uniqueness=data.get("uniqueness", "none"),
            reference_types=tuple(data.get("referenceTypes", ())),
            sub_attributes=tuple(cls.from_json(sub) for sub in data.get("subAttributes", ())),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the definition as /Schemas publishes it.

        A complex or boolean attribute has no case and no uniqueness (RFC 7643 2.3.2, 2.3.8).
        """
        data: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.multi_valued,
            "description": self.description,
            "required": self.required,
        }
        if self.sub_attributes:
            data["subAttributes"] = [sub.to_json() for sub in self.sub_attributes]
        if self.canonical_values:
            data["canonicalValues"] = list(self.canonical_values)
        if self.reference_types:
            data["referenceTypes"] = list(self.reference_types)
        if self.is_text:
            data["caseExact"] = self.case_exact
        data |= {"mutability": self.mutability, "returned": self.returned}
        if self.type not in ("complex", "boolean"):
            data["uniqueness"] = self.uniqueness
        return data


@dataclass(frozen=True, eq=False)
class Schema:
    """A named set of attributes under one URN (RFC 7643 section 7).

    Declared in Python, or read from a document as /Schemas publishes it: ``from_json``, ``load``.
    """

    id: str
    name: str
    description: str = ""
    attributes: tuple[Attribute, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, Attribute]:
        return {attribute.name.lower(): attribute for attribute in self.attributes}

    def find(self, name: str) -> Attribute | None:
        return self._by_name.get(name.lower())

    def replaced(self, changed: Mapping[str, Attribute]) -> "Schema":
        """Return the schema with other definitions for some of its attributes, by name."""
        if not changed:
            return self
        attributes = tuple(changed.get(each.name, each) for each in self.attributes)
        return replace(self, attributes=attributes)

    @classmethod
    def load(cls, path: str | Path) -> "Schema":
        """Read a schema from a JSON file. Raises KeyError for a definition without a name."""
        return cls.from_json(json.loads(Path(path).read_text("utf-8")))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Schema":
        attributes = tuple(Attribute.from_json(item) for item in data["attributes"])
        return cls(data["id"], data.get("name", ""), data.get("description", ""), attributes)

    def to_json(self) -> dict[str, Any]:
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": [attribute.to_json() for attribute in self.attributes],
        }


@cache
def load_schema(name: str) -> Schema:
    """Return one of the RFC's own schemas: User, Group, EnterpriseUser, Schema and so on."""
    text = resources.files(__package__).joinpath("schemas", f"{name}.json").read_text("utf-8")
    return Schema.from_json(json.loads(text))


_READ_ONLY: dict[str, Any] = {"mutability": "readOnly", "case_exact": True}
COMMON = (
    Attribute(name="schemas", type="reference", multi_valued=True, case_exact=True,
              reference_types=("uri",), returned="always"),
    Attribute(name="id", returned="always", uniqueness="server", required=True, **_READ_ONLY),
    Attribute(name="externalId", case_exact=True),
    Attribute(
        name="meta",
        type="complex",
        mutability="readOnly",
        sub_attributes=(
            Attribute(name="resourceType", **_READ_ONLY),
            Attribute(name="created", type="dateTime", mutability="readOnly"),
            Attribute(name="lastModified", type="dateTime", mutability="readOnly"),
            Attribute(name="location", type="reference", reference_types=("uri",), **_READ_ONLY),
            Attribute(name="version", **_READ_ONLY),
        ),
    ),
)  # fmt: skip
"""The attributes that every resource has and no schema lists (RFC 7643 section 3.1)."""


@dataclass(frozen=True)
class AttributePath:
    """A path that was found in the schemas: attribute and, where named, its sub-attribute.

    A foreign one belongs to another resource type of the same query: here it is always absent.
    """

    schema: str
    attribute: Attribute
    sub: Attribute | None = None
    is_extension: bool = False
    is_foreign: bool = False

    @property
    def leaf(self) -> Attribute:
        return self.sub or self.attribute

    @property
    def name(self) -> str:
        """The attribute in the schema's case; with its URN when it is an extension's."""
        return f"{self.schema}:{self.attribute.name}" if self.is_extension else self.attribute.name

    def __str__(self) -> str:
        return f"{self.name}.{self.sub.name}" if self.sub else self.name


@dataclass(frozen=True, eq=False)
class ResourceSchema:
    """What one resource type is made of: its schema, its extensions, the common attributes."""

    name: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    required_extensions: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def _urns(self) -> dict[str, Schema]:
        return {schema.id.lower(): schema for schema in self.schemas}

    @cached_property
    def _common(self) -> dict[str, Attribute]:
        return {attribute.name.lower(): attribute for attribute in COMMON}

    @cached_property
    def required(self) -> tuple["AttributePath", ...]:
        """What a client must give: of extensions only where the extension itself is required."""
        return tuple(
            path
            for path in self.paths()
            if path.attribute.required
            and path.attribute.mutability != "readOnly"
            and (not path.is_extension or path.schema in self.required_extensions)
        )

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """The core schema and the extensions."""
        return (self.schema, *self.extensions)

    def by_urn(self, urn: str) -> Schema | None:
        """Return the schema or extension of that URN, in any case, or None."""
        return self._urns.get(urn.lower())

    def is_extension(self, schema: Schema) -> bool:
        return schema is not self.schema

    def paths(self) -> Iterator[AttributePath]:
        """Yield every attribute, core first, then each extension's."""
        for attribute in COMMON:
            yield AttributePath(self.schema.id, attribute)
        for schema in self.schemas:
            for attribute in schema.attributes:
                yield AttributePath(schema.id, attribute, None, self.is_extension(schema))

    def split_urn(self, text: str) -> tuple[Schema | None, str]:
        """Split a known URN off the front of a path: the longest one that matches.

        The version in a URN has a dot of its own, so that a path cannot be cut at its dots.
        """
        lowered = text.lower()
        for urn in sorted(self._urns, key=len, reverse=True):
            if lowered == urn:
                return self._urns[urn], ""
            if lowered.startswith(urn + ":"):
                return self._urns[urn], text[len(urn) + 1 :]
        return None, text

    def find(self, text: str) -> AttributePath | None:
        """Return the attribute that ``text`` names, or None.

        Takes ``name``, ``name.sub``, and both after a schema's URN and a colon. A name without
        URN is a core attribute (RFC 7644 3.10).
        """
        schema, rest = self.split_urn(text)
        if schema is None and text.lower().startswith("urn:"):
            return None
        name, dot, sub_name = rest.partition(".")
        owner = schema or self.schema
        attribute = owner.find(name)
        if attribute is None and owner is self.schema:
            attribute = self._common.get(name.lower())
        if attribute is None:
            return None
        sub = attribute.sub(sub_name) if dot else None
        if dot and sub is None:
            return None
        return AttributePath(owner.id, attribute, sub, self.is_extension(owner))

    def find_in_extensions(self, name: str) -> AttributePath | None:
        """Return the extension attribute that a bare name means, where only one has it."""
        found = [
            path
            for extension in self.extensions
            if (path := self.find(f"{extension.id}:{name}")) is not None
        ]
        return found[0] if len(found) == 1 else None

    def resolve(self, text: str, tolerances: Tolerances) -> AttributePath | None:
        """Like ``find``, for a name as a client sent it, with what its profile tolerates."""
        text = mend_urn(text, tolerances)
        path = self.find(text)
        bare = self.find_in_extensions(text) if path is None else None
        if bare is not None and tolerances.permit(Tolerance.BARE_EXTENSION):
            return bare
        return path
