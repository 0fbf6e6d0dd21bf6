"""Which accounts of a site an identity provider can be given, before it is connected.

For a site that has users already: everybody whom the identity provider will recognise by a name or
an address becomes the connection's, so that its first creation finds nobody in the way.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.contrib.auth import get_user_model

from ..models import Connection, UserLink, fold_key
from .linking import BATCH, link_batch
from .registry import adapter_classes
from .stock import has

By = Literal["username", "email"]


@dataclass
class Survey:
    """What would be given, and who would not, each by the account's key."""

    matching: list[Any] = field(default_factory=list)
    #: Accounts that cannot be told apart: their name or address, folded, with how many have it.
    clashes: dict[str, int] = field(default_factory=dict)
    clashing: int = 0
    protected: int = 0
    nameless: int = 0
    held: int = 0
    given: int = 0


def survey(connection: Connection, by: By) -> Survey:
    """Look at every account of the site once; write nothing.

    Raises LookupError where the user model has no such column.
    """
    model: Any = get_user_model()
    column = model.USERNAME_FIELD if by == "username" else model.get_email_field_name()
    if not has(model, column):
        raise LookupError(f"{model.__name__} has no column for an e-mail address")
    privileges = [name for name in ("is_staff", "is_superuser") if has(model, name)]
    links = UserLink.objects.filter(target__isnull=False, automatic=False)
    holders = dict(links.exclude(connection=connection).values_list("target_id", "pk"))
    own = set(links.filter(connection=connection).values_list("target_id", flat=True))
    rows = list(model._default_manager.order_by("pk").values_list("pk", column, *privileges))
    folded = [fold_key(row[1] or "") for row in rows]
    counts = Counter(folded)
    found = Survey()
    found.clashes = {text: n for text, n in counts.items() if n > 1 and text}
    for (key, _, *flags), text in zip(rows, folded, strict=True):
        if any(flags):
            found.protected += 1
        elif not text:
            found.nameless += 1
        elif key in own:
            found.given += 1
        elif key in holders:
            found.held += 1
        elif counts[text] > 1:
            found.clashing += 1
        else:
            found.matching.append(key)
    return found


def give_matching(
    connection: Connection, found: Survey, progress: Callable[[int], None] | None = None
) -> int:
    """Give a connection what a survey found, in batches; return how many.

    It can be run again after an interruption: what was given is passed over.
    """
    assert "User" in adapter_classes(connection)
    for start in range(0, len(found.matching), BATCH):
        keys = found.matching[start : start + BATCH]
        link_batch(connection, keys, given=True)
        UserLink.objects.filter(connection=connection, target__in=keys, automatic=True).update(
            automatic=False, given=True
        )
        if progress:
            progress(min(start + BATCH, len(found.matching)))
    return len(found.matching)
