"""Membership, seen from the group and from the member.

Adding one member to a group costs the same however large the group is: neither reading nor
writing ever loads the members that are not asked for.
"""

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from ...protocol.attributes import Attribute
from ...protocol.errors import InvalidFilter, InvalidValue, Mutability
from ...protocol.filter_evaluation import element_matches
from ...protocol.filters import Comparison, Filter, Or, ValueFilter
from ...protocol.selectors import created_value, selectors
from ...protocol.tolerances import Tolerances
from ...query import Constant, Locator
from ...query.columns import Comparable
from ...query.translate import translate_element
from ..model_paths import MappingError
from ..writing import guard as guarding
from .base import Mapping, Reader, RelatedLoader, Selected
from .computed import read_only
from .references import id_column, refuse_parts
from .relations import membership_relation

if TYPE_CHECKING:
    from ...protocol.messages.patch import Operation
    from ..base import ResourceAdapter
    from ..writing.unit_of_work import UnitOfWork


class Related(RelatedLoader):
    """The links of the objects at the other end of a junction."""

    def __init__(self, to: str, back: str) -> None:
        self.to, self.back = to, back  # back: the query name from the other end to this one

    def links(self, adapter: "ResourceAdapter") -> Any:
        """The other ends that this connection may see, each once for every relation it has."""
        return adapter.sibling(self.to).queryset().filter(**{f"target__{self.back}__isnull": False})

    def load(
        self, keys: list[Any], names: list[str], adapter: "ResourceAdapter"
    ) -> dict[tuple[Any, str], list[Any]]:
        owner = f"target__{self.back}"
        rows = adapter.sibling(self.to).queryset().filter(**{f"{owner}__in": keys}).order_by("pk")
        found: dict[tuple[Any, str], dict[str, Any]] = {}
        display = adapter.sibling(self.to).display()
        for key, *columns in rows.values_list(owner, "scim_id", display):
            found.setdefault((key, ""), {})[columns[0]] = columns  # once, however many rows
        return {key: list(each.values()) for key, each in found.items()}


class Memberships(Mapping):
    """The groups of a user, or any other end of a many-to-many relation: read only.

    ``relation`` is the name of the relation on the object, ``to`` the resource type at its other
    end, ``kind`` what ``type`` says of every value (by default the resource type). Where the
    relation leads to a table with a row for each membership, ``member`` names its foreign key to
    the other end.
    """

    versioned = False
    loader: "Related"
    is_read_only = True
    refers = True

    def __init__(self, relation: str, *, to: str, kind: str = "", member: str = "") -> None:
        self.accessor, self.to, self.kind, self.member = relation, to, kind or to, member

    def describe(self, attribute: Attribute) -> Attribute:
        described = super().describe(attribute)
        return read_only(described) if self.is_read_only else described

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        if not (self.attribute.multi_valued and self.attribute.sub("value")):
            raise MappingError("members are a multi-valued attribute with the sub-attribute value")
        self.relation = membership_relation(adapter.model, self.accessor, self.member)
        refuse_parts(self.attribute, tuple(_SUBS))
        self.loader = Related(self.to, self.relation.back)

    def related_model(self) -> Any:
        return self.relation.related_model

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

    def query_columns(self, adapter: "ResourceAdapter") -> dict[str, Comparable]:
        own_id = id_column(self.attribute)
        return {
            "value": own_id,
            "$ref": Locator(own_id),
            "display": adapter.sibling(self.to).display_column(),
            "type": Constant(self.kind, case_exact=False),
        }

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        links = self.loader.links(adapter)
        columns = self.query_columns(adapter)
        if isinstance(term, ValueFilter):
            q = self._any(links.filter(translate_element(term.term, columns)))
        elif term.path.sub is None:
            q = self._any(links)
        else:
            column = columns.get(term.path.sub.name)
            if column is None:
                raise InvalidFilter(f"{term.path} cannot be used in a filter here")
            q = self._any(links.filter(column.test(term.op, term.value)))
            if term.op == "ne":
                q |= ~self._any(links)
        return ~q if negated else q

    def _any(self, links: Any) -> Q:
        return Q(target__in=links.values(f"target__{self.loader.back}"))

    def stage(self, unit: "UnitOfWork", operation: "Operation") -> None:
        raise Mutability(f"{self.path}: is read-only; change the {self.to} instead")


_SUBS: dict[str, Any] = {
    "value": lambda page, to, kind, scim_id, display: scim_id,
    "$ref": lambda page, to, kind, scim_id, display: page.location(to, scim_id),
    "type": lambda page, to, kind, scim_id, display: kind,
    "display": lambda page, to, kind, scim_id, display: display,
}


@dataclass
class MemberChange:
    """What a draft has gathered for one relation: what to take away and what to give."""

    cleared: bool = False
    added: dict[str, None] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    #: Whoever an operation wanted to add, though a later one took it back: each must exist.
    named: dict[str, None] = field(default_factory=dict)

    def add(self, ids: Iterable[str]) -> None:
        for each in ids:
            self.added[each] = self.named[each] = None
            self.removed.pop(each, None)

    def remove(self, ids: Iterable[str]) -> None:
        for each in ids:
            self.removed[each] = None
            self.added.pop(each, None)

    def clear(self) -> None:
        self.cleared, self.added, self.removed = True, {}, {}


