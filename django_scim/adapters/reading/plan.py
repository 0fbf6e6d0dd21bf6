"""How the resources of one projection are read: columns, batches, assembly.

Derived once from the mappings and kept; what an answer leaves out is not even selected.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ...protocol.attributes import COMMON, Attribute, AttributePath
from ...protocol.projection import FULL, Projection
from ...protocol.values import is_empty
from ..mappings.base import Mapping, Reader, RelatedLoader, Selected
from .prepared_statements import Statements

if TYPE_CHECKING:
    from ..base import ResourceAdapter
    from ..declaration import Declaration


class Page:
    """What the readers of one page share: rows read in batches, and how to name a resource."""

    def __init__(self, adapter: "ResourceAdapter", loaders: dict[RelatedLoader, Any]) -> None:
        self._loaders = loaders
        self.location = adapter.location_of

    def rows(self, loader: RelatedLoader, key: Any, name: str) -> list[Any]:
        return self._loaders[loader].get((key, name), [])


class Step(NamedTuple):
    """One attribute of the plan: where its value goes, and how it is read.

    ``is_counted`` in the version, which is told from what is returned by default; a value that is
    not ``is_shown`` is read for that alone.
    """

    mapping: Mapping
    container: str
    parent: str
    name: str
    read: Reader
    is_counted: bool
    is_shown: bool


class Plan:
    """The reads of one adapter under one projection."""

    def __init__(self, urn: str, mappings: Iterable[Mapping], projection: Projection) -> None:
        self.urn = urn
        self._columns: dict[str, Selected] = {"target_id": "target_id", "version": "version"}
        self._loaders: dict[RelatedLoader, list[str]] = {}
        self._steps: list[Step] = []
        self._statements = Statements()
        meta = projection.select(AttributePath(urn, META))
        self._shows_version = meta is not None and meta.sub("version") is not None
        # Asked for single attributes, it reads no others only to tell the version.
        self.has_version = self._shows_version or projection.attributes is None
        for mapping in mappings:
            wanted = _select(mapping, projection)
            counted = _select(mapping, FULL) if self.has_version and mapping.versioned else None
            is_counted = bool(counted and wanted and _parts(counted) == _parts(wanted))
            if counted is not None and not is_counted:
                self._add(mapping, counted, is_counted=True, is_shown=False)
            if wanted is not None:
                self._add(mapping, wanted, is_counted=is_counted)

    def _add(
        self, mapping: Mapping, wanted: Attribute, *, is_counted: bool, is_shown: bool = True
    ) -> None:
        at: dict[str, int] = {}
        for name, selected in mapping.columns().items():
            key = selected if isinstance(selected, str) else f"{mapping.path}#{name}"
            self._columns.setdefault(key, selected)
            at[name] = list(self._columns).index(key)
        if mapping.loader is not None:
            names = self._loaders.setdefault(mapping.loader, [])
            if mapping.name not in names:
                names.append(mapping.name)
        path = mapping.path
        container = path.schema if path.is_extension else ""
        parent, name = (
            (path.attribute.name, path.sub.name) if path.sub else ("", path.attribute.name)
        )
        read = mapping.reader(at, wanted)
        self._steps.append(Step(mapping, container, parent, name, read, is_counted, is_shown))

    def fetch(self, links: Any, adapter: "ResourceAdapter", *more: str) -> list[Sequence[Any]]:
        """Run the one statement that reads the rows of a queryset of links, ``more`` at the end."""
        return list(links.values_list(*self._selected(adapter), *more))

    def fetch_one(self, links: Any, adapter: "ResourceAdapter") -> list[Sequence[Any]]:
        """Do the same by a statement that is kept: for a shape that comes again and again."""
        return self._statements.rows(links, self._selected(adapter))

    def _selected(self, adapter: "ResourceAdapter") -> list[Any]:
        return [
            selected if isinstance(selected, str) else selected(adapter)
            for selected in self._columns.values()
        ]

    def resources(
        self, rows: Iterable[Sequence[Any]], adapter: "ResourceAdapter"
    ) -> list[dict[str, Any]]:
        """Return the rows as resources, in their order."""
        rows = list(rows)
        keys = [row[0] for row in rows]
        loaded = {
            loader: loader.load(keys, names, adapter) if keys else {}
            for loader, names in self._loaders.items()
        }
        page = Page(adapter, loaded)
        return [self._assemble(row, page) for row in rows]

    def _assemble(self, row: Sequence[Any], page: Page) -> dict[str, Any]:
        urns = [self.urn]
        resource: dict[str, Any] = {"schemas": urns}
        digest: list[Any] = []
        for mapping, container, parent, name, read, is_counted, is_shown in self._steps:
            value = read(row, page)
            if is_empty(value):
                continue
            if is_counted:
                digest.append((container, parent, name, mapping.digest(value)))
            if not is_shown:
                continue
            place = resource
            if container:
                if container not in resource:
                    urns.append(container)
                place = resource.setdefault(container, {})
            if parent:
                place = place.setdefault(parent, {})
            place[name] = value
        if self.has_version:
            version = _weak_tag(row[1], digest)
            if self._shows_version:
                resource.setdefault("meta", {})["version"] = version
            else:
                resource[VERSION] = version
        return resource


META = next(attribute for attribute in COMMON if attribute.name == "meta")
VERSION = "\0version"
"""Where a resource carries its version when the projection leaves ``meta`` out."""


def pop_version(resource: dict[str, Any]) -> str | None:
    """Return a resource's version, and strip what is not for the client."""
    hidden = resource.pop(VERSION, None)
    return hidden or resource.get("meta", {}).get("version")


def _weak_tag(number: int, digest: list[Any]) -> str:
    """Return the ETag: the link's version, and a digest of what the site may have changed."""
    text = json.dumps(digest, ensure_ascii=True, sort_keys=True)
    return f'W/"{number}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"'


def _select(mapping: Mapping, projection: Projection) -> Any:
    """Return the part of a mapping's attribute that the projection wants, or None."""
    path = mapping.path
    whole = projection.select(AttributePath(path.schema, path.attribute, None, path.is_extension))
    if whole is None or path.sub is None:
        return whole
    return whole.sub(path.sub.name)


def _parts(attribute: Attribute) -> list[str]:
    return [sub.name for sub in attribute.sub_attributes]


@lru_cache(maxsize=512)
def plan_for(declaration: "Declaration", projection: Projection) -> Plan:
    """Return the plan of a compiled adapter; the last few hundred are kept."""
    return Plan(declaration.resource_schema.schema.id, declaration.mappings, projection)
