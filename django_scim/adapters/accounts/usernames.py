"""User names, compared without case: every user has a folded key, SCIM's users also a claim.

A site may have two names that differ only in case. SCIM never creates such a pair: a creation
looks up the folded name and takes its claim. Claims are unique, so that of two creations at the
same moment one fails.
"""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db.models import Max, Q

from ...models import UserKey, fold_key
from ...protocol.errors import Uniqueness
from ...protocol.values import EMPTY
from ..behaviours import Behaviour, Role
from ..mappings.base import Mapping
from ..writing.unit_of_work import UnitOfWork

BATCH = 2_000


class SignInName(Behaviour):
    """Keep the names of SCIM's users unique, compared without case (``userName``)."""

    def __init__(self) -> None:
        super().__init__(Role.SIGN_IN_NAME, locked=True)

    def filled_columns(self, adapter: Any) -> set[str]:
        return {adapter.model.USERNAME_FIELD}

    def before_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        """Choose the user name that nothing else sets, and check that the name is free.

        Raises Uniqueness.
        """
        user = unit.target
        adapter: Any = unit.adapter
        if user.get_username() in EMPTY:
            field = user._meta.get_field(user.USERNAME_FIELD)
            unit.set((), field, adapter.choose_username(unit), "")
        if unit.changed(mapping.full_name):
            adapter.reserve_username(user)

    def after_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        if unit.changed(mapping.full_name):
            claim(unit)


def taken(name: str) -> Uniqueness:
    """Return the error for a name that is taken: the same one, whoever has the name."""
    return Uniqueness(f"userName: {name!r} is taken")


def shortened(name: str, model: Any, by: int = 0) -> str:
    """Return as much of a name as the site's column takes, less some characters."""
    limit = model._meta.get_field(model.USERNAME_FIELD).max_length or 150
    return name[: limit - by]


def with_suffix(name: str, model: Any) -> str:
    """Return the name with a random suffix, which makes it unique."""
    suffix = f".{uuid4().hex[:8]}"
    return shortened(name, model, len(suffix)) + suffix


def write_key(user: Any) -> None:
    """Update the key of a user that the site has saved. With a new name it loses its claim."""
    folded = fold_key(user.get_username() or "")
    stored = UserKey.objects.filter(pk=user.pk).values_list("folded", flat=True).first()
    if stored is None:
        UserKey.objects.bulk_create(
            [UserKey(user_id=user.pk, folded=folded)], ignore_conflicts=True
        )
    elif stored != folded:
        UserKey.objects.filter(pk=user.pk).update(folded=folded, claim=None)


def add_missing_keys(users: Any) -> int:
    """Write the missing keys of a queryset of users. Return how many there were."""
    model = get_user_model()
    name = model.USERNAME_FIELD
    rows = users.filter(scim_key__isnull=True).order_by("pk").values_list("pk", name)
    keys = [UserKey(user_id=pk, folded=fold_key(text or "")) for pk, text in rows.iterator()]
    for start in range(0, len(keys), BATCH):
        UserKey.objects.bulk_create(keys[start : start + BATCH], ignore_conflicts=True)
    return len(keys)


def catch_up() -> None:
    """Write the keys of users that the site created in bulk, without a signal.

    This finds users by their growing primary key. Where keys do not grow, ``scim_connect``
    writes them.
    """
    model = get_user_model()
    if model._meta.pk.get_internal_type() in ("AutoField", "BigAutoField", "SmallAutoField"):
        newest = UserKey.objects.aggregate(newest=Max("user_id"))["newest"] or 0
        add_missing_keys(model._default_manager.filter(pk__gt=newest))


def has_name(user: Any, name: str) -> bool:
    """Return whether a user has this name, compared without case."""
    return fold_key(user.get_username() or "") == fold_key(name)


def conflicts(names: Iterable[str]) -> dict[str, list[Any]]:
    """Return, for each name, the existing users that conflict with it.

    Those have the name, compared without case. If there are none, they are the users whose name
    the database column considers equal: MariaDB's collations ignore accents, so that "zoe"
    conflicts with "zoë". Ask ``has_name`` before you treat a user as that person. A key that no
    longer matches its user's name (``queryset.update``) is corrected on the way.
    """
    catch_up()
    folded = {name: fold_key(name) for name in names}
    wanted = list(folded.values())
    users_with_name: dict[str, list[Any]] = {key: [] for key in wanted}
    keys = UserKey.objects.filter(Q(folded__in=wanted) | Q(claim__in=wanted))
    for key in keys.select_related("user"):
        actual = fold_key(key.user.get_username() or "")
        if actual in users_with_name:
            users_with_name[actual].append(key.user)
        if actual != key.folded or key.claim not in (None, actual):
            UserKey.objects.filter(pk=key.pk).update(folded=actual, claim=None)
    _add_equated(
        users_with_name, [name for name, key in folded.items() if not users_with_name[key]]
    )
    return {name: users_with_name[key] for name, key in folded.items()}


def _add_equated(users_with_name: dict[str, list[Any]], names: list[str]) -> None:
    """Add the users that the database column considers equal to names which no user has."""
    model = get_user_model()
    users: Any = model._default_manager
    if names and users.filter(**{f"{model.USERNAME_FIELD}__in": names}).exists():
        for name in names:  # only the column can tell which
            users_with_name[fold_key(name)] += users.filter(**{model.USERNAME_FIELD: name})


def claim(unit: UnitOfWork) -> None:
    """Take the claim on a user's name. Raises IntegrityError if another request was quicker."""
    user = unit.target
    folded = fold_key(user.get_username())
    claimed = {"folded": folded, "claim": folded}
    if not (unit.has_past and UserKey.objects.filter(pk=user.pk).update(**claimed)):
        unit.insert(UserKey(user=user, **claimed))
