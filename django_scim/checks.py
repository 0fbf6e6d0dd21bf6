"""System checks: what is wrong with the site's set-up, said before a connector meets it.

Every check has a stable id and a section of its own in docs/reference/checks.md.
"""

import traceback
from collections.abc import Iterator
from dataclasses import fields
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, distribution
from ipaddress import ip_network
from typing import Any

from django.conf import settings as site_settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from django.urls import get_resolver
from django.utils.module_loading import import_string

from .adapters import ResourceAdapter
from .adapters.accounts.adoption import AdoptionPolicy
from .api.serializers import ResourceSerializer, serializer_for
from .conf import IMPORT_ERRORS, Defaults, settings
from .models import Connection
from .models.connections import FALLBACK_PROFILE
from .protocol.attributes import Schema

RESERVED = {"me", "bulk", "schemas", "resourcetypes", "serviceproviderconfig", ".search"}
REDACTIONS = ("keep", "mask", "hash", "drop")
PRIVILEGES = ("is_staff", "is_superuser", "password")

SHAPE: dict[str, type] = {
    "name": str,
    "endpoint": str,
    "schema": Schema,
    "model": type,
    "link": type,
}

HINTS = {
    "E001": "Both are imported as django_scim. Uninstall django-scim2, then reinstall this.",
    "E002": "ADAPTERS maps a resource type to the dotted path of its ResourceAdapter.",
    "E003": "Correct the column that the mapping names, or add the field to the model.",
    "E004": "Correct the path, or add the attribute to one of the adapter's schemas.",
    "E005": "Declare each attribute once, and one attribute for each column.",
    "E006": "Declare a mapping for it, or do not require it in the schema.",
    "E007": "Choose a mapping that fits the attribute, or correct its schema.",
    "E008": "Correct the schema's definition (RFC 7643 section 7).",
    "E009": "Publish the other resource type in ADAPTERS, or name another one in to=.",
    "E010": "Give the adapter what the message names; see UserAdapter for an example.",
    "E011": "The key in ADAPTERS is the adapter's name, and each type has its own endpoint.",
    "E012": "See the setting's type in django_scim.conf.Defaults.",
    "E013": "The URLs are the same for all connections: change the attributes, not the type.",
    "E014": "Subclass django_scim.api.serializers.ResourceSerializer.",
    "E015": "Correct the dotted path.",
    "E030": "A profile is a dict or a list, as reference/profiles.html describes it.",
    "W001": "An unknown key has no effect.",
    "W002": "Map a required attribute to it, give it a default, or set it in before_save.",
    "W003": "Add key=, the column of a FoldedField, so that names compare without case by index.",
    "W004": 'Add path("scim/", include("django_scim.urls")) to the URLs.',
    "W006": "Set SECURE_PROXY_SSL_HEADER if a proxy ends TLS, else SECURE_SSL_REDIRECT.",
    "W007": "Take ALLOW_HTTP out: a token is for whoever reads it on the way.",
    "W005": "Take it out: whoever controls the client could make itself an admin.",
    "W031": "Declare the profile in PROFILES again, or choose another one for the connection.",
}


def message(code: str, text: str, *, hint: str = "", obj: Any = None) -> CheckMessage:
    """Return the message of a check: its text, what to do, and where the docs say more."""
    kind = Error if code.startswith("E") else Warning
    advice = f"{hint or HINTS[code]} See reference/checks.html#{code.lower()} in the documentation."
    return kind(text, hint=advice, obj=obj, id=f"django_scim.{code}")


