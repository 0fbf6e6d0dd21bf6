"""Reference: a reference to another resource, such as the manager of a user."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidValue
from ...protocol.filters import ValueFilter
from ...protocol.messages.patch import Operation
from ...protocol.tolerances import Tolerance
from ...protocol.values import fold, refuse_contradiction, split_location
from ...query import Column, Locator
from ...query.columns import Absent, Comparable, Sortable
from ...query.translate import translate_element
from ..interfaces import Adapter
from ..model_paths import LINK, MappingError, locate, orm_path, refuse_write
from ..writing.effort import LOOKUP
from ..writing.persistence import Batch
from ..writing.privileges import has_permissions, refusal
from ..writing.related_records import load_records
from ..writing.unit_of_work import UnitOfWork
from .base import Mapping, Reader, Selected
from .column_types import check_length


class Reference(Mapping):
    """A foreign key to an object of a published resource type.

    The target's id is only returned if the target is linked to the same connection. ``pending`` is
    a column of the link for a reference to a resource that does not exist yet: it contains the id
    or externalId from the client until that resource is created. Without it, an unknown target is
    rejected. ``displayName`` is provided by the target's adapter.
    """

    can_batch = True
    refers = True

    def __init__(self, column: str, *, to: str, pending: str = "") -> None:
        self.column, self.to, self.pending = column, to, pending

    def resolve(self, adapter: type[Adapter]) -> None:
        if self.attribute.multi_valued or not self.attribute.sub("value"):
            raise MappingError(
                "it must be a single-valued complex attribute with the sub-attribute value"
            )
        field: Any
        self.relations, field = locate(adapter, self.column)
        self.field = field
        if not (self.field.many_to_one or self.field.one_to_one):
            raise MappingError(f"{self.column!r} must be a foreign key")
        if not self.field.target_field.primary_key:
            raise MappingError(f"{self.column!r} must refer to the primary key, without to_field")
        if self.attribute.mutability != "readOnly":
            refuse_write(adapter, self.column)
        refuse_parts(self.attribute, ("value", "$ref", "displayName"))
        self.orm_path = orm_path(adapter, self.column)
        self.pending_column: Column | None = None
        if self.pending:
            relations, self.pending_field = locate(adapter, self.pending)
            if relations != LINK or not isinstance(self.pending_field, models.CharField):
                raise MappingError(f"pending: {self.pending!r} must be a CharField of the link")
            refuse_write(adapter, self.pending)
            self.pending_column = Column(
                orm_path(adapter, self.pending),
                case_exact=value_of(self.attribute).case_exact,
                exact_storage=True,
                nullable=False,
            )

    def related_model(self) -> Any:
        return self.field.related_model

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        written: list[tuple[tuple[str, ...], Any]] = [(self.relations, self.field)]
        return [*written, (LINK, self.pending_field)] if self.pending else written

    # Reading

    def columns(self) -> dict[str, Selected]:
        columns: dict[str, Selected] = {
            "id": lambda adapter: self._of_target(adapter, F("scim_id")),
            "display": lambda adapter: self._of_target(
                adapter, adapter.registry.adapter(self.to).display()
            ),
        }
        if self.pending_column:
            columns["pending"] = self.pending_column.path
        return columns

    def _of_target(self, adapter: Adapter, expression: Any) -> Subquery:
        links = adapter.registry.adapter(self.to).queryset().filter(target=OuterRef(self.orm_path))
        return Subquery(links.values_list(expression)[:1])

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        id_at, display_at, pending_at = at["id"], at["display"], at.get("pending")
        names = {sub.name for sub in wanted.sub_attributes}
        to = self.to

        def read(row: Any, page: Any) -> dict[str, Any]:
            scim_id = row[id_at]
            if scim_id is None:
                data = {"value": None if pending_at is None else row[pending_at]}
            else:
                data = {
                    "value": scim_id,
                    "$ref": page.location(to, scim_id),
                    "displayName": row[display_at],
                }
            return {name: value for name, value in data.items() if value and name in names}

        return read

    def digest(self, value: Any) -> Any:
        return value.get("value")

    # Filtering and sorting

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        if isinstance(term, ValueFilter):
            inner = term.term
        else:
            inner = term
            if term.op == "ne":  # a single value: ne is the negation of eq
                return self.where(type(term)(term.path, "eq", term.value), adapter, not negated)
        target = adapter.registry.adapter(self.to)
        columns: dict[str, Comparable] = {
            "value": (own_id := id_column(self.attribute)),
            "$ref": Locator(own_id, adapter.base_url, adapter.registry.endpoints[self.to]),
            "displayName": target.display_column(),
        }
        links = target.queryset()
        if isinstance(term, ValueFilter) or term.path.sub is not None:
            links = links.filter(translate_element(inner, columns))
        q = Q(**{f"{self.orm_path}__in": links.values("target")})
        if (pending := self._where_pending(term)) is not None:
            q |= pending
        return ~q if negated else q

    def _where_pending(self, term: Any) -> Q | None:
        """Return the Q for references to resources that do not exist yet, or None.

        Such a reference only has a ``value``.
        """
        if self.pending_column is None:
            return None
        if isinstance(term, ValueFilter):
            absent = Absent()
            columns: dict[str, Comparable] = {
                "value": self.pending_column,
                "$ref": absent,
                "displayName": absent,
            }
            return self.pending_column.present() & translate_element(term.term, columns)
        sub = term.path.sub
        if sub is None or sub.name == "value":
            return self.pending_column.test(term.op, term.value)
        return None

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        if path.sub is not None and path.sub.name == "displayName":
            return self._of_target(
                adapter, adapter.registry.adapter(self.to).display_column().order()
            )
        return self._of_target(adapter, F("scim_id"))

    # Writing

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        if operation.path.sub is not None and operation.path.sub.name not in ("value", "$ref"):
            return  # displayName belongs to the target
        target = unit.adapter.registry.adapter(self.to)
        if isinstance(operation.value, dict) and "value" in operation.value:
            check_type(operation.value, self.to, self.to, self.full_name, unit)
        wanted = None if operation.op == "remove" else self._wanted_id(operation, target.endpoint)
        if wanted is None:
            self._set_target(unit, None, "")
            return
        unit.effort.spend(LOOKUP, self.full_name)
        targets = target.queryset()
        link = targets.filter(Q(scim_id=wanted)).first() or (
            targets.filter(external_id=wanted).order_by("pk").first()
        )
        if link is not None:
            if target.declared.privileged is not None:
                self._refuse_privileged(unit, target, link)
            self._set_target(unit, link.target_id, "")
            return
        may_be_pending = self.pending and unit.tolerances.permit(Tolerance.PENDING_REFERENCE)
        if not may_be_pending:
            raise InvalidValue(f"{self.path}: there is no {self.to} {wanted!r}")
        check_length(self.pending_field, wanted, f"{self.full_name}.value")
        self._set_target(unit, None, wanted)

    def _refuse_privileged(self, unit: UnitOfWork, target: Adapter, link: Any) -> None:
        """Raise Forbidden for a new reference to an object that has permissions.

        A reference can be a membership, too. To remove it is allowed.
        """
        record = unit.record(self.relations)
        is_same = record is not None and getattr(record, self.field.attname) == link.target_id
        if not (is_same or link.privileged) and has_permissions(target, link.target_id):
            raise refusal(self.full_name)

    def _wanted_id(self, operation: Operation, endpoint: str) -> str | None:
        """Return the target's id or externalId in an operation, None if it has none."""
        value, sub = operation.value, operation.path.sub
        if isinstance(value, dict):
            return value.get("value") or self._id_in_uri(value.get("$ref", ""), endpoint)
        return self._id_in_uri(value, endpoint) if sub and sub.name == "$ref" else value or None

    def _id_in_uri(self, uri: str, endpoint: str) -> str | None:
        """Return the id in the URI of a target. Raise InvalidValue for another resource type."""
        kind, scim_id = split_location(uri)
        if kind and kind.lower() != endpoint.lower():
            raise InvalidValue(f"{self.path}.$ref: must lead to {endpoint}, not to {kind!r}")
        return scim_id or None

    def _set_target(self, unit: UnitOfWork, target_key: Any, pending: str) -> None:
        """Stage the foreign key and the pending reference; only one of them has a value."""
        targets = unit.adapter.registry.adapter(self.to).queryset()

        def show(key: Any) -> str | None:
            """Return the target's SCIM id, since its primary key is internal to the site."""
            ids = targets.filter(target=key).values_list("scim_id", flat=True)
            return None if key is None else ids.first()

        if target_key is None and (record := unit.record(self.relations)) is not None:
            old_key = getattr(record, self.field.attname)
            if old_key is not None and not targets.filter(target=old_key).exists():
                target_key = old_key  # keep a target of another connection, which is not visible
        self._set(unit, target_key, pending, show)

    def _set(self, unit: UnitOfWork, target_key: Any, pending: str, show: Any) -> None:
        """Stage both columns; ``show`` returns the SCIM id of a target by its primary key."""
        unit.set(self.relations, self.field, target_key, self.full_name, show)
        if self.pending:
            unit.set(LINK, self.pending_field, pending, self.full_name)

    def current(self, unit: UnitOfWork) -> Any:
        """Return the primary key of the target, or the pending id or externalId."""
        record = unit.record(self.relations)
        key = None if record is None else getattr(record, self.field.attname)
        return key if key is not None or not self.pending else self.awaited(unit)

    def awaited(self, unit: UnitOfWork) -> str | None:
        """Return the pending id or externalId of the target, or None."""
        return getattr(unit.link, self.pending_field.attname) or None

    def resolve_pending(self, units: Sequence[UnitOfWork], referring: Adapter) -> None:
        """Resolve pending references to the new objects of units of work.

        ``referring`` is the adapter of the resources that refer to them.
        """
        assert self.pending_column is not None
        by_name = {
            name: unit
            for unit in reversed(units)
            if unit.adapter.declared.privileged is None
            or not has_permissions(unit.adapter, unit.target.pk)
            for name in (unit.link.external_id, unit.link.scim_id)
            if name
        }
        pending = self.pending_column.path
        links = referring.queryset().filter(**{f"{pending}__in": list(by_name)})
        waiting = list(links.annotate(scim_pending=F(pending)).select_related("target"))
        others = [referring.unit_of_work(link) for link in waiting]
        if len(others) > 1:
            load_records(others, self.relations)
        ids = {unit.target.pk: unit.link.scim_id for unit in units}
        batch = Batch()
        for link, other in zip(waiting, others, strict=True):
            self._set(other, by_name[link.scim_pending].target.pk, "", ids.get)
            if not referring.follows_saves:
                other.batch = batch
            referring.save(other, is_side_effect=True)
        batch.flush()


