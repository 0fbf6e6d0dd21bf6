"""Say who uses a userName that is taken; each case has its own remedy."""

from enum import StrEnum
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from ...adapters.accounts.user_models import privileges
from ...models import Event, UserKey, UserLink, fold_key


class HolderKind(StrEnum):
    """Whose account has the name."""

    FREE = "free"
    SITE = "site"
    PROTECTED = "protected"
    OWN = "own"
    OWN_DEACTIVATED = "own_deactivated"
    OTHER_CONNECTION = "other_connection"


_TEXTS = {
    HolderKind.FREE: (
        _("No account has the name any more."),
        _("Nothing: the next attempt of the identity provider succeeds."),
    ),
    HolderKind.SITE: (
        _("The name belongs to an account of this site that no connection manages."),
        _("If it is the same person, link the account to the connection. Otherwise change the "
          "userName at the identity provider, or rename the account here."),
    ),
    HolderKind.PROTECTED: (
        _("The name belongs to a protected account: staff or superuser. No connection may have "
          "it."),
        _("If it is the same person, either leave the account out of the assignment at the "
          "identity provider, or take its rights away here and then link it."),
    ),
    HolderKind.OTHER_CONNECTION: (
        _("The name belongs to an account that the connection %(connection)s manages."),
        _("The person is assigned in two applications. Remove them from one of the two at its "
          "identity provider, or link the account to this connection, too."),
    ),
    HolderKind.OWN: (
        _("This connection has an account of that name already."),
        _("The identity provider has forgotten it. Check by which attribute it matches accounts: "
          "with userName, it finds the account and updates it."),
    ),
    HolderKind.OWN_DEACTIVATED: (
        _("The name belongs to an account that this connection had until it deactivated or "
          "deleted it."),
        _("If the person came back, link the account to the connection again; then the identity "
          "provider finds and reactivates it. If it is another person, rename the old account."),
    ),
}  # fmt: skip


class Holder(NamedTuple):
    """The account that uses a name, or None if the name is free by now, and the remedy."""

    kind: HolderKind
    account: Any
    why: str
    remedy: str

    @property
    def can_link(self) -> bool:
        """Return whether an admin can link the account to the event's connection."""
        linkable = (HolderKind.SITE, HolderKind.OTHER_CONNECTION)
        return self.kind in linkable or (
            self.kind == HolderKind.OWN_DEACTIVATED and not self.is_linked
        )

    is_linked: bool = False


def holder_of(event: Event) -> Holder | None:
    """Return who has the userName that a refused request wanted; None for any other event.

    This reads the accounts of the site: show it only to admins who may see them.
    """
    params = event.reason_params if isinstance(event.reason_params, dict) else {}
    name = params.get("value")
    if event.reason != "name_taken" or not name or not event.connection_id:
        return None
    keys = UserKey.objects.filter(folded=fold_key(str(name))).select_related("user")
    keys = keys.exclude(user_id=event.object_key) if event.object_key else keys
    accounts = [key.user for key in keys.order_by("user_id")[:20]]
    if not accounts:
        return _holder(HolderKind.FREE, None)
    return _about(event, accounts[0])


def _about(event: Event, account: Any) -> Holder:
    if any(getattr(account, flag) for flag in privileges(get_user_model())):
        return _holder(HolderKind.PROTECTED, account)
    links = list(UserLink.objects.filter(target=account).select_related("connection"))
    if any(link.connection_id == event.connection_id for link in links):
        kind = HolderKind.OWN if account.is_active else HolderKind.OWN_DEACTIVATED
        return _holder(kind, account, is_linked=True)
    explicit = [link for link in links if not link.created_by_scope]
    if explicit:
        return _holder(HolderKind.OTHER_CONNECTION, account, connection=explicit[0].connection)
    former = UserLink.objects.filter(
        former_target_key=str(account.pk), connection=event.connection_id, target=None
    )
    return _holder(HolderKind.OWN_DEACTIVATED if former.exists() else HolderKind.SITE, account)


def _holder(
    kind: HolderKind, account: Any, connection: Any = "", is_linked: bool = False
) -> Holder:
    why, remedy = (str(text) % {"connection": connection} for text in _TEXTS[kind])
    return Holder(kind, account, why, remedy, is_linked)