@register("django_scim")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Unknown keys in DJANGO_SCIM, with the closest match, and values of the wrong type."""
    given = getattr(site_settings, "DJANGO_SCIM", {})
    if not isinstance(given, dict):
        return [message("E012", "DJANGO_SCIM must be a dict.")]
    defaults = {item.name: getattr(Defaults(), item.name) for item in fields(Defaults)}
    messages = []
    for key, value in given.items():
        if key not in defaults:
            close = get_close_matches(str(key), defaults, 1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(defaults)}."
            messages.append(message("W001", f"DJANGO_SCIM has an unknown key {key!r}.", hint=hint))
        elif not _fits(value, type(defaults[key])):
            wanted, got = type(defaults[key]).__name__, type(value).__name__
            messages.append(
                message("E012", f"DJANGO_SCIM[{key!r}] must be of type {wanted}, not {got}.")
            )
    rules = given.get("REDACT", {})
    for path, rule in rules.items() if isinstance(rules, dict) else ():
        if rule not in REDACTIONS:
            messages.append(
                message(
                    "E012",
                    f"DJANGO_SCIM['REDACT'][{path!r}] is {rule!r}.",
                    hint=f"It is one of {', '.join(REDACTIONS)}.",
                )
            )
    return messages


@register("django_scim")
def check_paths(**kwargs: Any) -> list[CheckMessage]:
    """Networks and dotted paths in the settings lead somewhere."""
    messages: list[CheckMessage] = []
    if not _have_their_types():
        return messages
    for network in settings.TRUSTED_PROXIES:
        try:
            ip_network(network)
        except ValueError as error:
            messages.append(message("E012", f"DJANGO_SCIM['TRUSTED_PROXIES']: {error}."))
    for name, path in settings.ADOPTION_POLICIES.items():
        if not _leads_to(path, AdoptionPolicy):
            messages.append(
                message("E015", f"DJANGO_SCIM['ADOPTION_POLICIES'][{name!r}]: no policy at {path}.")
            )
    for path in settings.TOKEN_FINDERS:
        if not _leads_to(path, None):
            messages.append(message("E015", f"DJANGO_SCIM['TOKEN_FINDERS']: nothing at {path}."))
    return messages


def _leads_to(path: str, kind: type | None) -> bool:
    try:
        found = import_string(path)
    except (ImportError, AttributeError, TypeError):
        return False
    if kind is None:
        return callable(found)
    return isinstance(found, type) and issubclass(found, kind)


def _have_their_types() -> bool:
    """Whether the settings can be read at all; ``check_settings`` tells why they cannot."""
    given = getattr(site_settings, "DJANGO_SCIM", {})
    if not isinstance(given, dict):
        return False
    defaults = {item.name: getattr(Defaults(), item.name) for item in fields(Defaults)}
    return all(_fits(given[key], type(defaults[key])) for key in given if key in defaults)


@register("django_scim")
def check_profiles(**kwargs: Any) -> list[CheckMessage]:
    """Every profile in the settings is declared correctly."""
    return [
        message("E030", f"DJANGO_SCIM['PROFILES'][{name!r}]: {error}.")
        for name, error in settings.profile_errors.items()
    ]


@register(Tags.database)
def check_stored_profiles(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Every connection has a profile that is in the settings (``check --database default``)."""
    messages = []
    for alias in databases or ():
        stored = Connection.objects.using(alias).exclude(profile__in=list(settings.PROFILES))
        try:
            found = list(stored.values_list("name", "profile"))
        except DatabaseError:  # before the first migration there is no table
            continue
        for name, profile in found:
            text = f"The connection {name!r} has the profile {profile!r}, which is not in PROFILES."
            messages.append(message("W031", f"{text} It works like {FALLBACK_PROFILE!r}."))
    return messages


@register("django_scim", deploy=True)
def check_encryption(**kwargs: Any) -> list[CheckMessage]:
    """Requests come by https, and Django can tell (``check --deploy``)."""
    if _have_their_types() and settings.ALLOW_HTTP:
        return [message("W007", "SCIM is served by plain HTTP.")]
    knows = site_settings.SECURE_PROXY_SSL_HEADER or site_settings.SECURE_SSL_REDIRECT
    if not knows:
        return [message("W006", "Nothing tells Django which requests came by https.")]
    return []


