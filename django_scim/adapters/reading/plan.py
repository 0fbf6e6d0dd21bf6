"""How the resources of one projection are read: columns, loaders, assembly.

A plan is derived once from the mappings and kept. It does not even select what an answer leaves
out.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ...protocol.attributes import META, Attribute, AttributePath
from ...protocol.projection import FULL, Projection
from ..declaration import Declaration
from ..interfaces import Adapter
from ..mappings.base import Mapping, Reader, RelatedLoader, Selected
from .prepared_statements import Statements


class Page:
    """What the readers of one page share: the rows of loaders, and the URIs of resources."""

    def __init__(self, adapter: Adapter, loaded: dict[RelatedLoader, Any]) -> None:
        self._loaded = loaded
        self.location = adapter.location_of

    def rows(self, loader: RelatedLoader, key: Any, name: str) -> list[Any]:
        rows: list[Any] = self._loaded[loader].get((key, name), [])
        return rows


class Step(NamedTuple):
    """One attribute of the plan: where its value goes, and how it is read.

    ``digest`` returns the part of the value that counts for the version, None where all of it
    does. A value that ``is_counted`` but not ``is_shown`` is read for the version alone.
    """

    container: str
    parent: str
    name: str
    read: Reader
    digest: Callable[[Any], Any] | None
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
        # Asked for single attributes, it does not read others only for the version.
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
            key = selected if isinstance(selected, str) else f"{mapping.full_name}#{name}"
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
        digest = None if type(mapping).digest is Mapping.digest else mapping.digest
        read = mapping.reader(at, wanted)
        self._steps.append(Step(container, parent, name, read, digest, is_counted, is_shown))

    def fetch(self, links: Any, adapter: Adapter, *more: str) -> list[Sequence[Any]]:
        """Return the rows of a queryset of links, read in one statement, ``more`` at the end."""
        return list(links.values_list(*self._selected(adapter), *more))

    def fetch_one(self, links: Any, adapter: Adapter) -> list[Sequence[Any]]:
        """Return the rows, read by a statement that is kept, for a query that is often repeated."""
        return self._statements.rows(links, self._selected(adapter))

    def _selected(self, adapter: Adapter) -> list[Any]:
        return [
            selected if isinstance(selected, str) else selected(adapter)
            for selected in self._columns.values()
        ]

    def resources(self, rows: Iterable[Sequence[Any]], adapter: Adapter) -> list[dict[str, Any]]:
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
        counted: list[Any] = []
        for container, parent, name, read, digest, is_counted, is_shown in self._steps:
            value = read(row, page)
            if not value and value is not False and value != 0:
                continue  # None, "", an empty list: absent (RFC 7643 section 2.5)
            if is_counted:
                part = value if digest is None else digest(value)
                counted.append((container, parent, name, part))
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
            version = _weak_tag(row[1], counted)
            if self._shows_version:
                resource.setdefault("meta", {})["version"] = version
            else:
                resource[VERSION] = version
        return resource


VERSION = "\0version"
"""The key of a resource's version when the projection leaves ``meta`` out."""


def pop_version(resource: dict[str, Any]) -> str | None:
    """Return a resource's version, and remove what the client must not see."""
    hidden = resource.pop(VERSION, None)
    return hidden or resource.get("meta", {}).get("version")


def _weak_tag(number: int, counted: list[Any]) -> str:
    """Return the ETag: the link's version, and a digest of what the site may have changed."""
    text = json.dumps(counted, ensure_ascii=True, sort_keys=True)
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
def plan_for(declaration: Declaration, projection: Projection) -> Plan:
    """Return the plan of a declaration. The last few hundred are kept."""
    return Plan(declaration.resource_schema.schema.id, declaration.mappings, projection)
