"""Read the resources of a projection: select columns, run loaders, build the resources.

A plan is built once from the mappings and cached. It only selects what the response contains.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from ...protocol.attributes import META, Attribute, AttributePath
from ...protocol.projection import FULL, Projection
from ...query.compiled import in_batches, padded
from ...query.visibility import VisibleQueries
from ..declaration import Declaration
from ..interfaces import Adapter
from ..mappings.base import Mapping, Reader, RelatedLoader, Selected


class Page:
    """Data for the readers of one page of resources: loaded rows, and URIs."""

    def __init__(self, adapter: Adapter, loaded: dict[RelatedLoader, Any]) -> None:
        self._loaded = loaded
        self.location = adapter.location_of

    def rows(self, loader: RelatedLoader, key: Any, name: str) -> list[Any]:
        rows: list[Any] = self._loaded[loader].get((key, name), [])
        return rows


class Step(NamedTuple):
    """One attribute of a plan: its place in the resource, and its reader.

    ``digest`` returns the part of the value that counts for the version; without it, the whole
    value counts. A value that ``is_counted`` but not ``is_shown`` is only read for the version.
    """

    container: str
    parent: str
    name: str
    read: Reader
    digest: Callable[[Any], Any] | None
    is_counted: bool
    is_shown: bool


class Plan:
    """The columns, loaders and readers for one adapter and one projection."""

    def __init__(self, urn: str, mappings: Iterable[Mapping], projection: Projection) -> None:
        self.urn = urn
        self._columns: dict[str, Selected] = {"target_id": "target_id", "version": "version"}
        self._loaders: dict[RelatedLoader, list[str]] = {}
        self._steps: list[Step] = []
        self._queries = VisibleQueries()
        meta = projection.select(AttributePath(urn, META))
        self._shows_version = meta is not None and meta.sub("version") is not None
        # If only some attributes are requested, others are not read just for the version.
        self.has_version = self._shows_version or projection.attributes is None
        #: The lists of members that are shown even if they are empty.
        self._members: list[str] = []
        for mapping in mappings:
            wanted = _select(mapping, projection)
            if wanted is not None and mapping.has_members and not mapping.path.is_extension:
                self._members.append(mapping.path.name)
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

    def by_id(self, adapter: Adapter, scim_id: str) -> list[Sequence[Any]]:
        """Return the row of the link with a SCIM id, none if the connection cannot see it."""
        return self._rows(adapter, "scim_id", scim_id)

    def by_keys(self, adapter: Adapter, keys: Sequence[Any]) -> dict[Any, Sequence[Any]]:
        """Return the rows of links by their primary keys, of those that the connection can see."""
        return {
            row[-1]: row
            for batch in in_batches(keys)
            for row in self._rows(adapter, "pk", padded(batch))
        }

    def _rows(self, adapter: Adapter, column: str, wanted: Any) -> list[Sequence[Any]]:
        lookup = f"{column}__in" if isinstance(wanted, list) else column

        def build(seen: Adapter, wanted: Any) -> Any:
            links = seen.queryset().filter(**{lookup: wanted})
            return links.values_list(*self._selected(seen), "pk")

        if not self._is_shared:
            return list(build(adapter, wanted))
        meta = adapter.link._meta
        field = meta.pk if column == "pk" else meta.get_field(column)
        return self._queries.rows_for(adapter, adapter.link, lookup, build, field, wanted)

    @cached_property
    def _is_shared(self) -> bool:
        """Return whether all columns come from this package.

        Columns from code of the site may depend on the request.
        """
        return all(
            isinstance(selected, str) or selected.__module__.startswith("django_scim.")
            for selected in self._columns.values()
        )

    def _selected(self, adapter: Adapter) -> list[Any]:
        return [
            selected if isinstance(selected, str) else selected(adapter)
            for selected in self._columns.values()
        ]

    def resources(self, rows: Iterable[Sequence[Any]], adapter: Adapter) -> list[dict[str, Any]]:
        """Return the resources of the rows, in the same order."""
        rows = list(rows)
        keys = [row[0] for row in rows]
        loaded = {
            loader: loader.load(keys, names, adapter) if keys else {}
            for loader, names in self._loaders.items()
        }
        page = Page(adapter, loaded)
        resources = [self._assemble(row, page) for row in rows]
        if self._members and adapter.tolerances.profile.shows_empty_members:
            for resource in resources:
                for name in self._members:
                    resource.setdefault(name, [])
        return resources

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
"""The key of a resource's version if the projection does not contain ``meta.version``."""


def pop_version(resource: dict[str, Any]) -> str | None:
    """Return a resource's version, and remove it if it must not be in the response."""
    hidden = resource.pop(VERSION, None)
    return hidden or resource.get("meta", {}).get("version")


def _weak_tag(number: int, counted: list[Any]) -> str:
    """Return the ETag: the link's version, and a digest that detects changes by the site."""
    text = json.dumps(counted, ensure_ascii=True, sort_keys=True)
    return f'W/"{number}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"'


def _select(mapping: Mapping, projection: Projection) -> Any:
    """Return the requested part of a mapping's attribute, or None."""
    path = mapping.path
    whole = projection.select(AttributePath(path.schema, path.attribute, None, path.is_extension))
    if whole is None or path.sub is None:
        return whole
    return whole.sub(path.sub.name)


def _parts(attribute: Attribute) -> list[str]:
    return [sub.name for sub in attribute.sub_attributes]


@lru_cache(maxsize=512)
def plan_for(declaration: Declaration, projection: Projection) -> Plan:
    """Return the plan for a declaration and a projection. The latest 512 are cached."""
    return Plan(declaration.resource_schema.schema.id, declaration.mappings, projection)
