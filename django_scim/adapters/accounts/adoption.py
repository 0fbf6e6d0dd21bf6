"""Policies for adoption: which existing accounts a connection takes over when it creates a user.

The default is none, because whoever controls the client controls what it adopts. Staff accounts
and those of another connection are never offered to a policy.
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
    """Base of the policies that ADOPTION_POLICIES names."""

    def find(self, adapter: Any, values: Assigned) -> Iterable[Any]:
        """Return the accounts that the body of a new user may be about, for a UserAdapter."""
        raise NotImplementedError


class ByUserName(AdoptionPolicy):
    """Adopt the account with the body's userName."""

    def find(self, adapter: Any, values: Assigned) -> Iterable[Any]:
        name = adapter.user_name(values)
        return [user for user in adapter.conflicts(name) if usernames.has_name(user, name)]


class ByVerifiedEmail(AdoptionPolicy):
    """Adopt the only account with an address of the body, if the site has verified the address.

    Stock Django verifies no addresses; ``UserAdapter.has_verified_email`` says which are.
    """

    def find(self, adapter: Any, values: Assigned) -> Iterable[Any]:
        mapping = adapter.declared.by_role.get(Role.ADDRESSES)
        given = values.get(mapping.path) if mapping else None
        found: dict[Any, Any] = {}
        for each in given or ():
            for user in accounts_with(adapter.model, each.get("value") or ""):
                if adapter.has_verified_email(user, each["value"]):
                    found[user.pk] = user
        others = {user.pk for user in adapter.conflicts(adapter.user_name(values))} - found.keys()
        return list(found.values()) if len(found) == 1 and not others else []


def policy_of(connection: Any) -> AdoptionPolicy | None:
    """Return a connection's policy, None for none. Raises ImportError for an unknown one."""
    path = settings.ADOPTION_POLICIES.get(connection.adoption)
    return import_string(path)() if path else None


def accounts_with(model: Any, address: str) -> list[Any]:
    """Return the accounts with an e-mail address, compared without case as names are."""
    column = model.get_email_field_name()
    if not address or not has(model, column):
        return []
    candidates = model._default_manager.filter(**{f"{column}__iexact": address})
    return [u for u in candidates if fold_key(getattr(u, column) or "") == fold_key(address)]
