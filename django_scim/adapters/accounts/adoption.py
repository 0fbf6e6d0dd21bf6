"""Which accounts that the site had before become a connection's own.

Closed by default: whoever controls the client controls what it adopts. Nobody who is staff, and
nobody whom a connection holds, is ever asked about.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from ...conf import settings
from ...models import fold_key
from . import usernames as names
from .user_models import has

if TYPE_CHECKING:
    from ..base import Assigned
    from ..users import UserAdapter


class AdoptionPolicy:
    """Base of the policies that ADOPTION_POLICIES names and a connection can have."""

    def find(self, adapter: "UserAdapter", values: "Assigned") -> Iterable[Any]:
        """Return the accounts that a client can mean by the body of a new user."""
        raise NotImplementedError


class ByUserName(AdoptionPolicy):
    """The account that bears the body's userName."""

    def find(self, adapter: "UserAdapter", values: "Assigned") -> Iterable[Any]:
        name = user_name(values)
        return [user for user in adapter.conflicts(name) if names.has_name(user, name)]


class ByVerifiedEmail(AdoptionPolicy):
    """The one account that has an address of the body, if the site has verified it.

    Stock Django verifies no addresses: ``UserAdapter.has_verified_email`` says which are.
    """

    def find(self, adapter: "UserAdapter", values: "Assigned") -> Iterable[Any]:
        given = next((value for path, value in values.items() if path.name == "emails"), None)
        found: dict[Any, Any] = {}
        for each in given or ():
            for user in accounts_with(adapter.model, each.get("value") or ""):
                if adapter.has_verified_email(user, each["value"]):
                    found[user.pk] = user
        others = {user.pk for user in adapter.conflicts(user_name(values))} - found.keys()
        return list(found.values()) if len(found) == 1 and not others else []


def policy_of(connection: Any) -> AdoptionPolicy | None:
    """Return a connection's policy. Raises ImportError for one that does not exist."""
    path = settings.ADOPTION_POLICIES.get(connection.adoption)
    return import_string(path)() if path else None


def user_name(values: "Assigned") -> str:
    return next((str(value) for path, value in values.items() if path.name == "userName"), "")


def accounts_with(model: Any, address: str) -> list[Any]:
    """Return the accounts with an address, compared without case by the folding of all names."""
    column = model.get_email_field_name()
    if not address or not has(model, column):
        return []
    candidates = model._default_manager.filter(**{f"{column}__iexact": address})
    return [u for u in candidates if fold_key(getattr(u, column) or "") == fold_key(address)]
