"""Accounts that no connection reaches, such as an anonymous account or those of services."""

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.utils.module_loading import import_string

from ...conf import IMPORT_ERRORS, settings

_cached: dict[str, tuple[object, Q]] = {}


def reachable_users() -> Q:
    """Return a condition on links for the accounts that EXCLUDED_USERS leaves.

    Raise ImproperlyConfigured if the setting cannot be used: if it was ignored, clients could reach
    the accounts that the site wants to exclude.
    """
    found = _cached.get("")
    if found is None or found[0] is not settings.EXCLUDED_USERS:
        excluded = excluded_users()
        condition = ~on_target(excluded) if excluded else Q()
        found = _cached[""] = settings.EXCLUDED_USERS, condition
    return found[1]


def excluded_users() -> Q:
    """Return the condition on users that the site excludes, with the anonymous one of guardian."""
    given: Any = settings.EXCLUDED_USERS
    if isinstance(given, str) and given:
        try:
            given = import_string(given)
        except IMPORT_ERRORS as error:
            raise ImproperlyConfigured(f"DJANGO_SCIM['EXCLUDED_USERS']: {error}") from None
    if given and not isinstance(given, Q):
        raise ImproperlyConfigured(f"DJANGO_SCIM['EXCLUDED_USERS'] leads to {given!r}, not to a Q")
    condition = given or Q()
    if apps.is_installed("guardian"):
        name = import_string("guardian.conf.settings.ANONYMOUS_USER_NAME")
        if name:
            condition |= Q(**{get_user_model().USERNAME_FIELD: name})
    return condition


def on_target(condition: Q) -> Q:
    """Return a condition on users as a condition on the target of a link."""
    children = [
        on_target(each) if isinstance(each, Q) else (f"target__{each[0]}", each[1])
        for each in condition.children
        if isinstance(each, Q | tuple)
    ]
    if len(children) < len(condition.children):
        raise ImproperlyConfigured("DJANGO_SCIM['EXCLUDED_USERS'] must not contain expressions")
    return Q(*children, _connector=condition.connector, _negated=condition.negated)
