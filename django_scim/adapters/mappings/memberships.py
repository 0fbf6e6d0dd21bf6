"""Members and Memberships: a many-to-many relation, from the group and from the member.

Only the members that a request needs are loaded, so that the cost of adding one member to a group
does not depend on the size of the group.
"""

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import replace
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, Value

from ...models import GuardCount
from ...protocol.attributes import Attribute
from ...protocol.errors import InvalidValue, Mutability
from ...protocol.filters import Comparison, Filter, Or
from ...protocol.filters.evaluation import element_matches
from ...protocol.messages.patch import Operation
from ...protocol.messages.selectors import created_value, selectors
from ...protocol.tolerances import Tolerances
from ...protocol.values import split_location
from ...query import Constant, Locator
from ...query.columns import Comparable
from ...query.translate import list_condition
from ..interfaces import Adapter
from ..model_paths import MappingError
from ..writing import guard, privileges
from ..writing.changes import Change
from ..writing.outcomes import ChangeKind
from ..writing.unit_of_work import UnitOfWork
from .base import Mapping, Reader, Selected
from .computed import read_only
from .multivalued import MultiValue, ValueList
from .references import check_type, id_column, refuse_parts
from .relations import RelatedLinks, membership_relation

_SUBS: dict[str, Any] = {
    "value": lambda page, to, kind, scim_id, display: scim_id,
    "$ref": lambda page, to, kind, scim_id, display: page.location(to, scim_id),
    "type": lambda page, to, kind, scim_id, display: kind,
    "display": lambda page, to, kind, scim_id, display: display,
}


class Memberships(Mapping):
    """The groups of a user, or the other end of any many-to-many relation. Read-only.

    ``accessor`` is the name of the relation on the object, ``to`` the resource type at its other
    end, ``kind`` the ``type`` of every value (by default the resource type). If ``accessor`` leads
    to a through table, ``member`` is the name of that table's foreign key to the other end.
    """

    versioned = False
    loader: RelatedLinks
    is_derived = True
    refers = True

    def __init__(self, accessor: str, *, to: str, kind: str = "", member: str = "") -> None:
        self.accessor, self.to, self.kind, self.member = accessor, to, kind or to, member

    def describe(self, attribute: Attribute) -> Attribute:
        """Return the attribute as /Schemas publishes it: with the one type of resource it has."""
        described = super().describe(attribute)
        kind, uri = described.sub("type"), described.sub("$ref")
        if kind is not None and self.kind in kind.canonical_values:
            described = described.with_sub(replace(kind, canonical_values=(self.kind,)))
        if uri is not None and self.to in uri.reference_types:
            described = described.with_sub(replace(uri, reference_types=(self.to,)))
        return read_only(described) if self.is_derived else described

    def resolve(self, adapter: type[Adapter]) -> None:
        if not (self.attribute.multi_valued and self.attribute.sub("value")):
            raise MappingError("it must be a multi-valued attribute with the sub-attribute value")
        self.relation = membership_relation(adapter.model, self.accessor, self.member)
        refuse_parts(self.attribute, tuple(_SUBS))
        self.loader = RelatedLinks(self.to, self.relation.back)

    def related_model(self) -> Any:
        return self.relation.related_model

    # Reading

    def columns(self) -> dict[str, Selected]:
        return {"owner": "target_id"}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        owner, loader, kind, to = at["owner"], self.loader, self.kind, self.to
        names = [s.name for s in wanted.sub_attributes if s.name in _SUBS]

        def read(row: Any, page: Any) -> list[dict[str, Any]]:
            return [
                {
                    name: _SUBS[name](page, to, kind, scim_id, display)
                    for name in names
                    if name != "display" or display
                }
                for scim_id, display in page.rows(loader, row[owner], "")
            ]

        return read

    # Filtering

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        links, own_id = self.loader.links(adapter), id_column(self.attribute)
        columns: dict[str, Comparable] = {
            "value": own_id,
            "$ref": Locator(own_id, adapter.base_url, adapter.registry.endpoints[self.to]),
            "display": adapter.registry.adapter(self.to).display_column(),
            "type": Constant(self.kind, case_exact=False),
        }

        def having(condition: Q | None) -> Q:
            matching = links if condition is None else links.filter(condition)
            return Q(target__in=matching.values(f"target__{self.loader.back}"))

        return list_condition(term, columns, having, negated)

    # Writing

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        raise Mutability(f"{self.full_name}: is read-only; change the {self.to} resource instead")


