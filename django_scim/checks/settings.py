"""Checks of the values in ``DJANGO_SCIM``."""

from collections.abc import Iterator
from dataclasses import fields
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Any

from django.conf import settings as site_settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, register
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.utils.module_loading import import_string

from ..adapters.accounts.adoption import AdoptionPolicy
from ..adapters.accounts.exclusions import excluded_users, reachable_users
from ..audit.redaction import RULES
from ..conf import IMPORT_ERRORS, Defaults, fits, settings
from ..protocol.similar_names import name_skeleton
from .table import message


@register("django_scim")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Report unknown keys, and values of the wrong type."""
    given = getattr(site_settings, "DJANGO_SCIM", {})
    if not isinstance(given, dict):
        return [message("E012", "DJANGO_SCIM must be a dict.")]
    return [*_keys(given), *_redactions(given.get("REDACT", {}))]


@register("django_scim")
def check_paths(**kwargs: Any) -> list[CheckMessage]:
    """Report networks that cannot be parsed, and dotted paths that cannot be used."""
    if not are_settings_readable():
        return []
    found = [*_networks(), *_policies(), *_token_finders()]
    return [*found, *_reserved_groups(), *_excluded_users()]


def are_settings_readable() -> bool:
    """Return whether every setting has its type; if not, ``check_settings`` reports it."""
    return not settings.invalid


def _defaults() -> dict[str, Any]:
    return {item.name: getattr(Defaults(), item.name) for item in fields(Defaults)}


def _keys(given: dict[Any, Any]) -> Iterator[CheckMessage]:
    defaults = _defaults()
    for key, value in given.items():
        if key not in defaults:
            close = get_close_matches(str(key), defaults, 1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(defaults)}."
            yield message("W001", f"DJANGO_SCIM has an unknown key {key!r}.", hint=hint)
        elif not fits(key, value, defaults[key]):
            wanted, got = type(defaults[key]).__name__, type(value).__name__
            yield message("E012", f"DJANGO_SCIM[{key!r}] must be of type {wanted}, not {got}.")


def _redactions(rules: Any) -> Iterator[CheckMessage]:
    for path, rule in rules.items() if isinstance(rules, dict) else ():
        if rule not in RULES:
            text = f"DJANGO_SCIM['REDACT'][{path!r}] is {rule!r}, which is not a rule."
            yield message("E025", text, hint=f"The rules are {', '.join(RULES)}.")


def _networks() -> Iterator[CheckMessage]:
    for network in settings.TRUSTED_PROXIES:
        try:
            ip_network(network)
        except ValueError as error:
            yield message("E025", f"DJANGO_SCIM['TRUSTED_PROXIES']: {error}.")


def _policies() -> Iterator[CheckMessage]:
    for name, path in settings.ADOPTION_POLICIES.items():
        found = _imported(path)
        if not (isinstance(found, type) and issubclass(found, AdoptionPolicy)):
            text = f"DJANGO_SCIM['ADOPTION_POLICIES'][{name!r}]: no AdoptionPolicy at {path!r}."
            yield message("E015", text)


def _token_finders() -> Iterator[CheckMessage]:
    for path in settings.TOKEN_FINDERS:
        if not callable(_imported(path)):
            yield message("E028", f"DJANGO_SCIM['TOKEN_FINDERS']: no function at {path!r}.")


def _reserved_groups() -> Iterator[CheckMessage]:
    declared: Any = settings.RESERVED_GROUPS
    found = _imported(declared) if isinstance(declared, str) else declared
    if callable(found) and not isinstance(found, type):
        return
    if not isinstance(found, list | tuple | set | frozenset):
        text = f"DJANGO_SCIM['RESERVED_GROUPS']: neither names nor a function at {declared!r}."
        yield message("E031", text)
        return
    for name in found:
        if not (isinstance(name, str) and name_skeleton(name)):
            yield message("E031", f"DJANGO_SCIM['RESERVED_GROUPS'] has {name!r}, which is no name.")


def _excluded_users() -> Iterator[CheckMessage]:
    try:
        get_user_model()._base_manager.filter(excluded_users())
        reachable_users()
    except (ImproperlyConfigured, FieldError, ValueError, TypeError) as error:
        text = str(error).removeprefix("DJANGO_SCIM['EXCLUDED_USERS']")
        yield message("E043", f"DJANGO_SCIM['EXCLUDED_USERS'] {text.lstrip(': ')}.")


def _imported(path: Any) -> Any:
    """Return the object at a dotted path, or None if it cannot be imported."""
    try:
        return import_string(path)
    except IMPORT_ERRORS:
        return None
