"""A reference to one other resource, such as the manager."""

from collections.abc import Mapping as Dict
from typing import TYPE_CHECKING, Any

from django.db.models import F, OuterRef, Q, Subquery

from ..protocol.attributes import Attribute, AttributePath
from ..protocol.errors import InvalidValue
from ..protocol.filters import ValueFilter
from ..protocol.tolerances import Tolerance
from ..query import Column, Locator
from ..query.columns import Comparable
from ..query.translate import translate_element
from .fields import locate, orm_path
from .mapping import Mapping, Reader, Selected

if TYPE_CHECKING:
    from ..protocol.patch import Operation
    from ..query.columns import Sortable
    from .base import ResourceAdapter
    from .draft import Draft


class Reference(Mapping):
    """A foreign key to an object that another resource type publishes.

    A client sees the target's id only if the target is linked to the same connection. ``pending``
    is a column of the link that keeps what the client named until that resource appears, by its
    id or its externalId. The target adapter's ``display`` gives ``displayName``.
    """

    def __init__(self, column: str, *, to: str, pending: str) -> None:
        self.column, self.to, self.pending = column, to, pending

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        self.hops, self.field = locate(adapter, self.column)
        _, self.pending_field = locate(adapter, self.pending)
        self.orm_path = orm_path(adapter, self.column)
        self.pending_column = Column(
            orm_path(adapter, self.pending), case_exact=True, exact_storage=True, nullable=False
        )

    # Reading

    def columns(self) -> dict[str, Selected]:
        return {
            "id": lambda adapter: self._of_target(adapter, F("scim_id")),
            "display": lambda adapter: self._of_target(adapter, adapter.sibling(self.to).display()),
            "pending": self.pending_column.path,
        }

    def _of_target(self, adapter: "ResourceAdapter", expression: Any) -> Subquery:
        links = adapter.sibling(self.to).queryset().filter(target=OuterRef(self.orm_path))
        return Subquery(links.values_list(expression)[:1])

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        id_at, display_at, pending_at = at["id"], at["display"], at["pending"]
        names = {sub.name for sub in wanted.sub_attributes}
        to = self.to

        def read(row: Any, page: Any) -> dict[str, Any]:
            scim_id = row[id_at]
            if scim_id is None:
                data = {"value": row[pending_at]}
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

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        if isinstance(term, ValueFilter):
            inner = term.term
        else:
            inner = term
            if term.op == "ne":  # single-valued: the opposite of eq
                return self.where(type(term)(term.path, "eq", term.value), adapter, not negated)
        target = adapter.sibling(self.to)
        columns: dict[str, Comparable] = {
            "value": (own_id := Column("scim_id", case_exact=True, exact_storage=True)),
            "$ref": Locator(own_id),
            "displayName": target.display_column(),
        }
        if not isinstance(term, ValueFilter) and term.path.sub is None:
            found = target.queryset()
        else:
            found = target.queryset().filter(translate_element(inner, columns))
        q = Q(**{f"{self.orm_path}__in": found.values("target")})
        if (pending := self._where_pending(term)) is not None:
            q |= pending
        return ~q if negated else q

    def _where_pending(self, term: Any) -> Q | None:
        if isinstance(term, ValueFilter):
            return None
        sub = term.path.sub
        if sub is None or sub.name == "value":
            return self.pending_column.test(term.op, term.value)
        return None

    def order(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        if path.sub is not None and path.sub.name == "displayName":
            return self._of_target(adapter, adapter.sibling(self.to).display_column().order())
        return self._of_target(adapter, F("scim_id"))

    # Writing

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        if operation.path.sub is not None and operation.path.sub.name not in ("value", "$ref"):
            return  # displayName is the target's own
        named = None if operation.op == "remove" else self._named(operation)
        if named is None:
            self._point(draft, None, "")
            return
        targets = draft.adapter.sibling(self.to).queryset()
        link = targets.filter(Q(scim_id=named)).first() or (
            targets.filter(external_id=named).order_by("pk").first()
        )
        if link is not None:
            self._point(draft, link.target_id, "")
            return
        if not draft.tolerances.permit(Tolerance.PENDING_REFERENCE):
            raise InvalidValue(f"{self.path}: there is no {self.to} {named!r}")
        limit = self.pending_field.max_length
        if limit and len(named) > limit:
            raise InvalidValue(f"{self.path}.value: is longer than {limit} characters")
        self._point(draft, None, named)

    @staticmethod
    def _named(operation: "Operation") -> str | None:
        value = operation.value
        if isinstance(value, dict):
            value = value.get("value") or value.get("$ref", "").rstrip("/").rpartition("/")[2]
        elif operation.path.sub is not None and operation.path.sub.name == "$ref":
            value = value.rstrip("/").rpartition("/")[2]
        return value or None

    def _point(self, draft: "Draft", target_key: Any, pending: str) -> None:
        targets = draft.adapter.sibling(self.to).queryset()

        def show(key: Any) -> str | None:
            """The target's SCIM id: its primary key is the site's own affair."""
            ids = targets.filter(target=key).values_list("scim_id", flat=True)
            return None if key is None else ids.first()

        draft.set(self.hops, self.field, target_key, str(self.path), show)
        draft.set(("link",), self.pending_field, pending, str(self.path))

    def resolve_pending(self, draft: "Draft") -> None:
        """Point at the draft's object where others of its connection were waiting for it."""
        names = [name for name in (draft.link.scim_id, draft.link.external_id) if name]
        column = self.pending_column.path
        links = draft.adapter.queryset().filter(**{f"{column}__in": names})
        for waiting in links.select_related("target"):
            other = draft.adapter.draft(waiting)
            self._point(other, draft.target.pk, "")
            other.save()
