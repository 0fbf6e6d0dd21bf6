"""The user's name as it compares: keys for all, claims for SCIM alone.

The site may hold two names that differ only in case, and is never hindered in it. SCIM may not
create such a pair: a creation looks the folded name up, and takes its claim, which is unique,
so that of two at the same moment one fails.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db.models import Max, Q

from ...models import UserKey, fold_key
from ...protocol.errors import Uniqueness

if TYPE_CHECKING:
    from ..writing.unit_of_work import UnitOfWork

BATCH = 2_000


def taken(name: str) -> Uniqueness:
    """The one answer for every name that is taken, whoever holds it."""
    return Uniqueness(f"userName: {name!r} is taken")


def shortened(name: str, model: Any, by: int = 0) -> str:
    """Return as much of a name as the site's column takes, less some characters."""
    limit = model._meta.get_field(model.USERNAME_FIELD).max_length or 150
    return name[: limit - by]


def with_suffix(name: str, model: Any) -> str:
    """Return a name like this one that nobody has."""
    suffix = f".{uuid4().hex[:8]}"
    return shortened(name, model, len(suffix)) + suffix


def write_key(user: Any) -> None:
    """Keep the key of a user true whom the site saved. A new name loses its claim."""
    folded = fold_key(user.get_username() or "")
    stored = UserKey.objects.filter(pk=user.pk).values_list("folded", flat=True).first()
    if stored is None:
        UserKey.objects.bulk_create(
            [UserKey(user_id=user.pk, folded=folded)], ignore_conflicts=True
        )
    elif stored != folded:
        UserKey.objects.filter(pk=user.pk).update(folded=folded, claim=None)


def add_missing_keys(users: Any) -> int:
    """Write keys for those of a queryset of users who have none; return how many."""
    model = get_user_model()
    name = model.USERNAME_FIELD
    rows = users.filter(scim_key__isnull=True).order_by("pk").values_list("pk", name)
    keys = [UserKey(user_id=pk, folded=fold_key(text or "")) for pk, text in rows.iterator()]
    for start in range(0, len(keys), BATCH):
        UserKey.objects.bulk_create(keys[start : start + BATCH], ignore_conflicts=True)
    return len(keys)


def catch_up() -> None:
    """Write the keys of users whom the site created in bulk, without a signal.

    Only where the primary key grows: other users are found by ``scim_connect``.
    """
    model = get_user_model()
    if model._meta.pk.get_internal_type() in ("AutoField", "BigAutoField", "SmallAutoField"):
        newest = UserKey.objects.aggregate(newest=Max("user_id"))["newest"] or 0
        add_missing_keys(model._default_manager.filter(pk__gt=newest))


def has_name(user: Any, name: str) -> bool:
    """Whether a user's name is ``name``, compared without case."""
    return fold_key(user.get_username() or "") == fold_key(name)


def conflicts(names: Iterable[str]) -> dict[str, list[Any]]:
    """Return the users in whose way another of each name would be.

    Those who bear it, compared without case; where there are none, whom the site's own column
    takes for one: MariaDB's collations know no accents, and "zoe" is in the way of "zoë". Ask
    ``has_name`` before taking anybody for the person. A key that has drifted from its user's name
    (``queryset.update``) is put right on the way.
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
    """Add whom the site's own column takes for somebody of these names, which nobody bears."""
    model = get_user_model()
    users: Any = model._default_manager
    if names and users.filter(**{f"{model.USERNAME_FIELD}__in": names}).exists():
        for name in names:  # which of them it is, the column alone knows
            users_with_name[fold_key(name)] += users.filter(**{model.USERNAME_FIELD: name})


def claim(unit: "UnitOfWork") -> None:
    """Take the claim on a user's name. Raises IntegrityError when another was quicker."""
    user = unit.target
    folded = fold_key(user.get_username())
    claimed = {"folded": folded, "claim": folded}
    if not (unit.has_past and UserKey.objects.filter(pk=user.pk).update(**claimed)):
        unit.insert(UserKey(user=user, **claimed))
