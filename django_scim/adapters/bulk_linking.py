"""Which accounts of a site an identity provider can be given, before it is connected.

For a site that has users already: everybody whom the identity provider will recognise by a name or
an address becomes the connection's, so that its first creation finds nobody in the way. What an
admin gives on purpose waits for no confirmation. Who gives by a name alone has not looked at each
account: a tenant's connection gets only accounts that belong to the tenant.
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
Heard = Callable[[list[Any]], None]
"""What is told of the links of each batch, inside its transaction."""


@dataclass
class Survey:
    """What would be given, and who would not, each by the account's key."""

    matching: list[Any] = field(default_factory=list)
    #: Adopted already, and locked until an admin confirms it.
    waiting: list[Any] = field(default_factory=list)
    #: Accounts that cannot be told apart: their name or address, folded, with who has it.
    clashes: dict[str, list[str]] = field(default_factory=dict)
    clashing: int = 0
    protected: int = 0
    nameless: int = 0
    #: Of no tenant, or of another one than the connection's.
    strangers: int = 0
    held: int = 0
    given: int = 0
    deleted: int = 0


def survey(connection: Connection, by: By, accounts: Any = None) -> Survey:
    """Look at every account of the site; write nothing.

    ``accounts``, a queryset of users, narrows who is given; a clash is with any account at all.
    Raises LookupError where the site has no users to give or no such column.
    """
    adapter = _adapter(connection)
    column = _user_name(adapter) if by == "username" else _email(adapter.model)
    everybody = adapter.model._default_manager.order_by("pk")
    rows = everybody.values_list("pk", column)
    counts = Counter(fold_key(text or "") for _, text in rows.iterator(BATCH))
    among = None if accounts is None else set(accounts.values_list("pk", flat=True))
    condition = _of_the_user(adapter.unprotected())
    protected = set(everybody.exclude(condition).values_list("pk", flat=True) if condition else ())
    links = UserLink.objects.filter(target__isnull=False, created_by_scope=False)
    held = set(links.exclude(connection=connection).values_list("target_id", flat=True))
    own = dict(links.filter(connection=connection).values_list("target_id", "unconfirmed"))
    tombstones = UserLink.objects.filter(connection=connection, target=None).exclude(
        former_target_key=""
    )
    deleted = set(tombstones.values_list("former_target_key", flat=True))
    found, clashing = Survey(), {}
    for key, text in rows.iterator(BATCH):
        folded = fold_key(text or "")
        if folded and counts[folded] > 1:
            clashing[key] = folded
        if among is not None and key not in among:
            continue
        if key in protected:
            found.protected += 1
        elif own.get(key) is False:
            found.given += 1
        elif not folded:
            found.nameless += 1
        elif key in clashing:
            found.clashing += 1
        elif key in own:
            found.waiting.append(key)
        elif key in held:
            found.held += 1
        elif str(key) in deleted:
            found.deleted += 1
        else:
            found.matching.append(key)
    if connection.has_tenant:
        _leave_out_strangers(connection, found)
    for batch in _batches(list(clashing)):
        names = everybody.filter(pk__in=batch).values_list("pk", adapter.model.USERNAME_FIELD)
        for key, name in names:
            found.clashes.setdefault(clashing[key], []).append(name)
    return found


def _leave_out_strangers(connection: Connection, found: Survey) -> None:
    """Ask the site of each account whether it belongs to the connection's tenant."""
    adapter = Registry(connection, Tolerances(connection.tolerated), "").adapter("User")
    users = get_user_model()._default_manager
    if connection.tenant_is_gone():
        raise LookupError("what the connection belongs to is gone from the site")
    if not isinstance(adapter, UserAdapter):
        raise LookupError("the adapter of users is no UserAdapter and knows no tenants")
    tenant = connection.tenant
    for keys in (found.matching, found.waiting):
        own = []
        for batch in _batches(keys):
            known = users.in_bulk(batch)
            own += [k for k in batch if k in known and adapter.belongs_to(known[k], tenant)]
        found.strangers += len(keys) - len(own)
        keys[:] = own


def assign_matching(
    connection: Connection,
    found: Survey,
    progress: Callable[[int], None] | None = None,
    heard: Heard | None = None,
) -> int:
    """Give a connection what a survey found, a transaction a batch; return how many.

    It can be run again after an interruption: what was given is passed over.
    """
    unprotected = _adapter(connection).unprotected()
    own = UserLink.objects.filter(connection=connection)
    done = given = 0
    for keys in _batches(found.matching):
        links = own.filter(target__in=keys)
        with transaction.atomic(using=router.db_for_write(UserLink)):
            # A write first: SQLite cannot turn a transaction that has read into one that does.
            links.filter(created_by_scope=True).update(created_by_scope=False, preexisting=True)
            users = get_user_model()._default_manager.filter(pk__in=keys)
            link_batch(connection, list(users.values_list("pk", flat=True)), preexisting=True)
            # The site's own rule of who is protected is asked of the link: now there is one.
            kept = list(links.filter(unprotected).select_related("target").order_by("pk"))
            if len(kept) < len(keys):
                links.exclude(pk__in=[link.pk for link in kept]).delete()
            if heard and kept:
                heard(kept)
        given += len(kept)
        done += len(keys)
        if progress:
            progress(done)
    return given


def confirm_waiting(connection: Connection, found: Survey, heard: Heard | None = None) -> int:
    """Confirm the adoptions among what a survey found; return how many."""
    confirmed = 0
    for keys in _batches(found.waiting):
        links = UserLink.objects.filter(connection=connection, target__in=keys)
        with transaction.atomic(using=router.db_for_write(UserLink)):
            confirmed += links.filter(unconfirmed=True).update(unconfirmed=False)
            if heard:
                heard(list(links.select_related("target").order_by("pk")))
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
    """Return the path, from the user, of what the adapter calls userName."""
    mapping = adapter.declaration().by_role.get(Role.SIGN_IN_NAME)
    path = str(getattr(mapping, "orm_path", ""))
    if path.startswith("target__"):
        return path.removeprefix("target__")
    return str(get_user_model().USERNAME_FIELD)


def _email(model: Any) -> str:
    column = str(model.get_email_field_name())
    if not has(model, column):
        raise LookupError(f"{model.__name__} has no column for an e-mail address")
    return column


def _of_the_user(condition: Q) -> Q:
    """Return a condition on a link as one on its user, as far as it can be put so."""
    of_user = Q()
    of_user.connector, of_user.negated = condition.connector, condition.negated
    for child in condition.children:
        if isinstance(child, Q):
            of_user.children.append(_of_the_user(child))
        elif isinstance(child, tuple) and child[0].startswith("target__"):
            of_user.children.append((child[0].removeprefix("target__"), child[1]))
    return of_user