class Members(Memberships):
    """The members of a group, in any many-to-many relation. Writable.

    Members that the connection may not see are neither returned nor removed.
    """

    is_derived = False
    has_members = True

    def place(self) -> tuple[Any, ...]:
        return (self.relation.through, self.relation.owner, self.relation.member)

    def new_rows(self) -> tuple[Any, set[str]] | None:
        return self.relation.through, {self.relation.owner, self.relation.member}

    def change_kind(self, unit: UnitOfWork, change: Change) -> ChangeKind | None:
        return ChangeKind.MEMBERSHIP_CHANGED

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        if operation.path.sub is not None:
            raise Mutability(f"{operation.path}: is immutable; add or remove the member instead")
        staged = self._staged(unit)
        if operation.where is not None:
            self._stage_selected(staged, operation)
        elif operation.op == "remove":
            if operation.value is None:
                staged.clear()
            else:
                staged.remove(self._ids(operation.value))
        else:
            for index, item in enumerate(operation.value):
                where = f"{self.full_name}[{index}]"
                if len(item) > 1:  # it has more than an id
                    check_type(item, self.to, self.kind, where, unit)
            if operation.op == "replace":
                staged.clear()
            staged.add(self._ids(operation.value))

    def _staged(self, unit: UnitOfWork) -> "StagedMembers":
        return unit.staged(self, lambda: StagedMembers(self, unit))

    def _ids(self, items: list[dict[str, Any]]) -> list[str]:
        """Return the ids of members. Raise InvalidValue if one has neither value nor $ref."""
        ids = []
        for index, item in enumerate(items):
            value = item.get("value") or split_location(item.get("$ref", ""))[1]
            if not value:
                raise InvalidValue(f"{self.full_name}[{index}].value: is required")
            ids.append(value)
        return ids

    def _stage_selected(self, staged: "StagedMembers", operation: Operation) -> None:
        """Stage an operation on the members that are selected by the filter in its path."""
        where = operation.where
        assert where is not None
        if operation.op != "remove":
            staged.add([self._added_id(operation, staged.unit.tolerances)])
            return
        ids = _selected_ids(where)
        staged.remove(staged.selected(where) if ids is None else ids)

    def _added_id(self, operation: Operation, tolerances: Tolerances) -> str:
        """Return the id of the member that ``add members[value eq "x"]`` adds.

        Raise Mutability if the operation would change a member.
        """
        assert operation.where is not None
        terms = selectors(operation.where) or {}
        is_whole = operation.op == "add" and "value" in terms
        is_same = is_whole and operation.value.get("value", terms["value"]) == terms["value"]
        if not is_same or created_value(operation.where, tolerances) is None:
            raise Mutability(f"{self.full_name}: a member can only be added or removed")
        return str(terms["value"])

    def current(self, unit: UnitOfWork) -> Any:
        return self._staged(unit).current()


