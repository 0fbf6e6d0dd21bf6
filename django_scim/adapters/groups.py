"""SCIM Group on Django's groups (RFC 7643 section 4.2)."""

from functools import reduce
from operator import or_
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, Q

from ..models import GroupLink, fold_key
from ..protocol.attributes import AttributePath, load_schema
from ..protocol.errors import Uniqueness
from ..protocol.messages.patch import Operation
from ..protocol.tolerances import Tolerance
from .base import ResourceAdapter
from .mappings.columns import Field
from .mappings.memberships import Members
from .writing import guard as guarding
from .writing.unit_of_work import Change, UnitOfWork


class GroupAdapter(ResourceAdapter):
    """A group as its connection names it. The site's group of that name is never adopted."""

    name, endpoint, description = "Group", "Groups", "Group"
    schema = load_schema("Group")
    model, link = Group, GroupLink
    attributes = {
        "displayName": Field("link.display_name", key="link.display_key"),
        "members": Members("user_set", to="User", kind="User"),
    }

    #: The column of the group that bears its name on the site.
    name_column = "name"
    returns_patched = False  # it could list every member

    @classmethod
    def adopt(cls, link: Any) -> None:
        """Share a group under its own name. Raises ValidationError where that is taken."""
        link.display_name = str(getattr(link.target, cls.name_column))
        links: Any = cls.link._default_manager
        same = links.filter(connection=link.connection, display_key=fold_key(link.display_name))
        if same.exclude(target=None).exists():
            raise ValidationError(f"The connection has a group {link.display_name!r} already.")
        same.update(display_key=None)

    def name_of(self, link: Any) -> str:
        return str(link.display_name)

    def keeps(self, unit: UnitOfWork, path: AttributePath, is_given: bool) -> bool:
        if super().keeps(unit, path, is_given):
            return True
        if path.name != "members" or is_given:
            return False
        return self.tolerances.permit(Tolerance.KEEP_MEMBERS)

    def before_save(self, unit: UnitOfWork) -> None:
        if unit.changed("displayName"):
            self._reserve_name(unit)
            if unit.link.preexisting:
                return  # the site's own name for it stays
            field: Any = self.model._meta.get_field(self.name_column)
            unit.set((), field, self.choose_name(unit), "")

    def _reserve_name(self, unit: UnitOfWork) -> None:
        """Make sure that the connection has no other group of that name. Raises Uniqueness."""
        name = unit.link.display_name
        links: Any = self.link._default_manager
        same = links.filter(connection=self.connection, display_key=fold_key(name))
        other = same.exclude(pk=unit.link.pk).first()
        if other is None:
            return
        if other.target_id is not None:
            raise Uniqueness(f"displayName: there is a group {name!r} already")
        links.filter(pk=other.pk).update(display_key=None)  # its group is gone

    def choose_name(self, unit: UnitOfWork) -> str:
        """Return the group's name on the site: the client's, short enough and, where the column
        is unique, made unique."""
        field: Any = self.model._meta.get_field(self.name_column)
        limit = field.max_length or 150
        wanted = unit.link.display_name[:limit]
        if not field.unique:
            return str(wanted)
        suffixes = ("", f" ({self.connection.name})", f" ({uuid4().hex[:8]})")
        candidates = [f"{wanted[: limit - len(suffix)]}{suffix}" for suffix in suffixes]
        groups = self.model._base_manager.exclude(pk=unit.target.pk)
        # One statement, whoever has the name: another connection's group does not show. What is
        # the same name, the column's own collation decides.
        each = [Q(**{self.name_column: name}) for name in candidates]
        counts = {f"taken{n}": Count("pk", filter=same) for n, same in enumerate(each)}
        taken = groups.filter(reduce(or_, each)).aggregate(**counts)
        return next(name for n, name in enumerate(candidates) if not taken[f"taken{n}"])

    def delete(self, link: Any) -> list[Change]:
        """Delete the group. One that the site had before only loses the connection's members."""
        for mapping in self.declaration().members:
            if link.preexisting:
                unit = self.unit_of_work(link)
                mapping.stage(unit, Operation("remove", mapping.path))
                unit.save()
            else:
                members = mapping.relation.rows(link.target_id).count()
                guarding.count_removal(self, "memberships", members, link.created)
        type(link)._default_manager.filter(pk=link.pk).update(
            display_key=None
        )  # the name is free again
        return super().delete(link)
