"""Many new users at once, in a few statements for all of them.

Everything is decided for each as if it came alone. What cannot be done together raises, and so
does what is wrong with any of them: the caller's rollback leaves nothing, and each is then created
by itself, to have an error of its own.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import router, transaction

from ..protocol.values import fold
from . import linking
from .accounts import usernames as names
from .accounts.adoption import user_name
from .mappings.references import end_waiting
from .users import UserAdapter
from .writing.outcomes import announce_draft
from .writing.persistence import Inserts
from .writing.unit_of_work import Draft

if TYPE_CHECKING:
    from .base import Assigned, ResourceAdapter


#: What a site may have made its own, and then has to be asked about each user by itself.
HOOKS = ("create", "save", "after_save")


class NotTogether(Exception):
    """These users have to be created one by one."""


def fits(adapter: "ResourceAdapter", values: "Assigned") -> bool:
    """Whether a new resource can wait for others: no hook and no mapping needs its key before."""
    kind: Any = type(adapter)
    return (
        isinstance(adapter, UserAdapter)
        and all(getattr(kind, hook) is getattr(UserAdapter, hook) for hook in HOOKS)
        and adapter.connection.tenant is None
        and all(each.fits_together for path in values for each in adapter.mappings_for(path))
    )


def create_together(bodies: Sequence[tuple[UserAdapter, "Assigned"]]) -> list[Draft]:
    """Create the users of several bodies, each with an adapter of its own.

    Inside a transaction of the caller's. Raises NotTogether, or what is wrong with one of them.
    """
    bearers = names.holders([user_name(values) for _, values in bodies])
    inserts, drafts = Inserts(), []
    for adapter, values in bodies:
        adapter.bearers = bearers
        draft = adapter.begin(values)
        if draft.has_past:
            raise NotTogether("the site has the account already")
        draft.inserts = inserts
        draft.save()
        drafts.append(draft)
    _refuse_twins(drafts)
    _refuse_waiting(drafts)
    _flush(inserts, [draft.target for draft in drafts])
    for draft in drafts:
        announce_draft(draft)
    end_waiting(drafts)
    return drafts


def _refuse_twins(drafts: list[Draft]) -> None:
    """Raise NotTogether where two have a value that only one may have."""
    for mapping in drafts[0].adapter.compiled().unique:
        held = [draft.value(str(mapping.path)) for draft in drafts]
        values = [fold(each) if isinstance(each, str) else each for each in held if each]
        if len(set(values)) < len(values):
            raise NotTogether(f"{mapping.path} is given twice")


def _refuse_waiting(drafts: list[Draft]) -> None:
    """Raise NotTogether where one refers to another by its externalId."""
    adapter = drafts[0].adapter
    names = {draft.link.external_id for draft in drafts}
    for mapping in adapter.compiled().waiting:
        if mapping.to == adapter.name and names & {mapping.awaited(draft) for draft in drafts}:
            raise NotTogether(f"{mapping.path} refers to one of the others")


def _flush(inserts: Inserts, users: list[Any]) -> None:
    for user in users:
        user._scim_saving = True  # as in Draft.save
    try:
        inserts.flush()
    finally:
        for user in users:
            user._scim_saving = False
    using = router.db_for_write(type(users[0]))
    transaction.on_commit(lambda: linking.link_new_users(users), using=using, robust=True)
