"""Links that are created without a request, for connections whose scope is the whole site."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef

from ..models import Connection, UserLink, UserValue, fold_key
from .accounts.usernames import add_missing_keys
from .registry import adapter_classes

BATCH = 2_000


def mirrors() -> list[Any]:
    """Return the user adapter's lists of which one value is stored in a column of the user."""
    adapter = adapter_classes().get("User")
    return list(adapter.declaration().mirrored) if adapter else []


def link_new_users(users: Sequence[Any]) -> None:
    """Link new users of the site to every connection with scope ``site``."""
    site_wide = Connection.objects.filter(scope=Connection.Scope.SITE)
    links = [
        UserLink(connection=connection, target=user, created_by_scope=True, preexisting=True)
        for connection in site_wide
        for user in users
    ]
    if links:
        UserLink.objects.bulk_create(links, ignore_conflicts=True)
        for user in users:
            refresh_mirrors(user)


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


def link_site(connection: Connection, progress: Callable[[int], None] | None = None) -> int:
    """Link every user of the site to a connection, in batches. Return how many were processed.

    It can be run again after an interruption: users that are already linked are skipped, and so
    are users that the connection has deleted.
    """
    users = get_user_model()._default_manager
    links = UserLink.objects.filter(connection=connection, target=OuterRef("pk"))
    missing = users.filter(~Exists(links)).order_by("pk")
    done, keys = 0, list(missing.values_list("pk", flat=True)[:BATCH])
    while keys:
        deleted = set(
            UserLink.objects.filter(
                connection=connection, target=None, former_target_key__in=map(str, keys)
            ).values_list("former_target_key", flat=True)
        )
        wanted = [key for key in keys if str(key) not in deleted]
        link_batch(connection, wanted, created_by_scope=True, preexisting=True)
        done += len(keys)
        if progress:
            progress(done)
        keys = list(missing.filter(pk__gt=keys[-1]).values_list("pk", flat=True)[:BATCH])
    return done


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
