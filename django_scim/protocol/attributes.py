"""Attributes and schemas (RFC 7643 sections 2, 3 and 7), and looking attributes up by path.

Names and URNs have no case. A name may follow the URN of its schema (RFC 7644 section 3.10).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

TYPES = frozenset("string boolean decimal integer dateTime binary reference complex".split())
USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


#: Formats of texts that identify a person or an object; see ``protocol.formats``.
NAME_FORMATS = frozenset(("identifier", "label", "line", "login"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribute:
    """An attribute and its characteristics, with the defaults of RFC 7643 section 2.2."""

    name: str
    type: str = "string"
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    case_exact: bool = False
    canonical_values: tuple[str, ...] = ()
    #: Reject values that are not canonical; in the RFC the canonical values are suggestions.
    strict: bool = False
    #: The format of its strings, see ``text_format``.
    format: str = ""
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()

    def __post_init__(self) -> None:
        if self.type == "binary" and not self.case_exact:  # always (RFC 7643 section 2.3.6)
            object.__setattr__(self, "case_exact", True)

    @cached_property
    def _subs(self) -> dict[str, "Attribute"]:
        return {sub.name.lower(): sub for sub in self.sub_attributes}

    def sub(self, name: str) -> "Attribute | None":
        """Return the sub-attribute with this name, or None."""
        return self._subs.get(name.lower())

    @cached_property
    def is_complex(self) -> bool:
        return self.type == "complex"

    @cached_property
    def is_text(self) -> bool:
        return self.type in ("string", "reference", "binary")

    @cached_property
    def text_format(self) -> str:
        """The name of the format of its strings in ``protocol.formats``, or ""."""
        return "uri" if self.type == "reference" else self.format

    @cached_property
    def is_name(self) -> bool:
        """True if its strings must consist of visible characters."""
        return self.format in NAME_FORMATS

    @cached_property
    def default_sub(self) -> "Attribute | None":
        """The sub-attribute that stands for a complex attribute in a comparison: ``value``."""
        return self.sub("value")

    def single(self) -> "Attribute":
        """Return the definition of one value of this multi-valued attribute."""
        return replace(self, multi_valued=False)

    def with_sub(self, changed: "Attribute") -> "Attribute":
        """Return the attribute with ``changed`` in place of the sub-attribute of that name."""
        subs = (changed if sub.name == changed.name else sub for sub in self.sub_attributes)
        return replace(self, sub_attributes=tuple(subs))

    def only(self, names: Iterable[str]) -> "Attribute":
        """Return the attribute with only the named sub-attributes."""
        wanted = set(names)
        return replace(
            self, sub_attributes=tuple(s for s in self.sub_attributes if s.name in wanted)
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Attribute":
        """Build an attribute from its definition in a Schema resource (RFC 7643 section 7).

        Raise KeyError for a definition without a name.
        """
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

        It has every characteristic, even where a type allows only one value (RFC 7643 section 2.2):
        some clients require all of them.
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
        return data | {
            "caseExact": self.case_exact,
            "mutability": self.mutability,
            "returned": self.returned,
            "uniqueness": self.uniqueness,
        }


@dataclass(frozen=True, eq=False)
class Schema:
    """A named set of attributes under one URN (RFC 7643 section 7).

    Declare one in Python, or read it from a Schema resource with ``from_json`` or ``load``.
    """

    id: str
    name: str
    description: str = ""
    attributes: tuple[Attribute, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, Attribute]:
        return {attribute.name.lower(): attribute for attribute in self.attributes}

    def find(self, name: str) -> Attribute | None:
        """Return the attribute with this name, or None."""
        return self._by_name.get(name.lower())

    def replaced(self, changed: Mapping[str, Attribute]) -> "Schema":
        """Return the schema with the attributes in ``changed`` in place of those of that name."""
        if not changed:
            return self
        attributes = tuple(changed.get(each.name, each) for each in self.attributes)
        return replace(self, attributes=attributes)

    @classmethod
    def load(cls, path: str | Path) -> "Schema":
        """Read a schema from a JSON file, which must hold a Schema resource.

        Raise KeyError for a schema without an id or attributes, or an attribute without a name.
        """
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
    """Return a schema of RFC 7643 section 8.7 by its name, such as User or EnterpriseUser."""
    text = resources.files(__package__).joinpath("schemas", f"{name}.json").read_text("utf-8")
    return Schema.from_json(json.loads(text))


_READ_ONLY: dict[str, Any] = {"mutability": "readOnly", "case_exact": True}
META = Attribute(
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
)
COMMON = (
    Attribute(name="schemas", type="reference", multi_valued=True, case_exact=True,
              reference_types=("uri",), returned="always"),
    Attribute(name="id", returned="always", uniqueness="server", required=True, **_READ_ONLY),
    Attribute(name="externalId", case_exact=True, format="identifier"),
    META,
)  # fmt: skip
"""The attributes that every resource has, although no schema lists them (RFC 7643 section 3.1)."""


@dataclass(frozen=True)
class AttributePath:
    """An attribute or sub-attribute, together with the schema that defines it.

    A foreign path names an attribute of another resource type in the same query. Resources of
    this type never have it.
    """

    schema: str
    attribute: Attribute
    sub: Attribute | None = None
    is_extension: bool = False
    is_foreign: bool = False

    @cached_property
    def leaf(self) -> Attribute:
        """The sub-attribute if the path names one, else the attribute."""
        return self.sub or self.attribute

    @cached_property
    def name(self) -> str:
        """The attribute's name in the schema's spelling, after the URN of an extension."""
        return f"{self.schema}:{self.attribute.name}" if self.is_extension else self.attribute.name

    @property
    def is_schemas(self) -> bool:
        """True for ``schemas``, which follows from the other attributes and is not stored."""
        return self.name == "schemas"

    @cached_property
    def parts(self) -> dict[str, "AttributePath"]:
        """The paths of the sub-attributes, by name in lower case."""
        return {sub.name.lower(): replace(self, sub=sub) for sub in self.attribute.sub_attributes}

    @cached_property
    def full_name(self) -> str:
        """The path as text: ``"name.givenName"``."""
        return f"{self.name}.{self.sub.name}" if self.sub else self.name

    def __str__(self) -> str:
        return self.full_name
