"""SCIM Group on Django's groups (RFC 7643 section 4.2)."""

import unicodedata
from functools import reduce
from operator import or_
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from ..models import GroupLink, fold_key
from ..protocol.attributes import load_schema
from ..protocol.errors import InvalidValue, Uniqueness
from ..protocol.tolerances import Tolerance
from .base import ResourceAdapter
from .behaviours import Behaviour
from .mappings.base import Mapping
from .mappings.columns import Field
from .mappings.memberships import Members
from .reserved_names import refuse_reserved
from .writing.changes import Change
from .writing.unit_of_work import UnitOfWork


def without_outer_blanks(text: str) -> str:
    """Return a text without blanks and invisible characters at its ends."""
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start])[0] in "ZC":
        start += 1
    while end > start and unicodedata.category(text[end - 1])[0] in "ZC":
        end -= 1
    return text[start:end]


class GroupName(Behaviour):
    """Keep a connection's group names unique, and name the site's group after them."""

    def filled_columns(self, adapter: Any) -> set[str]:
        return {adapter.name_column}

    def before_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        """Stage the name of the Django group.

        Raise Uniqueness if the connection has another group of that name, InvalidValue if the
        name is reserved.
        """
        if not unit.changed(mapping.full_name):
            return
        adapter: Any = unit.adapter
        name = unit.link.display_name
        stripped = without_outer_blanks(name)
        if not stripped:
            raise InvalidValue(f"{mapping.full_name}: must not consist of blanks only")
        if stripped != name and unit.tolerances.permit(Tolerance.OUTER_BLANKS):
            unit.link.display_name = stripped
        adapter.reserve_name(unit.link)
        names = [str(unit.link.display_name)]
        if not unit.link.preexisting:  # a group that the site created keeps its name
            field: Any = adapter.model._meta.get_field(adapter.name_column)
            unit.set((), field, adapter.choose_name(unit), "")
            names.append(str(getattr(unit.target, adapter.name_column)))
        refuse_reserved(adapter, unit.target.pk, names, mapping.full_name)


class GroupMembers(Behaviour):
    """With the tolerance KEEP_MEMBERS, a PUT that does not name the members keeps them."""

    def keeps(self, unit: UnitOfWork, is_given: bool) -> bool:
        what = "the missing members, which were kept; the profile keycloak removes them"
        return not is_given and unit.tolerances.ignore(Tolerance.KEEP_MEMBERS, what)


class GroupAdapter(ResourceAdapter):
    """A Django group. Each connection has its own name for it.

    A group of the site that has the same name is never adopted.
    """

    name, endpoint, description = "Group", "Groups", "Group"
    schema = load_schema("Group")
    model, link = Group, GroupLink
    attributes = {
        "displayName": Field("link.display_name", key="link.display_key").having(
            uniqueness="server"
        ),
        "members": Members("user_set", to="User", kind="User"),
    }
    behaviours = ResourceAdapter.behaviours | {
        "displayName": GroupName(),
        "members": GroupMembers(),
    }

    #: The column with the group's name on the site.
    name_column = "name"
    returns_patched = False  # the response would list every member

    @classmethod
    def privileged_objects(cls) -> Any:
        """Return the groups that have permissions, None if the model has no ``permissions``."""
        relations = {field.name for field in cls.model._meta.many_to_many}
        if "permissions" not in relations:
            return None
        return cls.model._base_manager.filter(permissions__isnull=False)

    @classmethod
    def adopt(cls, link: Any) -> None:
        """Name an assigned group as the site does. Raise ValidationError if the name is taken."""
        link.display_name = str(getattr(link.target, cls.name_column))
        links: Any = cls.link._default_manager
        same = links.filter(connection=link.connection, display_key=fold_key(link.display_name))
        if same.exclude(target=None).exists():
            raise ValidationError(
                _("The connection already has a group named “%(name)s”."),
                params={"name": link.display_name},
            )
        same.update(display_key=None)

    def name_of(self, link: Any) -> str:
        return str(link.display_name)

    def reserve_name(self, link: Any) -> None:
        """Raise Uniqueness if the connection has another group of that name.

        The tombstone of a deleted group releases the name.
        """
        name = link.display_name
        links: Any = self.link._default_manager
        same = links.filter(connection=self.connection, display_key=fold_key(name))
        other = same.exclude(pk=link.pk).first()
        if other is None:
            return
        if other.target_id is not None:
            raise Uniqueness(
                f"displayName: {name!r} is taken by another group", "group_name_taken", value=name
            )
        links.filter(pk=other.pk).update(display_key=None)

    def choose_name(self, unit: UnitOfWork) -> str:
        """Return the group's name on the site.

        By default the client's name, shortened to the column's length. If the column is unique and
        the name is taken, a suffix is added.
        """
        field: Any = self.model._meta.get_field(self.name_column)
        limit = field.max_length or 150
        wanted = unit.link.display_name[:limit]
        if not field.unique:
            return str(wanted)
        suffixes = ("", f" ({self.connection.name})", f" ({uuid4().hex[:8]})")
        candidates = [f"{wanted[: limit - len(suffix)]}{suffix}" for suffix in suffixes]
        groups = self.model._base_manager.exclude(pk=unit.target.pk)
        # Always one statement, so that the response time does not reveal groups of other
        # connections. The column's collation decides which names are equal.
        conditions = [Q(**{self.name_column: name}) for name in candidates]
        counts = {f"taken{n}": Count("pk", filter=same) for n, same in enumerate(conditions)}
        taken = groups.filter(reduce(or_, conditions)).aggregate(**counts)
        return next(name for n, name in enumerate(candidates) if not taken[f"taken{n}"])

    def delete(self, link: Any) -> list[Change]:
        # Release the name.
        type(link)._default_manager.filter(pk=link.pk).update(display_key=None)
        return super().delete(link)

    def stays(self, link: Any) -> bool:
        """Return whether a deleted group stays on the site: also if the site added members."""
        return super().stays(link) or any(
            relation.has_others(link.target_id, self.registry.adapter(mapping.to).queryset())
            for mapping in self.declared.members
            if (relation := mapping.relation)  # type: ignore[attr-defined]
        )
