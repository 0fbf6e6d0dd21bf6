"""Assign existing accounts to a connection in bulk, before its identity provider starts.

For a site that already has users: accounts that the identity provider will recognise by a user
name or an e-mail address are linked to the connection, so that its first requests do not conflict
with them. These links need no confirmation, since an admin assigns them deliberately. The admin
does not check each account, however, so a tenant's connection gets only accounts of the tenant.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models import Q

from ..models import Connection, UserLink, fold_key
from ..protocol.tolerances import Tolerances
from .accounts.user_models import has
from .behaviours import Role
from .linking import BATCH, link_batch
from .registry import Registry, adapter_classes
from .users import UserAdapter

By = Literal["username", "email"]
OnBatch = Callable[[list[Any]], None]
"""Called with the links of each batch, inside the batch's transaction."""


@dataclass
class Survey:
    """The accounts that can be assigned, by primary key, and counts of those that cannot."""

    matching: list[Any] = field(default_factory=list)
    #: Adopted by the connection, and locked until an admin confirms the link.
    unconfirmed: list[Any] = field(default_factory=list)
    #: The user names of accounts with the same name or address, by the folded name or address.
    conflicts: dict[str, list[str]] = field(default_factory=dict)
    conflicting: int = 0
    protected: int = 0
    #: Accounts without a user name or e-mail address.
    without_value: int = 0
    #: Accounts that do not belong to the connection's tenant.
    outside_tenant: int = 0
    linked_elsewhere: int = 0
    assigned: int = 0
    deleted: int = 0


def survey(connection: Connection, by: By, accounts: Any = None) -> Survey:
    """Return which accounts of the site can be assigned. Nothing is written.

    ``accounts``, a queryset of users, limits the accounts to assign; conflicts with all other
    accounts still count. Raise LookupError if the site publishes no users or has no such column.
    """
    adapter = _adapter(connection)
    column = _user_name(adapter) if by == "username" else _email(adapter.model)
    users = adapter.model._default_manager.order_by("pk")
    rows = users.values_list("pk", column)
    counts = Counter(fold_key(text or "") for _, text in rows.iterator(BATCH))
    selected = None if accounts is None else set(accounts.values_list("pk", flat=True))
    condition = _on_user(adapter.unprotected())
    protected = set(users.exclude(condition).values_list("pk", flat=True) if condition else ())
    links = UserLink.objects.filter(target__isnull=False, created_by_scope=False)
    elsewhere = set(links.exclude(connection=connection).values_list("target_id", flat=True))
    own_links = links.filter(connection=connection, granted_by_scope=False)
    own = dict(own_links.values_list("target_id", "unconfirmed"))
    tombstones = UserLink.objects.filter(connection=connection, target=None).exclude(
        former_target_key=""
    )
    with_scope = {"granted_by_scope": True, "unassigned": True}  # withdrawn with the scope
    deleted = set(tombstones.exclude(**with_scope).values_list("former_target_key", flat=True))
    result, conflicting = Survey(), {}
    for key, text in rows.iterator(BATCH):
        folded = fold_key(text or "")
        if folded and counts[folded] > 1:
            conflicting[key] = folded
        if selected is not None and key not in selected:
            continue
        if key in protected:
            result.protected += 1
        elif own.get(key) is False:
            result.assigned += 1
        elif not folded:
            result.without_value += 1
        elif key in conflicting:
            result.conflicting += 1
        elif key in own:
            result.unconfirmed.append(key)
        elif key in elsewhere:
            result.linked_elsewhere += 1
        elif str(key) in deleted:
            result.deleted += 1
        else:
            result.matching.append(key)
    if connection.has_tenant:
        _exclude_other_tenants(connection, result)
    for batch in _batches(list(conflicting)):
        names = users.filter(pk__in=batch).values_list("pk", adapter.model.USERNAME_FIELD)
        for key, name in names:
            result.conflicts.setdefault(conflicting[key], []).append(name)
    return result


