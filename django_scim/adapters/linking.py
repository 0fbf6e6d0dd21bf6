"""Links that are created without a request, for connections whose scope is the whole site."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef

from ..models import Connection, UserLink, UserValue, fold_key
from ..primary import on_primary
from ..transactions import in_transaction
from .accounts.usernames import add_missing_keys
from .registry import adapter_classes
from .writing.locks import for_update

BATCH = 2_000
#: The columns of a link that exists because of the scope.
BY_SCOPE = {"created_by_scope": True, "granted_by_scope": True, "preexisting": True}
Progress = Callable[[int], None]


def mirrors() -> list[Any]:
    """Return the user adapter's lists of which one value is stored in a column of the user."""
    adapter = adapter_classes().get("User")
    return list(adapter.declaration().mirrored) if adapter else []


@on_primary()
def link_new_users(users: Sequence[Any]) -> None:
    """Link new users of the site to every connection with scope ``site``."""
    site_wide = Connection.objects.filter(scope=Connection.Scope.SITE).order_by("pk")

    def link() -> None:
        links = [
            UserLink(connection=connection, target=user, **BY_SCOPE)
            for connection in for_update(site_wide)  # no change of the scope can be in between
            for user in users
        ]
        UserLink.objects.bulk_create(links, ignore_conflicts=True)
        for user in users:
            refresh_mirrors(user)

    if site_wide.exists():
        in_transaction(link, lambda: None)


def refresh_mirrors(user: Any) -> None:
    """Update the folded keys of mirrored values after the site has saved a user."""
    for mapping in mirrors():
        value = getattr(user, mapping.mirror) or ""
        rows = UserValue.objects.filter(user=user, attribute=mapping.name, mirrored=True)
        if not value or rows.filter(key=fold_key(value)).exists():
            continue
        if not rows.update(key=fold_key(value)) and user.scim_links.exists():
            mirror_row(user.pk, mapping, value).save()


def mirror_row(user_key: Any, mapping: Any, value: str) -> UserValue:
    """Return the unsaved row of a mirrored value, such as an e-mail, of type "work"."""
    return UserValue(
        user_id=user_key,
        attribute=mapping.name,
        type="work",
        primary=True,
        mirrored=True,
        key=fold_key(value),
    )


