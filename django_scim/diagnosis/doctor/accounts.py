"""The folded keys, claims and values of users and groups, and duplicates among them."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Count, Q

from ...adapters import linking
from ...adapters.accounts.usernames import add_missing_keys
from ...models import (
    AbstractGroupLink,
    Connection,
    UserKey,
    UserLink,
    UserProfile,
    UserValue,
    fold_key,
)
from .findings import Finding, Options, examination, found

BATCH = 2_000


def _users() -> Any:
    return get_user_model()._default_manager


@examination
def missing_keys(options: Options) -> Iterator[Finding]:
    """Find users without a key; the site created them without a signal (bulk_create)."""
    if not Connection.objects.exists():
        return
    missing = _users().filter(scim_key__isnull=True)
    text = "users have no folded user name, so that SCIM does not find them by it"
    yield from found("user-key-missing", text, missing.iterator(), partial(_add_keys, missing))


def _add_keys(users: Any) -> None:
    add_missing_keys(users.all())


@examination
def stale_keys(options: Options) -> Iterator[Finding]:
    """Find keys and claims that do not match the user name, as after ``queryset.update``."""
    stale, claims = [], []
    for key in UserKey.objects.select_related("user").iterator(BATCH):
        folded = fold_key(key.user.get_username() or "")
        if key.folded != folded:
            stale.append(key)
        elif key.claim not in (None, folded):
            claims.append(key)
    text = "users were renamed without a signal, and have the folded user name from before"
    yield from found("user-key-stale", text, [key.user for key in stale], partial(_refold, stale))
    text = "users have the claim on a name that is not theirs, so that no other user can get it"
    fix = partial(_refold, claims)
    yield from found("claim-stale", text, [key.user for key in claims], fix)


def _refold(keys: list[UserKey]) -> None:
    for key in keys:
        folded = fold_key(key.user.get_username() or "")
        UserKey.objects.filter(pk=key.pk).update(folded=folded, claim=None)


@examination
def stale_mirrors(options: Options) -> Iterator[Finding]:
    """Find e-mail addresses that changed without a signal."""
    for mapping in linking.mirrors():
        rows = UserValue.objects.filter(attribute=mapping.name, mirrored=True)
        stale = []
        for row in rows.select_related("user").iterator(BATCH):
            value = getattr(row.user, mapping.mirror) or ""
            if value and row.key != fold_key(value):
                stale.append(row.user)
        text = f"{mapping.name} of users changed without a signal, and filters miss them"
        yield from found("mirror-stale", text, stale, partial(_refresh, stale))


def _refresh(users: list[Any]) -> None:
    for user in users:
        linking.refresh_mirrors(user)


@examination
def folded_columns(options: Options) -> Iterator[Finding]:
    """Find folded columns of profiles, values and groups that do not match their text."""
    yield from _folded(
        "profile-key-stale", UserProfile.objects.all(), "display_key", "display_name"
    )
    values = UserValue.objects.filter(mirrored=False)
    yield from _folded("value-key-stale", values, "key", "value")
    for model in _group_links():
        yield from _group_keys(model)


def _group_links() -> list[Any]:
    return [each for each in apps.get_models() if issubclass(each, AbstractGroupLink)]


def _group_keys(model: Any) -> Iterator[Finding]:
    """Compare the keys of groups. The link of a deleted group has released its name."""
    links = model._default_manager.exclude(target=None)
    rows = list(links.values_list("pk", "connection", "display_name", "display_key"))
    holders = Counter((connection, fold_key(name)) for _, connection, name, _ in rows if name)
    repeated: list[tuple[Any, str]] = []
    stale: list[tuple[Any, str]] = []
    for pk, connection, name, key in rows:
        if (key or None) == (fold_key(name) if name else None):
            continue
        is_repeated = name and holders[connection, fold_key(name)] > 1
        (repeated if is_repeated else stale).append((pk, name))
    text = "groups of one connection have the same name, so that filters miss rows: rename them"
    yield from found("group-name-duplicate", text, (name for _, name in repeated))
    text = "the column display_key does not fit display_name, so that filters miss rows"
    fix = partial(_set_group_keys, model, stale)
    yield from found("display-key-stale", text, (name for _, name in stale), fix)


def _set_group_keys(model: Any, stale: list[tuple[Any, str]]) -> None:
    """Release the keys that are wrong, and those of groups that the site deleted; then set them."""
    links = model._default_manager
    links.filter(target=None).exclude(display_key=None).update(display_key=None)
    for pk, _ in stale:
        links.filter(pk=pk).update(display_key=None)
    _set_folded(model, "display_key", stale)


def _folded(code: str, rows: Any, key: str, source: str) -> Iterator[Finding]:
    stale = []
    for pk, folded, text in rows.values_list("pk", key, source).iterator(BATCH):
        if (folded or None) != (fold_key(text) if text else None):
            stale.append((pk, text))
    text = f"the column {key} does not fit {source}, so that filters miss rows"
    names = [name for _, name in stale]
    yield from found(code, text, names, partial(_set_folded, rows.model, key, stale))


def _set_folded(model: Any, key: str, stale: list[tuple[Any, str]]) -> None:
    for pk, text in stale:
        model._default_manager.filter(pk=pk).update(**{key: fold_key(text) if text else None})


@examination
def duplicates(options: Options) -> Iterator[Finding]:
    """Find duplicates that confuse identity providers, but that no constraint prevents."""
    names = _repeated(UserKey.objects.exclude(folded=""), "folded")
    text = "user names differ only in case: SCIM cannot create or adopt these accounts"
    yield from found("name-duplicate", text, names)
    links = UserLink.objects.exclude(external_id="").filter(target__isnull=False)
    text = "an externalId belongs to several users of one connection: compare them"
    yield from found("external-id-duplicate", text, _repeated(links, "connection", "external_id"))
    if Connection.objects.filter(adoption="email").exists():
        addresses = UserValue.objects.filter(attribute="emails").exclude(key=None)
        repeated = addresses.values("key").annotate(n=Count("user", distinct=True)).filter(n__gt=1)
        text = "an e-mail address belongs to several users: none of them can be adopted by it"
        yield from found("email-duplicate", text, (each["key"] for each in repeated))
    values = UserValue.objects.filter(primary=True)
    text = "users have several primary values of one attribute: correct them"
    yield from found("primary-duplicate", text, _repeated(values, "user", "attribute"))


def _repeated(rows: Any, *columns: str) -> list[Any]:
    """Return the values of the last column that several rows have, equal in all columns."""
    groups = rows.order_by().values(*columns).annotate(n=Count("pk")).filter(n__gt=1)
    return [group[columns[-1]] for group in groups]


@examination
def managers(options: Options) -> Iterator[Finding]:
    """Find managers who arrived, but whose reports still wait for them."""
    waiting = UserLink.objects.exclude(manager_value="").filter(target__isnull=False)
    wanted = waiting.values_list("connection", "manager_value")
    present = set(
        UserLink.objects.filter(
            target__isnull=False, scim_id__in=waiting.values("manager_value")
        ).values_list("connection", "scim_id")
    )
    arrived = [value for connection, value in wanted if (connection, value) in present]
    text = "managers are there, but references to them were not resolved: provision them again"
    yield from found("manager-unresolved", text, arrived)


@examination
def missing_links(options: Options) -> Iterator[Finding]:
    """Find users that connections with the scope ``site`` lack."""
    for connection in Connection.objects.filter(scope=Connection.Scope.SITE):
        linked = UserLink.objects.filter(connection=connection).exclude(target=None)
        missing = _users().exclude(pk__in=linked.values("target"))
        deleted = set(
            UserLink.objects.filter(connection=connection, target=None)
            .exclude(former_target_key="")
            .values_list("former_target_key", flat=True)
        )
        users = [user for user in missing.iterator(BATCH) if str(user.pk) not in deleted]
        text = f"users of the site are missing in {connection}, whose scope is site"
        fix = partial(linking.link_site, connection)
        yield from found("link-missing", text, users, fix)


@examination
def protected_links(options: Options) -> Iterator[Finding]:
    """Find accounts that a connection lost from sight when they became staff."""
    names = {field.name for field in get_user_model()._meta.fields}
    flags = [name for name in ("is_staff", "is_superuser") if name in names]
    if not flags:
        return
    condition = Q()
    for name in flags:
        condition |= Q(**{f"target__{name}": True})
    links = UserLink.objects.filter(
        condition, connection__scope=Connection.Scope.OWN, target__isnull=False
    ).select_related("target")
    text = "linked accounts are staff: connections cannot see, change or deactivate them any more"
    yield from found("link-protected", text, (link.target for link in links))
