"""What lies between a group and its members: a many-to-many relation, or a table of the site's.

A junction knows the rows between two ends, and how to write them so that the site notices.
"""

from typing import Any

from django.core.exceptions import FieldDoesNotExist

from ..model_paths import MappingError
from ..writing import persistence as records


class MembershipRelation:
    """``through`` has the foreign keys ``owner`` and ``member``, which leads to ``related_model``;
    ``back`` is the name under which that model queries the owner."""

    through: Any
    related_model: Any
    owner: str
    member: str
    back: str

    def rows(self, owner_key: Any) -> Any:
        """Return the rows of one owner."""
        return self.through._base_manager.filter(**{self.owner: owner_key})

    def owners(self, member_key: Any) -> Any:
        """Return the keys of all that an object is a member of."""
        return self.through._base_manager.filter(**{self.member: member_key}).values(self.owner)

    def leave(self, member: Any, owners: list[Any]) -> None:
        """Take one object out of several owners."""
        for owner in owners:
            self.remove(owner, [member.pk])

    def add(self, owner: Any, keys: list[Any]) -> None:
        """Make the objects with these keys members."""
        raise NotImplementedError

    def remove(self, owner: Any, keys: list[Any]) -> None:
        """Take the objects with these keys out."""
        raise NotImplementedError


def refuse_other_columns(found: MembershipRelation) -> None:
    """Raise Misfit where a foreign key leads to another column than the primary key."""
    for name in (found.owner, found.member):
        if not found.through._meta.get_field(name).target_field.primary_key:
            raise MappingError(
                f"{name!r} of {found.through.__name__} leads to another column than the primary key"
            )


class ManyToMany(MembershipRelation):
    """A ManyToManyField, from either of its ends; ``m2m_changed`` is sent."""

    def __init__(self, accessor: str, relation: Any) -> None:
        self.accessor, self.related_model = accessor, relation.related_model
        if relation.auto_created:  # the far end of somebody else's field
            field = relation.field
            self.through = relation.through
            self.owner, self.member = field.m2m_reverse_field_name(), field.m2m_field_name()
            self.back = self.reverse = field.name
        else:
            self.through = relation.remote_field.through
            self.owner, self.member = relation.m2m_field_name(), relation.m2m_reverse_field_name()
            self.back = relation.related_query_name()
            hidden = (relation.remote_field.related_name or "").endswith("+")
            self.reverse = "" if hidden else relation.remote_field.get_accessor_name()
        refuse_other_columns(self)

    def leave(self, member: Any, owners: list[Any]) -> None:
        if self.reverse:
            getattr(member, self.reverse).remove(*owners)
        else:
            super().leave(member, owners)

    def add(self, owner: Any, keys: list[Any]) -> None:
        getattr(owner, self.accessor).add(*keys)

    def remove(self, owner: Any, keys: list[Any]) -> None:
        getattr(owner, self.accessor).remove(*keys)


class ThroughTable(MembershipRelation):
    """A model with a foreign key to each end; its rows are saved and deleted like any other."""

    def __init__(self, relation: Any, member: str) -> None:
        self.through, self.owner, self.member = relation.related_model, relation.field.name, member
        field = self.through._meta.get_field(member)
        if not field.many_to_one:
            raise FieldDoesNotExist(f"{member!r} of {self.through.__name__} is no foreign key")
        refuse_other_columns(self)
        self.related_model = field.related_model
        self.back = f"{field.related_query_name()}__{self.owner}"

    def add(self, owner: Any, keys: list[Any]) -> None:
        made = [self.through(**{self.owner: owner, self._column(): key}) for key in keys]
        records.insert(self.through, made)

    def remove(self, owner: Any, keys: list[Any]) -> None:
        rows = self.rows(owner.pk).filter(**{f"{self.member}__in": keys})
        records.delete(self.through, list(rows.values_list("pk", flat=True)))

    def leave(self, member: Any, owners: list[Any]) -> None:
        rows = self.through._base_manager.filter(
            **{self.member: member, f"{self.owner}__in": owners}
        )
        records.delete(self.through, list(rows.values_list("pk", flat=True)))

    def _column(self) -> str:
        return str(self.through._meta.get_field(self.member).attname)


def membership_relation(model: Any, relation: str, member: str) -> MembershipRelation:
    """Return the junction behind an accessor of the model.

    ``member`` names the foreign key to the members where the accessor leads to a through table.
    Raises FieldDoesNotExist.
    """
    for candidate in model._meta.get_fields():
        accessor = (
            candidate.get_accessor_name()
            if candidate.auto_created and candidate.is_relation and not candidate.concrete
            else candidate.name
        )
        if accessor != relation:
            continue
        if candidate.many_to_many:
            return ManyToMany(relation, candidate)
        if candidate.one_to_many and member:
            return ThroughTable(candidate, member)
    raise FieldDoesNotExist(
        f"{model.__name__} has no many-to-many relation {relation!r}"
        + ("" if member else "; for a through table name its foreign key: member=...")
    )
