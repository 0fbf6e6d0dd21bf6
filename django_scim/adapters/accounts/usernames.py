"""User names, compared without case. Every user has a folded key, users of SCIM also a claim.

A site may have two user names that differ only in case, but SCIM never creates such a pair: it
looks up the folded name and takes its claim. Claims are unique, so if two requests create the same
name at the same time, one of them fails.
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
    """Keep the values of ``userName`` unique, compared without case."""

    def __init__(self) -> None:
        super().__init__(Role.SIGN_IN_NAME, locked=True)

    def filled_columns(self, adapter: Any) -> set[str]:
        return {adapter.model.USERNAME_FIELD, *second_name(adapter.model)}

    def before_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        """Stage a user name if nothing else sets it. Raise Uniqueness if the name is taken."""
        user = unit.target
        adapter: Any = unit.adapter
        if user.get_username() in EMPTY:
            field = user._meta.get_field(user.USERNAME_FIELD)
            unit.set((), field, adapter.choose_username(unit), "")
        for name in second_name(type(user)) if unit.is_new and not unit.has_past else ():
            if getattr(user, name) in EMPTY:
                field = user._meta.get_field(name)
                unit.set((), field, free_name(str(user.get_username()), field), "")
        if unit.changed(mapping.full_name):
            adapter.reserve_username(user)

    def after_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        if unit.changed(mapping.full_name):
            claim(unit)


def second_name(model: Any) -> tuple[str, ...]:
    """Return the column ``username`` of a model whose users sign in by another one.

    A subclass of AbstractUser with USERNAME_FIELD = "email" still has it, and it must be unique.
    """
    for field in model._meta.concrete_fields:
        if field.name == "username" != model.USERNAME_FIELD and field.unique and not field.null:
            return (field.name,)
    return ()


def free_name(name: str, field: Any) -> str:
    """Return a value of a unique column that is made from a name, with a suffix if it is taken."""
    limit = field.max_length or 150
    if field.model._base_manager.filter(**{field.name: name[:limit]}).exists():
        suffix = f".{uuid4().hex[:8]}"
        return name[: limit - len(suffix)] + suffix
    return name[:limit]


def taken(name: str) -> Uniqueness:
    """Return the error for a name that is taken, the same one for every account."""
    return Uniqueness(f"userName: {name!r} is taken", "name_taken", value=name)


def shortened(name: str, model: Any, by: int = 0) -> str:
    """Return a name shortened to the column's length, minus ``by`` characters."""
    limit = model._meta.get_field(model.USERNAME_FIELD).max_length or 150
    return name[: limit - by]


def with_suffix(name: str, model: Any) -> str:
    """Return a name with a random suffix that makes it unique."""
    suffix = f".{uuid4().hex[:8]}"
    return shortened(name, model, len(suffix)) + suffix


def write_key(user: Any) -> None:
    """Update the key of a user that the site has saved. If the name changed, drop the claim."""
    folded = fold_key(user.get_username() or "")
    stored = UserKey.objects.filter(pk=user.pk).values_list("folded", flat=True).first()
    if stored is None:
        UserKey.objects.bulk_create(
            [UserKey(user_id=user.pk, folded=folded)], ignore_conflicts=True
        )
    elif stored != folded:
        UserKey.objects.filter(pk=user.pk).update(folded=folded, claim=None)


def add_missing_keys(users: Any) -> int:
    """Create the missing keys of a queryset of users. Return how many were missing."""
    model = get_user_model()
    name = model.USERNAME_FIELD
    rows = users.filter(scim_key__isnull=True).order_by("pk").values_list("pk", name)
    keys = [UserKey(user_id=pk, folded=fold_key(text or "")) for pk, text in rows.iterator()]
    for start in range(0, len(keys), BATCH):
        UserKey.objects.bulk_create(keys[start : start + BATCH], ignore_conflicts=True)
    return len(keys)


def catch_up() -> None:
    """Create the keys of users that the site created in bulk, without a signal.

    This works for primary keys that increase. For others, ``scim_connect`` creates the keys.
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

    These are the users with the same name, compared without case. If no user has it, they are the
    users whose name is equal in the database column's collation: in MariaDB, "zoe" conflicts with
    "zoë". Check ``has_name`` before you treat a user as the same person. Keys that do not match
    their user's name, for example after ``queryset.update``, are corrected.
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
    unused = [name for name, key in folded.items() if not users_with_name[key]]
    _add_equal_in_collation(users_with_name, unused)
    return {name: users_with_name[key] for name, key in folded.items()}


def _add_equal_in_collation(users_with_name: dict[str, list[Any]], names: list[str]) -> None:
    """Add the users whose name is equal to one of the names in the column's collation."""
    model = get_user_model()
    users: Any = model._default_manager
    if names and users.filter(**{f"{model.USERNAME_FIELD}__in": names}).exists():
        for name in names:  # only the database can match them
            users_with_name[fold_key(name)] += users.filter(**{model.USERNAME_FIELD: name})


def claim(unit: UnitOfWork) -> None:
    """Take the claim on a user's name. Raise IntegrityError if another request has taken it."""
    user = unit.target
    folded = fold_key(user.get_username())
    columns = {"folded": folded, "claim": folded}
    if not (unit.has_past and UserKey.objects.filter(pk=user.pk).update(**columns)):
        unit.insert(UserKey(user=user, **columns))