def _fits(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and isinstance(value, bool) is (kind is bool)


@register("django_scim")
def check_other_package(**kwargs: Any) -> list[CheckMessage]:
    """django-scim2 has the same import name: one of the two overwrites the other's files."""
    try:
        distribution("django-scim2")
    except PackageNotFoundError:
        return []
    return [message("E001", "django-scim2 is installed beside django-scim-provisioning.")]


@register("django_scim")
def check_adapters(**kwargs: Any) -> list[CheckMessage]:
    """Every adapter can be imported, is one, and declares what exists."""
    if not _have_their_types():
        return []
    try:
        classes = settings.adapter_classes()
    except IMPORT_ERRORS as error:
        text = f"An adapter in DJANGO_SCIM cannot be imported: {_reason(error)}"
        return [message("E002", text)]
    messages = [each for name, found in classes.items() for each in _shape(name, found)]
    if messages:
        return messages
    messages += _endpoints(classes)
    for adapter in classes.values():
        messages += _declaration(adapter)
    messages += _of_connections(classes)
    messages += _sensitive(classes)
    return messages


def _sensitive(classes: dict[str, Any]) -> Iterator[CheckMessage]:
    """A name that is misspelt would let into URLs what it should keep out."""
    schemas = [adapter.examine_declaration().resource_schema for adapter in classes.values()]
    for name in settings.SENSITIVE_FILTERS:
        path = str(name)
        if not any(each.find(path) or each.find_in_extensions(path) for each in schemas):
            text = f"DJANGO_SCIM['SENSITIVE_FILTERS'] has {name!r}, which no resource type has."
            yield message("E012", text, hint="Name attributes as a filter does.")


def _reason(error: Exception) -> str:
    """What was wrong and where, for an error that may say as little as a missing key."""
    calls = traceback.extract_tb(error.__traceback__)
    own = [each for each in calls if each.name == "<module>"]  # the adapter's module itself
    where = f" ({own[0].filename}, line {own[0].lineno})" if own else ""
    return f"{type(error).__name__}: {error}{where}"


def _shape(name: str, adapter: Any) -> Iterator[CheckMessage]:
    """What must be there before a declaration can be looked at."""
    if not (isinstance(adapter, type) and issubclass(adapter, ResourceAdapter)):
        yield message("E002", f"The adapter of {name} is no ResourceAdapter: {adapter!r}.")
        return
    for attribute, kind in SHAPE.items():
        value = getattr(adapter, attribute, None)
        if not (isinstance(value, kind) and value):
            yield message("E010", f"{adapter.__name__} has no {attribute}.", obj=adapter)
    for attribute in ("extensions", "required_extensions"):
        value = getattr(adapter, attribute, None)
        if not (isinstance(value, list | tuple) and all(isinstance(v, Schema) for v in value)):
            text = f"{adapter.__name__}.{attribute} is no list of Schema."
            yield message("E010", text, obj=adapter)
    if not isinstance(getattr(adapter, "attributes", None), dict):
        yield message("E010", f"{adapter.__name__}.attributes is no dict.", obj=adapter)


def _endpoints(classes: dict[str, Any]) -> Iterator[CheckMessage]:
    seen: dict[str, str] = {}
    for name, adapter in classes.items():
        endpoint = adapter.endpoint.lower()
        if name != adapter.name:
            yield message("E011", f"{adapter.__name__} is named {adapter.name!r}, not {name!r}.")
        if endpoint in RESERVED or "/" in endpoint:
            yield message("E011", f"The endpoint {adapter.endpoint!r} of {name} is not free.")
        if endpoint in seen:
            yield message("E011", f"{name} and {seen[endpoint]} have one endpoint.")
        seen[endpoint] = name


def _declaration(adapter: Any) -> Iterator[CheckMessage]:
    declaration = adapter.examine_declaration()
    for error in declaration.errors:
        text = f"{adapter.__name__}: {error.text.rstrip('.')}."
        yield message(error.code, text, obj=adapter)
    try:
        if not issubclass(serializer_for(adapter), ResourceSerializer):
            raise TypeError(f"{adapter.serializer_class!r} is no ResourceSerializer")
    except (ImportError, TypeError) as error:
        yield message("E014", f"{adapter.__name__}.serializer_class: {error}.", obj=adapter)
    if not any(error.code.startswith("E") for error in declaration.errors):
        yield from _risks(adapter, declaration)


def _risks(adapter: Any, declaration: Any) -> Iterator[CheckMessage]:
    """What works, but slowly or dangerously."""
    name = declaration.by_path.get("userName")
    if name is not None and not getattr(name, "key", ""):
        yield message("W003", f"{adapter.__name__}: userName has no folded key.", obj=adapter)
    if not issubclass(adapter.model, get_user_model()):
        return
    for mapping in declaration.mappings:
        for relations, column in mapping.written_columns():
            if not relations and column.name in PRIVILEGES:
                text = f"{adapter.__name__}: {mapping.path} is written to {column.name!r}."
                yield message("W005", text, obj=adapter)


def _of_connections(classes: dict[str, Any]) -> Iterator[CheckMessage]:
    """The adapters that the settings give to single connections."""
    for connection, paths in settings.CONNECTION_ADAPTERS.items():
        if not isinstance(paths, dict):
            text = f"DJANGO_SCIM['CONNECTION_ADAPTERS'][{connection!r}] must be a dict."
            yield message("E012", text)
            continue
        if unknown := sorted(str(name) for name in set(paths) - set(classes)):
            yield message(
                "E013", f"The connection {connection!r} has adapters for {', '.join(unknown)}."
            )
        try:
            own = settings.adapter_classes(connection)
        except IMPORT_ERRORS as error:
            text = f"An adapter of the connection {connection!r}: {_reason(error)}"
            yield message("E002", text)
            continue
        for name in set(paths) & set(classes):
            flaws = list(_shape(name, own[name]))
            yield from flaws or _declaration(own[name])
            for attribute in () if flaws else ("name", "endpoint", "link"):
                if getattr(own[name], attribute) != getattr(classes[name], attribute):
                    yield message(
                        "E013",
                        f"{own[name].__name__} has another {attribute} than "
                        f"{classes[name].__name__}.",
                        obj=own[name],
                    )


@register("django_scim")
def check_urls(**kwargs: Any) -> list[CheckMessage]:
    """The URLs are included somewhere."""
    if not getattr(site_settings, "ROOT_URLCONF", ""):
        return []
    try:
        if "django_scim" not in get_resolver().app_dict:
            return [message("W004", "No URL leads to SCIM.")]
    except Exception:  # a broken URLconf is what Django's own checks are about
        return []
    return []