def check_type(item: dict[str, Any], to: str, kind: str, where: str, unit: UnitOfWork) -> None:
    """Refuse a reference whose ``type`` or ``$ref`` names another resource type."""
    endpoint = unit.adapter.registry.endpoints[to]
    named, other = item.get("type", kind), split_location(item.get("$ref", ""))[0] or endpoint
    if fold(named) != fold(kind):
        wrong = f"{where}.type: must be {kind}, not {named[:80]!r}"
    elif other.lower() != endpoint.lower():
        wrong = f"{where}.$ref: must lead to {endpoint}, not to {other[:80]!r}"
    else:
        return
    refuse_contradiction(wrong, unit.tolerances)


def refuse_parts(attribute: Attribute, known: Sequence[str]) -> None:
    """Raise MappingError for a sub-attribute that references to other resources do not have."""
    for sub in attribute.sub_attributes:
        if sub.name not in known or not sub.is_text or sub.multi_valued:
            raise MappingError(
                f"{sub.name}: the only supported sub-attributes are the texts {', '.join(known)}"
            )


def value_of(attribute: Attribute) -> Attribute:
    """Return the sub-attribute that contains the other resource's id."""
    value = attribute.sub("value")
    assert value is not None
    return value


def id_column(attribute: Attribute) -> Column:
    """Return the column of the id in a reference, relative to the other resource's link.

    An id is already folded, so that the column is also the key for comparisons without case.
    """
    exact = value_of(attribute).case_exact
    return Column("scim_id", case_exact=exact, key="scim_id", exact_storage=True, nullable=False)