class Members(Memberships):
    """The members of a group, through any many-to-many relation.

    Only members that the connection may see are shown, and only those are ever taken away.
    """

    is_read_only = False

    def place(self) -> tuple[Any, ...]:
        return (
            self.relation.through,
            self.relation.owner,
            self.relation.member,
        )

    def new_rows(self) -> tuple[Any, set[str]] | None:
        return self.relation.through, {
            self.relation.owner,
            self.relation.member,
        }

    def stage(self, unit: "UnitOfWork", operation: "Operation") -> None:
        if operation.path.sub is not None:
            raise Mutability(f"{operation.path}: is immutable; add or remove the whole member")
        change = unit.members(self)
        if operation.where is not None:
            self._stage_selected(unit, change, operation)
        elif operation.op == "remove":
            if operation.value is None:
                change.clear()
            else:
                change.remove(self._ids(operation.value))
        else:
            if operation.op == "replace":
                change.clear()
            change.add(self._ids(operation.value))

    def _ids(self, items: list[dict[str, Any]]) -> list[str]:
        ids = []
        for index, item in enumerate(items):
            value = item.get("value") or item.get("$ref", "").rstrip("/").rpartition("/")[2]
            if not value:
                raise InvalidValue(f"{self.path}[{index}].value: is required")
            ids.append(value)
        return ids

    def _stage_selected(
        self, unit: "UnitOfWork", change: MemberChange, operation: "Operation"
    ) -> None:
        assert operation.where is not None
        if operation.op != "remove":
            change.add([self._made_target(operation, unit.tolerances)])
            return
        ids = _selected_ids(operation.where)
        if ids is None:
            ids = [
                member["value"]
                for member in unit.current_members(self)
                if element_matches(operation.where, member)
            ]
        change.remove(ids)

    def _made_target(self, operation: "Operation", tolerances: Tolerances) -> str:
        """Return the id of the member that ``add members[value eq "x"]`` means.

        Raises Mutability for what would change a member.
        """
        assert operation.where is not None
        terms = selectors(operation.where) or {}
        is_whole = operation.op == "add" and "value" in terms
        is_same = is_whole and operation.value.get("value", terms["value"]) == terms["value"]
        if not is_same or created_value(operation.where, tolerances) is None:
            raise Mutability(f"{self.path}: a member cannot be changed, only added or removed")
        return str(terms["value"])

    def current(self, unit: "UnitOfWork") -> list[dict[str, Any]]:
        """Return the stored members as the client sees them. It costs what the group is large."""
        rows = self.loader.load([unit.target.pk], [""], unit.adapter)
        return [
            {"value": scim_id, "display": display, "type": self.kind}
            for scim_id, display in rows.get((unit.target.pk, ""), [])
        ]

    def save(self, unit: "UnitOfWork", change: MemberChange) -> tuple[list[Any], list[Any]]:
        """Write a change and return the members taken away and given, as (id, display).

        Raises InvalidValue for an id that the connection cannot see.
        """
        found = self._look_up(unit, list(change.named | change.removed))
        missing = [each for each in change.named if each not in found]
        if missing:
            raise InvalidValue(f"{self.path}: there is no {self.to} {missing[0]!r}")
        given = [found[each] for each in change.added if not found[each].is_member]
        taken = [found[each] for each in change.removed if each in found and found[each].is_member]
        if change.cleared and unit.has_past:
            taken = [row for row in self._everyone(unit) if row.scim_id not in change.added]
        if taken:
            guarding.count_removal(unit.adapter, "memberships", len(taken), unit.link.created)
            self.relation.remove(unit.target, [row.target_id for row in taken])
        if given:
            self.relation.add(unit.target, [row.target_id for row in given])
        return [(r.scim_id, r.label) for r in taken], [(r.scim_id, r.label) for r in given]

    def _links(self, unit: "UnitOfWork") -> Any:
        adapter = unit.adapter.sibling(self.to)
        return adapter.queryset().annotate(label=adapter.label())

    def _look_up(self, unit: "UnitOfWork", ids: list[str]) -> dict[str, Any]:
        if not ids:
            return {}
        membership = self.relation.rows(unit.target.pk).filter(
            **{self.relation.member: OuterRef("target_id")}
        )
        links = self._links(unit).annotate(is_member=Exists(membership))
        return {link.scim_id: link for link in links.filter(scim_id__in=ids)}

    def _everyone(self, unit: "UnitOfWork") -> list[Any]:
        owner = f"target__{self.loader.back}"
        return list(self._links(unit).filter(**{owner: unit.target.pk}))


def _selected_ids(where: Filter) -> list[str] | None:
    """Return the ids that ``value eq "x"``, or several joined by ``or``, select; else None."""
    match where:
        case Comparison(path, "eq", value) if path.leaf.name == "value":
            return [value]
        case Or(terms):
            parts = [_selected_ids(term) for term in terms]
            if all(part is not None for part in parts):
                return [each for part in parts for each in part or ()]
    return None