class StagedMembers:
    """The members that a unit of work adds to an object or removes from it."""

    def __init__(self, mapping: Members, unit: UnitOfWork) -> None:
        self._mapping, self.unit = mapping, unit
        self._is_cleared = False
        self._added: dict[str, None] = {}
        self._removed: dict[str, None] = {}
        #: Every id named by an add, even if a later operation removed it: all of them must exist.
        self._named: dict[str, None] = {}

    def add(self, ids: Iterable[str]) -> None:
        for each in ids:
            self._added[each] = self._named[each] = None
            self._removed.pop(each, None)

    def remove(self, ids: Iterable[str]) -> None:
        for each in ids:
            self._removed[each] = None
            self._added.pop(each, None)

    def clear(self) -> None:
        self._is_cleared, self._added, self._removed = True, {}, {}

    def current(self) -> list[dict[str, Any]]:
        """Return the staged list of members. This loads all members of the group."""
        stored = [each.data for each in self._stored()]
        return [each for each in stored if each["value"] not in self._removed] + self._new()

    def selected(self, where: Filter) -> list[str]:
        """Return the ids of the members that a filter matches. This loads all members."""
        self.unit.effort.spend(len(self._added), self._mapping.full_name)
        found = [each.data for each in self._stored().select(where)]
        found += [each for each in self._new() if element_matches(where, each)]
        return [each["value"] for each in found]

    def _stored(self) -> ValueList:
        """Return the members in the database, none if all of them are to be removed."""
        mapping, unit = self._mapping, self.unit
        name, key = mapping.full_name, unit.target.pk

        def load() -> ValueList:
            rows = mapping.loader.load([key], [""], unit.adapter).get((key, ""), [])
            members = [
                MultiValue(self._member(scim_id) | {"display": display})
                for scim_id, display in rows
            ]
            return ValueList(name, mapping.attribute, members, unit.effort)

        if self._is_cleared or not unit.has_past:
            return ValueList(name, mapping.attribute, [], unit.effort)
        members: ValueList = unit.cached((mapping, "members"), load)
        return members

    def _new(self) -> list[dict[str, Any]]:
        return [self._member(each) for each in self._added]

    def _member(self, scim_id: str) -> dict[str, Any]:
        adapter = self.unit.adapter
        location = adapter.location_of(self._mapping.to, scim_id)
        return {"value": scim_id, "$ref": location, "type": self._mapping.kind}

    def is_changed(self) -> bool:
        return self._is_cleared or bool(self._added or self._removed)

    def save(self) -> tuple[Any, Any] | None:
        """Write the changed memberships. Return the members removed and those added.

        Raise InvalidValue for an id that the connection cannot see, Forbidden if the members would
        get or lose permissions, GuardTripped if the connection removes too many memberships.
        """
        mapping, unit = self._mapping, self.unit
        links = self._look_up([*self._named, *self._removed])
        if missing := [each for each in self._named if each not in links]:
            raise InvalidValue(
                f"{mapping.full_name}: there is no {mapping.to} {missing[0]!r}",
                "member_unknown",
                value=str(missing[0]),
            )
        added = [links[each] for each in self._added if not links[each].is_member]
        removed = [links[each] for each in self._removed if each in links and links[each].is_member]
        if self._is_cleared and unit.has_past:
            removed = [link for link in self._all_members() if link.scim_id not in self._added]
        if any(link.is_refused for link in (*removed, *added)):
            raise privileges.refusal(mapping.full_name)
        if removed:
            guard.count_loss(unit.adapter, unit.link, len(removed), GuardCount.MEMBERSHIPS)
            mapping.relation.remove(unit.target, [link.target_id for link in removed])
        if added:
            mapping.relation.add(unit.target, [link.target_id for link in added])
        return (_for_event(removed), _for_event(added)) if added or removed else None

    def _links(self) -> Any:
        """Return the links of possible members, each annotated with ``is_refused``.

        This is true if the membership must not change: the object at one of its two ends has
        permissions, and that object's link is not privileged. The database tests it with the
        values that this write has given to the object.
        """
        unit = self.unit
        other: Any = unit.adapter.registry.adapter(self._mapping.to)
        ours = None if unit.link.privileged else unit.adapter.declared.privileged
        theirs = other.declared.privileged
        refused: Any = Value(False, output_field=BooleanField())
        if not unit.is_deletion and (ours is not None or theirs is not None):
            condition = Q()
            if ours is not None:
                condition |= Q(Exists(ours.filter(pk=unit.target.pk)))
            if theirs is not None:
                condition |= Q(Exists(theirs.filter(pk=OuterRef("target_id"))), privileged=False)
            refused = ExpressionWrapper(condition, output_field=BooleanField())
        return other.queryset().annotate(label=other.label(), is_refused=refused)

    def _look_up(self, ids: list[str]) -> dict[str, Any]:
        """Return the links with these ids, each annotated with ``is_member``."""
        if not ids:
            return {}
        relation = self._mapping.relation
        rows = relation.rows(self.unit.target.pk)
        membership = rows.filter(**{relation.member: OuterRef("target_id")})
        links = self._links().annotate(is_member=Exists(membership))
        return {link.scim_id: link for link in links.filter(scim_id__in=ids)}

    def _all_members(self) -> list[Any]:
        """Return the links of all visible members."""
        owner = f"target__{self._mapping.loader.back}"
        return list(self._links().filter(**{owner: self.unit.target.pk}))


def _for_event(links: list[Any]) -> list[dict[str, Any]] | None:
    """Return members in the form that events contain, None for an empty list."""
    return [{"value": link.scim_id, "display": link.label} for link in links] or None


def _selected_ids(where: Filter) -> list[str] | None:
    """Return the ids in a filter ``value eq "x"``, or several joined by ``or``.

    Return None for any other filter.
    """
    match where:
        case Comparison(path, "eq", value) if path.leaf.name == "value":
            return [value]
        case Or(terms):
            parts = [_selected_ids(term) for term in terms]
            if all(part is not None for part in parts):
                return [each for part in parts for each in part or ()]
    return None