def link_site(
    connection: Connection,
    progress: Progress | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> int:
    """Link every user of the site to a connection, in batches. Return how many were processed.

    It can be run again after an interruption: users that are already linked are skipped, and so
    are users that the connection has deleted and those that an admin took from it. Users that
    ``withdraw_site`` withdrew get their old link. It stops when the scope is no longer ``site``.
    ``on_batch`` is called with the number of new links of each batch, inside its transaction.
    """
    users = get_user_model()._default_manager
    links = UserLink.objects.filter(connection=connection, target=OuterRef("pk"))
    missing = users.filter(~Exists(links)).order_by("pk")

    def grant(keys: list[Any]) -> bool:
        linked = _grant(connection, keys)
        if on_batch and linked:
            on_batch(linked)
        return linked is not None

    done, keys = 0, list(missing.values_list("pk", flat=True)[:BATCH])
    while keys:
        if not in_transaction(partial(grant, keys), lambda: None):
            break
        done += len(keys)
        if progress:
            progress(done)
        keys = list(missing.filter(pk__gt=keys[-1]).values_list("pk", flat=True)[:BATCH])
    return done


def _grant(connection: Connection, keys: list[Any]) -> int | None:
    """Link a batch of users. Return how many, or None if the scope is no longer ``site``."""
    rows = Connection.objects.filter(pk=connection.pk)
    if for_update(rows).get().scope != Connection.Scope.SITE:
        return None
    tombstones = UserLink.objects.filter(
        connection=connection, target=None, former_target_key__in=map(str, keys)
    )
    last = {each.former_target_key: each for each in tombstones.order_by("pk")}
    new = [key for key in keys if str(key) not in last]
    link_batch(connection, new, **BY_SCOPE)
    withdrawn = [each for each in last.values() if each.granted_by_scope and each.unassigned]
    by_text = {str(key): key for key in keys}
    for link in withdrawn:
        link.target_id = by_text[link.former_target_key]
        link.former_target_key, link.unassigned, link.created_by_scope = "", False, True
    _update(withdrawn, "created_by_scope")
    return len(new) + len(withdrawn)


@dataclass
class Withdrawal:
    """The numbers of accounts that ``withdraw_site`` has withdrawn and kept."""

    withdrawn: int = 0
    kept: int = 0
    #: Accounts that the client has deleted and can no longer get back.
    forgotten: int = 0

    def add(self, other: "Withdrawal") -> None:
        self.withdrawn += other.withdrawn
        self.kept += other.kept
        self.forgotten += other.forgotten


def withdraw_site(
    connection: Connection,
    *,
    keep_written: bool = False,
    progress: Progress | None = None,
    on_batch: Callable[[Withdrawal], None] | None = None,
) -> Withdrawal:
    """Remove the links that a connection has by its former scope ``site``, in batches.

    With ``keep_written``, it keeps the accounts to which the client has written, and may get those
    back that it has deleted. It can be run again after an interruption. It stops when the scope
    is ``site`` again. ``on_batch`` is called with the numbers of each batch, inside its
    transaction.
    """
    total, last = Withdrawal(), 0

    def withdraw() -> tuple[list[int], Withdrawal]:
        batch = _withdraw(connection, last, keep_written)
        if on_batch and batch[0]:
            on_batch(batch[1])
        return batch

    while Connection.objects.filter(pk=connection.pk, scope=Connection.Scope.OWN).exists():
        keys, numbers = in_transaction(withdraw, lambda: None)
        if not keys:
            break
        last = keys[-1]
        total.add(numbers)
        if progress:
            progress(total.withdrawn + total.kept)
    return total


def _withdraw(
    connection: Connection, after: int, keep_written: bool
) -> tuple[list[int], Withdrawal]:
    """Withdraw a batch. Return the keys of all its links, and the numbers of accounts."""
    granted = UserLink.objects.filter(connection=connection, granted_by_scope=True, pk__gt=after)
    # A tombstone that was withdrawn before stays as it is, so that its user can be linked again.
    rows = granted.exclude(target=None, unassigned=True).order_by("pk")
    links: list[Any] = list(for_update(rows)[:BATCH])
    live = [link for link in links if link.target_id is not None]
    written = [link for link in live if not link.created_by_scope]
    # The client's writes are the last that happened to these accounts.
    UserLink.end_releases(link.target_id for link in written)
    kept = {link.pk for link in written} if keep_written else set()
    withdrawn = [link for link in live if link.pk not in kept]
    for link in withdrawn:
        link.former_target_key, link.target_id = str(link.target_id), None
        link.unassigned = True
    _update(withdrawn)
    others = {link.pk for link in links} - {link.pk for link in withdrawn}
    rest = UserLink.objects.filter(pk__in=others)
    numbers = Withdrawal(len(withdrawn), len(kept))
    if not keep_written:  # the rest are accounts that the client has deleted
        numbers.forgotten = rest.update(release_digest="", unassigned=True)
    rest.update(granted_by_scope=False)
    return [link.pk for link in links], numbers


def _update(links: list[Any], *columns: str) -> None:
    columns = ("target", "former_target_key", "unassigned", *columns)
    UserLink.objects.bulk_update(links, columns, batch_size=200)


def link_batch(connection: Connection, keys: list[Any], **options: Any) -> None:
    """Link users by their primary keys, and create their missing user keys and mirrored rows.

    ``options`` are values for columns of the links.
    """
    prepare_users(keys)
    UserLink.objects.bulk_create(
        [UserLink(connection=connection, target_id=key, **options) for key in keys],
        ignore_conflicts=True,
    )


def prepare_users(keys: Iterable[Any]) -> None:
    """Create the missing user keys and mirrored rows of users, given their primary keys.

    Every user who has a link needs them.
    """
    users = get_user_model()._default_manager.filter(pk__in=list(keys))
    add_missing_keys(users)
    _add_missing_mirrors(users)


def _add_missing_mirrors(users: Any) -> None:
    """Create the missing rows of mirrored values."""
    for mapping in mirrors():
        values = dict(users.values_list("pk", mapping.mirror))
        rows = UserValue.objects.filter(
            user__in=list(values), attribute=mapping.name, mirrored=True
        )
        for key in rows.values_list("user_id", flat=True):
            values.pop(key, None)
        UserValue.objects.bulk_create(
            [mirror_row(key, mapping, value) for key, value in values.items() if value],
            batch_size=BATCH,
        )
