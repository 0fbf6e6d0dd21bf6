"""The user's name as it compares: keys for all, claims for SCIM alone.

The site may hold two names that differ only in case, and is never hindered in it. SCIM may not
create such a pair: a creation looks the folded name up, and takes its claim, which is unique,
so that of two at the same moment one fails.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Max, Q

from ..models import UserKey, fold_key
from ..protocol.errors import Uniqueness

BATCH = 2_000


def taken(name: str) -> Uniqueness:
    """The one answer for every name that is taken, whoever holds it."""
    return Uniqueness(f"userName: {name!r} is taken")


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


def bears(user: Any, name: str) -> bool:
    """Whether a user's name is ``name``, compared without case."""
    return fold_key(user.get_username() or "") == fold_key(name)


def holders(name: str) -> list[Any]:
    """Return the users in whose way another of that name would be.

    Those who bear it, compared without case; where there are none, whom the site's own column
    takes for one: MariaDB's collations know no accents, and "zoe" is in the way of "zoë". Ask
    ``bears`` before taking anybody for the person. A key that has drifted from its user's name
    (``queryset.update``) is put right on the way.
    """
    catch_up()
    folded = fold_key(name)
    found = []
    for key in UserKey.objects.filter(Q(folded=folded) | Q(claim=folded)).select_related("user"):
        actual = fold_key(key.user.get_username() or "")
        if actual == folded:
            found.append(key.user)
        else:
            UserKey.objects.filter(pk=key.pk).update(folded=actual, claim=None)
    if not found:
        model = get_user_model()
        found = list(model._default_manager.filter(**{model.USERNAME_FIELD: name}))
    return found


def claim(user: Any, *, is_new: bool) -> None:
    """Take the claim on the user's name. Raises IntegrityError when another was quicker."""
    folded = fold_key(user.get_username())
    if is_new or not UserKey.objects.filter(pk=user.pk).update(folded=folded, claim=folded):
        UserKey(user_id=user.pk, folded=folded, claim=folded).save(force_insert=True)