def _exclude_other_tenants(connection: Connection, result: Survey) -> None:
    """Remove the accounts that do not belong to the connection's tenant.

    Raise LookupError if the tenant no longer exists, or if the adapter has no ``belongs_to``.
    """
    adapter = Registry(connection, Tolerances(connection.tolerated), "").adapter("User")
    users = get_user_model()._default_manager
    if connection.tenant_is_gone():
        raise LookupError("the connection's tenant no longer exists on the site")
    if not isinstance(adapter, UserAdapter):
        raise LookupError("the adapter of users must be a UserAdapter to support tenants")
    tenant = connection.tenant
    for keys in (result.matching, result.unconfirmed):
        in_tenant = []
        for batch in _batches(keys):
            by_key = users.in_bulk(batch)
            in_tenant += [k for k in batch if k in by_key and adapter.belongs_to(by_key[k], tenant)]
        result.outside_tenant += len(keys) - len(in_tenant)
        keys[:] = in_tenant


def assign_matching(
    connection: Connection,
    result: Survey,
    progress: Callable[[int], None] | None = None,
    on_batch: OnBatch | None = None,
) -> int:
    """Assign the matching accounts of a survey, one transaction per batch. Return how many.

    It can be run again after an interruption: accounts that are already assigned are skipped.
    """
    unprotected = _adapter(connection).unprotected()
    own = UserLink.objects.filter(connection=connection)
    done = assigned = 0
    for keys in _batches(result.matching):
        links = own.filter(target__in=keys)
        with transaction.atomic(using=router.db_for_write(UserLink)):
            # Write first: SQLite cannot upgrade a transaction that has only read so far.
            links.filter(granted_by_scope=True).update(
                created_by_scope=False, granted_by_scope=False, preexisting=True
            )
            tombstones = own.filter(former_target_key__in=map(str, keys))
            tombstones.update(unassigned=False, granted_by_scope=False)
            UserLink.end_releases(keys)
            users = get_user_model()._default_manager.filter(pk__in=keys)
            link_batch(connection, list(users.values_list("pk", flat=True)), preexisting=True)
            # unprotected() is a condition on links, so it can only be tested now.
            kept = list(links.filter(unprotected).select_related("target").order_by("pk"))
            if len(kept) < len(keys):
                links.exclude(pk__in=[link.pk for link in kept]).delete()
            if on_batch and kept:
                on_batch(kept)
        assigned += len(kept)
        done += len(keys)
        if progress:
            progress(done)
    return assigned


def confirm_adopted(connection: Connection, result: Survey, on_batch: OnBatch | None = None) -> int:
    """Confirm the unconfirmed links of a survey. Return how many."""
    confirmed = 0
    for keys in _batches(result.unconfirmed):
        links = UserLink.objects.filter(connection=connection, target__in=keys)
        with transaction.atomic(using=router.db_for_write(UserLink)):
            confirmed += links.filter(unconfirmed=True).update(
                unconfirmed=False, held_inactive=False
            )
            if on_batch:
                on_batch(list(links.select_related("target").order_by("pk")))
    return confirmed


def _batches(keys: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def _adapter(connection: Connection) -> Any:
    adapter = adapter_classes(connection).get("User")
    if adapter is None:
        raise LookupError("the site publishes no users")
    return adapter


def _user_name(adapter: Any) -> str:
    """Return the ORM path, from the user, of the column that the adapter maps to userName."""
    mapping = adapter.declaration().by_role.get(Role.SIGN_IN_NAME)
    if mapping is not None and mapping.orm_path.startswith("target__"):
        return str(mapping.orm_path).removeprefix("target__")
    return str(get_user_model().USERNAME_FIELD)


def _email(model: Any) -> str:
    column = str(model.get_email_field_name())
    if not has(model, column):
        raise LookupError(f"{model.__name__} has no column for an e-mail address")
    return column


def _on_user(condition: Q) -> Q:
    """Return the parts of a condition on a link that are about its user, on the user."""
    on_user = Q()
    on_user.connector, on_user.negated = condition.connector, condition.negated
    for child in condition.children:
        if isinstance(child, Q):
            on_user.children.append(_on_user(child))
        elif isinstance(child, tuple) and child[0].startswith("target__"):
            on_user.children.append((child[0].removeprefix("target__"), child[1]))
    return on_user
