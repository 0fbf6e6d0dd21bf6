"""Objects that have permissions, such as a Django group with permissions.

Their members get these permissions. So a connection may change their memberships, and the columns
that determine their permissions, only if an admin has marked its link as privileged. The check for
memberships is in ``mappings.memberships``.
"""

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, Value

from ...models import AbstractLink
from ...protocol.errors import Forbidden
from ..interfaces import Adapter

#: The columns of every link. They do not decide about permissions.
LINK_COLUMNS = frozenset(field.name for field in AbstractLink._meta.fields)


class GivesPermissions(Forbidden):
    """The change would give or take permissions (RFC 7644 section 3.12, table 8)."""

    reason = "group_has_permissions"


def refusal(subject: str) -> GivesPermissions:
    """Return the error for a change of the attribute or object ``subject``."""
    return GivesPermissions(
        f"{subject}: cannot be changed, because the site has given permissions to this group; an "
        f"admin of the site can allow it for the connection"
    )


def has_permissions(adapter: Adapter, key: Any) -> bool:
    """Return whether the object with this primary key has permissions."""
    privileged = adapter.declared.privileged
    return privileged is not None and bool(privileged.filter(pk=key).exists())


def guards(unit: Any) -> bool:
    """Return whether ``refuse_gain`` must test the object of a unit of work after it is written.

    This is so if the object has members. Raise Forbidden if it has permissions already. Accounts
    are not tested: it must always be possible to close them.
    """
    if unit.adapter.sign_in_columns():
        return False
    has_members, is_privileged = _members_and_permissions(unit)
    if has_members and is_privileged:
        raise refusal(_subject(unit))
    return has_members


def refuse_gain(unit: Any) -> None:
    """Raise Forbidden if the written changes gave permissions to the members of an object."""
    if has_permissions(unit.adapter, unit.target.pk):
        raise refusal(_subject(unit))


def _subject(unit: Any) -> str:
    """Return the first changed attribute, or the resource type if only hooks changed something."""
    return next((each.path for each in unit.changes), unit.adapter.name)


def _members_and_permissions(unit: Any) -> tuple[bool, bool]:
    """Return whether the stored object has members, and whether it has permissions.

    If its members are not declared, it counts as an object with members.
    """
    declared, key = unit.adapter.declared, unit.target.pk
    rows = [Q(Exists(mapping.relation.rows(key))) for mapping in declared.members]
    objects = unit.adapter.model._base_manager.filter(pk=key).annotate(
        scim_has_members=reduce(or_, rows) if rows else Value(True),
        scim_is_privileged=Exists(declared.privileged.filter(pk=OuterRef("pk"))),
    )
    found: tuple[bool, bool] = objects.values_list("scim_has_members", "scim_is_privileged").get()
    return found
