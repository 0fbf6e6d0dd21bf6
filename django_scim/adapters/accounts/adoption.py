"""Adoption policies: which existing account a connection takes over when it creates a user.

By default a connection has no policy, because the client decides which accounts it adopts. Staff
accounts and accounts of another connection are never adopted.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.module_loading import import_string

from ...conf import settings
from ...models import fold_key
from ..behaviours import Role
from ..interfaces import Assigned
from . import usernames
from .user_models import has


class AdoptionPolicy:
    """Base class of the policies in the setting ADOPTION_POLICIES."""

    def find(self, adapter: Any, values: Assigned) -> Iterable[Any]:
        """Return the accounts that the body of a new user may refer to.

        ``adapter`` is the UserAdapter of the request.
        """
        raise NotImplementedError


class ByUserName(AdoptionPolicy):
    """Adopt the account with the body's userName."""

    def find(self, adapter: Any, values: Assigned) -> Iterable[Any]:
        name = adapter.user_name(values)
        return [user for user in adapter.conflicts(name) if usernames.has_name(user, name)]


class ByVerifiedEmail(AdoptionPolicy):
    """Adopt the account with a verified e-mail address of the body, if there is exactly one.

    ``UserAdapter.has_verified_email`` decides whether an address is verified; Django itself does
    not verify addresses.
    """

    def find(self, adapter: Any, values: Assigned) -> Iterable[Any]:
        mapping = adapter.declared.by_role.get(Role.ADDRESSES)
        emails = values.get(mapping.path) if mapping else None
        verified: dict[Any, Any] = {}
        for email in emails or ():
            for user in accounts_with(adapter.model, email.get("value") or ""):
                if adapter.has_verified_email(user, email["value"]):
                    verified[user.pk] = user
        same_name = {user.pk for user in adapter.conflicts(adapter.user_name(values))}
        is_clear = len(verified) == 1 and not same_name - verified.keys()
        return list(verified.values()) if is_clear else []


def policy_of(connection: Any) -> AdoptionPolicy | None:
    """Return a connection's policy, or None. Raise ImportError if it cannot be imported."""
    path = settings.ADOPTION_POLICIES.get(connection.adoption)
    return import_string(path)() if path else None


def accounts_with(model: Any, address: str) -> list[Any]:
    """Return the accounts with an e-mail address, compared like user names, without case."""
    column = model.get_email_field_name()
    if not address or not has(model, column):
        return []
    candidates = model._default_manager.filter(**{f"{column}__iexact": address})
    return [u for u in candidates if fold_key(getattr(u, column) or "") == fold_key(address)]
