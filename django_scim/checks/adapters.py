"""Checks of the adapters that the settings name, and of their declarations."""

import traceback
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, register

from ..adapters import GroupAdapter, ResourceAdapter
from ..api.serializers import ResourceSerializer, serializer_for
from ..conf import IMPORT_ERRORS, settings
from ..protocol.attributes import Schema
from .settings import are_settings_readable
from .table import message
from .users import user_warnings

RESERVED = {"me", "bulk", "schemas", "resourcetypes", "serviceproviderconfig", ".search"}
REQUIRED: dict[str, type] = {
    "name": str,
    "endpoint": str,
    "schema": Schema,
    "model": type,
    "link": type,
}


@register("django_scim")
def check_adapters(**kwargs: Any) -> list[CheckMessage]:
    """Report adapters that cannot be imported, and declarations that cannot work."""
    if not are_settings_readable():
        return []
    try:
        classes = settings.adapter_classes()
    except IMPORT_ERRORS as error:
        return [message("E002", f"An adapter in DJANGO_SCIM cannot be imported: {_cause(error)}")]
    messages = [each for name, found in classes.items() for each in _class_attributes(name, found)]
    if messages:
        return messages  # nothing else can be read
    messages += _endpoints(classes)
    if not_fitting := list(_own_groups(classes)):
        return messages + not_fitting  # the cause of all other errors
    for adapter in classes.values():
        messages += _declaration(adapter)
    messages += _connection_adapters(classes)
    messages += _sensitive_filters(classes)
    return messages


def _cause(error: Exception) -> str:
    """Return the error, and the line of the adapter's module that raised it."""
    calls = traceback.extract_tb(error.__traceback__)
    modules = [each for each in calls if each.name == "<module>"]
    where = f" ({modules[0].filename}, line {modules[0].lineno})" if modules else ""
    return f"{type(error).__name__}: {error}{where}"


def _class_attributes(name: str, adapter: Any) -> Iterator[CheckMessage]:
    """Check the class attributes without which a declaration cannot be read."""
    if not (isinstance(adapter, type) and issubclass(adapter, ResourceAdapter)):
        yield message("E016", f"The adapter of {name} is not a ResourceAdapter: {adapter!r}.")
        return
    for attribute, kind in REQUIRED.items():
        value = getattr(adapter, attribute, None)
        if not value:
            yield message("E010", f"{adapter.__name__} has no {attribute}.", obj=adapter)
        elif not isinstance(value, kind):
            wanted = "class" if kind is type else kind.__name__
            text = f"{adapter.__name__}.{attribute} must be a {wanted}, not {value!r}."
            yield message("E010", text, obj=adapter)
    for attribute in ("extensions", "required_extensions"):
        value = getattr(adapter, attribute, None)
        if not (isinstance(value, list | tuple) and all(isinstance(v, Schema) for v in value)):
            text = f"{adapter.__name__}.{attribute} must be a list of Schema objects."
            yield message("E010", text, obj=adapter)
    if not isinstance(getattr(adapter, "attributes", None), dict):
        yield message("E010", f"{adapter.__name__}.attributes must be a dict.", obj=adapter)


def _endpoints(classes: dict[str, Any]) -> Iterator[CheckMessage]:
    seen: dict[str, str] = {}
    for name, adapter in classes.items():
        endpoint = adapter.endpoint.lower()
        if name != adapter.name:
            text = f"The name of {adapter.__name__} is {adapter.name!r}, but its key is {name!r}."
            yield message("E011", text)
        if endpoint in RESERVED:
            yield message("E024", f"The endpoint {adapter.endpoint!r} of {name} is reserved.")
        if "/" in endpoint:
            yield message("E024", f"The endpoint {adapter.endpoint!r} of {name} has a slash.")
        if endpoint in seen:
            yield message("E024", f"{seen[endpoint]} and {name} have the same endpoint.")
        seen[endpoint] = name


def _own_groups(classes: dict[str, Any]) -> Iterator[CheckMessage]:
    """Report users whose groups are not Django's, while the package's own adapter is used."""
    adapter, users = classes.get("Group"), classes.get("User")
    if adapter is not GroupAdapter or users is None or not adapter.examine_declaration().errors:
        return
    model = users.model
    field = next((each for each in model._meta.many_to_many if each.name == "groups"), None)
    other = field.related_model if field else None
    if other is None:
        text = f"{model._meta.label} has no relation to Django's groups."
    else:
        text = f"The groups of {model._meta.label} are {other._meta.label}, not Django's."
    yield message("E042", text, obj=model)


def _declaration(adapter: Any) -> Iterator[CheckMessage]:
    declaration = adapter.examine_declaration()
    for error in declaration.errors:
        end = "" if error.text.endswith(("?", ".")) else "."
        text = f"{adapter.__name__}: {error.text}{end}"
        yield message(error.code, text, obj=adapter)
    try:
        if not issubclass(serializer_for(adapter), ResourceSerializer):
            raise TypeError(f"{adapter.serializer_class!r} is not a ResourceSerializer")
    except (ImportError, TypeError) as error:
        yield message("E014", f"{adapter.__name__}.serializer_class: {error}.", obj=adapter)
    if not any(error.code.startswith("E") for error in declaration.errors):
        yield from user_warnings(adapter, declaration)


def _connection_adapters(classes: dict[str, Any]) -> Iterator[CheckMessage]:
    """Check the adapters that ``CONNECTION_ADAPTERS`` gives to single connections."""
    for connection, paths in settings.CONNECTION_ADAPTERS.items():
        if not isinstance(paths, dict):
            text = f"DJANGO_SCIM['CONNECTION_ADAPTERS'][{connection!r}] must be a dict."
            yield message("E012", text)
            continue
        if unknown := sorted(str(name) for name in set(paths) - set(classes)):
            text = f"The connection {connection!r} has adapters for {', '.join(unknown)}."
            yield message("E013", text)
        try:
            own = settings.adapter_classes(connection)
        except IMPORT_ERRORS as error:
            text = f"An adapter of the connection {connection!r} cannot be imported:"
            yield message("E002", f"{text} {_cause(error)}")
            continue
        for name in set(paths) & set(classes):
            problems = list(_class_attributes(name, own[name]))
            yield from problems or _connection_adapter(own[name], classes[name])


def _connection_adapter(own: Any, site: Any) -> Iterator[CheckMessage]:
    """Check the adapter of one connection against the site's own for the resource type."""
    yield from _declaration(own)
    for attribute in ("name", "endpoint", "link"):
        if getattr(own, attribute) != getattr(site, attribute):
            text = f"The {attribute} of {own.__name__} differs from that of {site.__name__}."
            yield message("E027", text, obj=own)


def _sensitive_filters(classes: dict[str, Any]) -> Iterator[CheckMessage]:
    """Check the names in ``SENSITIVE_FILTERS``: a misspelt one would protect nothing."""
    schemas = [adapter.examine_declaration().resource_schema for adapter in classes.values()]
    for name in settings.SENSITIVE_FILTERS:
        path = str(name)
        if not any(each.find(path) or each.find_in_extensions(path) for each in schemas):
            text = f"DJANGO_SCIM['SENSITIVE_FILTERS'] has {name!r}, which no resource type has."
            yield message("E026", text)
