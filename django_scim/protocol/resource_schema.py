"""The attributes of a resource type, looked up by name, URN or path."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from .attributes import COMMON, AttributePath, Schema
from .tolerances import Tolerance, Tolerances, mend_urn


@dataclass(frozen=True, eq=False)
class ResourceSchema:
    """The attributes of a resource type: its schema, its extensions, and the common ones."""

    name: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    required_extensions: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def _urns(self) -> dict[str, Schema]:
        return {schema.id.lower(): schema for schema in self.schemas}

    @cached_property
    def _paths(self) -> dict[str, AttributePath]:
        """Every attribute by its name, and by its schema's URN and name, in lower case.

        Without a URN a name belongs to the core schema (RFC 7644 section 3.10).
        """
        found: dict[str, AttributePath] = {}
        for path in self.paths():
            name = path.attribute.name.lower()
            found[f"{path.schema.lower()}:{name}"] = path
            if not path.is_extension:
                found[name] = path
        return found

    @cached_property
    def required(self) -> tuple[AttributePath, ...]:
        """The attributes that a client must send.

        Those of an extension are required only if the extension itself is.
        """
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
        """Return the core schema or extension with this URN, or None."""
        return self._urns.get(urn.lower())

    def is_extension(self, schema: Schema) -> bool:
        return schema is not self.schema

    def paths(self) -> Iterator[AttributePath]:
        """Yield the common attributes, then those of the core schema and of each extension."""
        for attribute in COMMON:
            yield AttributePath(self.schema.id, attribute)
        for schema in self.schemas:
            for attribute in schema.attributes:
                yield AttributePath(schema.id, attribute, None, self.is_extension(schema))

    def find(self, text: str) -> AttributePath | None:
        """Return the attribute or sub-attribute that ``text`` names, or None.

        ``text`` is ``name`` or ``name.sub``, either alone or after a schema's URN and a colon.
        """
        lowered = text.lower()
        path = self._paths.get(lowered)
        if path is None:
            name, _, sub = lowered.rpartition(".")
            parent = self._paths.get(name)
            path = parent.parts.get(sub) if parent else None
        return path

    def find_in_extensions(self, name: str) -> AttributePath | None:
        """Return the extension attribute with this name, if exactly one extension has it."""
        found = [
            path
            for extension in self.extensions
            if (path := self.find(f"{extension.id}:{name}")) is not None
        ]
        return found[0] if len(found) == 1 else None

    def find_bare(self, name: str, tolerances: Tolerances) -> AttributePath | None:
        """Return an extension's attribute named without its URN, if the profile accepts that."""
        path = self.find_in_extensions(name)
        if path is not None and tolerances.permit(Tolerance.BARE_EXTENSION):
            return path
        return None

    def resolve(self, text: str, tolerances: Tolerances) -> AttributePath | None:
        """Return the attribute that a client's ``text`` names, or None.

        Like ``find``, but also accepts the spellings that the profile tolerates.
        """
        text = mend_urn(text, tolerances)
        return self.find(text) or self.find_bare(text, tolerances)


def takes_core_urn(tolerances: Tolerances) -> bool:
    """Return whether the core schema's URN can stand for the resource itself."""
    return tolerances.permit(Tolerance.CORE_URN)
