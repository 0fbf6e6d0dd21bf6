"""Which connections have an account or a group of the site, and what they write to it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet

from ...adapters import adapter_classes
from ...conf import IMPORT_ERRORS
from ...models import Connection


def adapter_for(model: type[Any], connection: Connection | None = None) -> Any:
    """Return the adapter class of a model, None if no resource type is mapped to it."""
    try:
        adapters = adapter_classes(connection).values()
    except IMPORT_ERRORS:  # the system checks report it, and the site's own page still opens
        return None
    return next((adapter for adapter in adapters if issubclass(model, adapter.model)), None)


def with_links(objects: QuerySet[Any]) -> QuerySet[Any]:
    """Return a queryset of objects that loads their links with one more statement."""
    adapter = adapter_for(objects.model)
    if adapter is None:
        return objects
    links = adapter.link._default_manager.select_related("connection").order_by("pk")
    return objects.prefetch_related(Prefetch(_accessor(adapter), links, to_attr="scim_loaded"))


def links_of(instance: Any) -> list[Any]:
    """Return the links of an object with their connections, oldest first."""
    if (loaded := getattr(instance, "scim_loaded", None)) is not None:
        return list(loaded)
    adapter = adapter_for(type(instance))
    if adapter is None or instance.pk is None:
        return []
    links = adapter.link._default_manager.filter(target=instance.pk)
    return list(links.select_related("connection").order_by("pk"))


def managed_by(objects: QuerySet[Any], connection: str) -> QuerySet[Any]:
    """Return the objects that the connection with a name has; of any connection for ""."""
    adapter = adapter_for(objects.model)
    if adapter is None:
        return objects.none()
    links = adapter.link._default_manager.filter(target__isnull=False)
    if connection:
        links = links.filter(connection__name=connection)
    return objects.filter(pk__in=links.values("target"))


def managed_columns(link: Any) -> dict[str, str]:
    """Return the SCIM attribute of each column of the object that the connection can write.

    It cannot write locked attributes until an admin confirms the link.
    """
    adapter = adapter_for(type(link.target), link.connection)
    if adapter is None:
        return {}
    declared = adapter.declaration()
    locked = declared.locked if getattr(link, "unconfirmed", False) else ()
    found: dict[str, str] = {}
    for mapping in declared.mappings:
        if mapping.attribute.mutability in ("readOnly", "writeOnly") or mapping in locked:
            continue
        for relations, column in mapping.written_columns():
            if not relations:
                found.setdefault(column.name, mapping.full_name)
    return found


def overwritten(link: Any, columns: Iterable[str]) -> list[str]:
    """Return those of an object's columns that the connection's next update can overwrite."""
    managed = managed_columns(link)
    return [name for name in columns if name in managed]


def _accessor(adapter: Any) -> str:
    target: Any = adapter.link._meta.get_field("target")
    return str(target.remote_field.get_accessor_name())
