"""The relation between a group and its members: a ManyToManyField, or a through table.

The classes read its rows, and write them so that the site's receivers are called.
"""

from typing import Any

from django.core.exceptions import FieldDoesNotExist

from ...query.compiled import in_batches, padded
from ...query.visibility import VisibleQueries
from ..interfaces import Adapter
from ..model_paths import MappingError
from ..writing import persistence
from .base import RelatedLoader


class RelatedLinks(RelatedLoader):
    """Loads the links of the objects at the other end of a membership relation.

    ``back`` is the query name of the relation from the other end to this one.
    """

    def __init__(self, to: str, back: str) -> None:
        self.to, self.back = to, back
        self._queries = VisibleQueries()

    def links(self, adapter: Adapter) -> Any:
        """Return the visible links at the other end, one row for each membership."""
        return (
            adapter.registry.adapter(self.to)
            .queryset()
            .filter(**{f"target__{self.back}__isnull": False})
        )

    def load(
        self, keys: list[Any], names: list[str], adapter: Adapter
    ) -> dict[tuple[Any, str], list[Any]]:
        link = adapter.registry.adapter(self.to).link

        def build(seen: Adapter, keys: Any) -> Any:
            other, owner = seen.registry.adapter(self.to), f"target__{self.back}"
            rows = other.queryset().filter(**{f"{owner}__in": keys}).order_by("pk")
            return rows.values_list(owner, "scim_id", other.display())

        by_key: dict[tuple[Any, str], dict[str, Any]] = {}
        for batch in in_batches(keys):
            rows = self._queries.rows_for(
                adapter, link, "", build, adapter.model._meta.pk, padded(batch)
            )
            for key, *columns in rows:
                # A dict, since a through table may have several rows for one membership.
                by_key.setdefault((key, ""), {})[columns[0]] = columns
        return {key: list(by_id.values()) for key, by_id in by_key.items()}


class MembershipRelation:
    """Base class of relations.

    ``through`` is the model of its rows, with the foreign keys ``owner`` and ``member``;
    ``related_model`` is the model of members, and ``back`` the query name from it to the owner.
    """

    through: Any
    related_model: Any
    owner: str
    member: str
    back: str

    def rows(self, owner_key: Any) -> Any:
        """Return the rows of one owner."""
        return self.through._base_manager.filter(**{self.owner: owner_key})

    def owners(self, member_key: Any) -> Any:
        """Return the primary keys of the owners that an object is a member of."""
        return self.through._base_manager.filter(**{self.member: member_key}).values(self.owner)

    def has_others(self, owner_key: Any, links: Any) -> bool:
        """Return whether an owner has members to which none of ``links`` leads."""
        own = {f"{self.member}__in": links.values("target_id")}
        return bool(self.rows(owner_key).exclude(**own).exists())

    def leave(self, member: Any, owners: list[Any]) -> None:
        """Remove one member from several owners."""
        for owner in owners:
            self.remove(owner, [member.pk])

    def add(self, owner: Any, keys: list[Any]) -> None:
        """Add the members with these primary keys."""
        raise NotImplementedError

    def remove(self, owner: Any, keys: list[Any]) -> None:
        """Remove the members with these primary keys."""
        raise NotImplementedError


def refuse_other_columns(relation: MembershipRelation) -> None:
    """Raise MappingError if a foreign key does not refer to the primary key."""
    for name in (relation.owner, relation.member):
        if not relation.through._meta.get_field(name).target_field.primary_key:
            raise MappingError(
                f"{name!r} of {relation.through.__name__} must refer to the primary key, without "
                f"to_field"
            )


class ManyToMany(MembershipRelation):
    """A ManyToManyField, from either end. Writes send ``m2m_changed``."""

    def __init__(self, accessor: str, relation: Any) -> None:
        self.accessor, self.related_model = accessor, relation.related_model
        if relation.auto_created:  # the reverse of a field of the other model
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
    """A model with a foreign key to each end. Its rows are saved and deleted like other rows."""

    def __init__(self, relation: Any, member: str) -> None:
        self.through, self.owner, self.member = relation.related_model, relation.field.name, member
        field = self.through._meta.get_field(member)
        if not field.many_to_one:
            raise FieldDoesNotExist(f"{member!r} of {self.through.__name__} must be a foreign key")
        refuse_other_columns(self)
        self.related_model = field.related_model
        self.back = f"{field.related_query_name()}__{self.owner}"

    def add(self, owner: Any, keys: list[Any]) -> None:
        rows = [self.through(**{self.owner: owner, self._column(): key}) for key in keys]
        persistence.insert(self.through, rows)

    def remove(self, owner: Any, keys: list[Any]) -> None:
        rows = self.rows(owner.pk).filter(**{f"{self.member}__in": keys})
        persistence.delete(self.through, list(rows.values_list("pk", flat=True)))

    def leave(self, member: Any, owners: list[Any]) -> None:
        rows = self.through._base_manager.filter(
            **{self.member: member, f"{self.owner}__in": owners}
        )
        persistence.delete(self.through, list(rows.values_list("pk", flat=True)))

    def _column(self) -> str:
        return str(self.through._meta.get_field(self.member).attname)


def membership_relation(model: Any, relation: str, member: str) -> MembershipRelation:
    """Return the relation with an accessor of the model.

    If the accessor leads to a through table, ``member`` is the name of that table's foreign key to
    the members. Raise FieldDoesNotExist if there is no such relation.
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
        + ("" if member else "; for a through table, add the name of its foreign key: member=...")
    )
