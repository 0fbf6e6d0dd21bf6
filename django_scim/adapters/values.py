"""A multi-valued complex attribute kept one row a value."""

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, When

from ..models import UserValue, fold_key
from ..protocol.attributes import Attribute, AttributePath
from ..protocol.errors import InvalidValue
from ..protocol.filters import ValueFilter
from ..query import Column
from ..query.translate import translate_element
from .elements import Element, apply
from .fields import locate
from .mapping import Batch, Mapping, Reader, Selected

if TYPE_CHECKING:
    from ..protocol.patch import Operation
    from ..query.columns import Sortable
    from .base import ResourceAdapter
    from .draft import Draft


def _column(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


SUB_COLUMNS = {
    "value": "value",
    "display": "display",
    "type": "type",
    "primary": "primary",
    "formatted": "formatted",
    "streetAddress": "street_address",
    "locality": "locality",
    "region": "region",
    "postalCode": "postal_code",
    "country": "country",
}


class ValueTable(Batch):
    """The table of values, read for a page of owners in one statement."""

    def __init__(self, model: type[models.Model], owner: str, columns: dict[str, str]) -> None:
        self.model, self.owner, self.columns = model, owner, columns
        self._names = [f"{owner}_id", "attribute", "pk", "mirrored", *columns.values()]
        self._limits = {
            sub: field.max_length
            for sub, name in columns.items()
            if (field := _column(model, name)).max_length
        }

    def load(
        self, keys: list[Any], names: list[str], adapter: "ResourceAdapter"
    ) -> dict[tuple[Any, str], list[Any]]:
        rows = self.model._default_manager.filter(
            **{f"{self.owner}__in": keys, "attribute__in": names}
        ).order_by("pk")
        found: dict[tuple[Any, str], list[Any]] = {}
        for owner, attribute, key, mirrored, *columns in rows.values_list(*self._names):
            found.setdefault((owner, attribute), []).append((key, mirrored, columns))
        return found

    def data(self, columns: Iterable[Any]) -> dict[str, Any]:
        """Return a row's columns as sub-attributes; "" and NULL are absent."""
        return {
            sub: value
            for sub, value in zip(self.columns, columns, strict=True)
            if value is not None and value != ""
        }

    def check(self, data: dict[str, Any], path: str) -> None:
        """Raise InvalidValue for a sub-attribute longer than its column."""
        for sub, value in data.items():
            limit = self._limits.get(sub)
            if limit and len(value) > limit:
                raise InvalidValue(f"{path}.{sub}: is longer than {limit} characters")

    def row(self, owner: Any, attribute: str, data: dict[str, Any], mirrored: bool) -> models.Model:
        """Return the unsaved row of one value; a mirrored one leaves the value to its column."""
        values = {
            name: data.get(sub, None if sub == "primary" else "")
            for sub, name in self.columns.items()
        }
        row = self.model(**{self.owner: owner}, attribute=attribute, mirrored=mirrored, **values)
        if mirrored:
            row.value, row.key = "", fold_key(data["value"])  # type: ignore[attr-defined]
        return row


USER_VALUES = ValueTable(UserValue, "user", SUB_COLUMNS)


class Values(Mapping):
    """A list of values in this app's table, named by ``name``.

    ``mirror`` is a column of the object that holds the primary value, or else the first, such as
    ``email``. The value is then in that column alone, and what the site writes there shows.
    """

    batch: ValueTable = USER_VALUES

    def __init__(self, name: str, *, mirror: str = "") -> None:
        self.name, self.mirror = name, mirror

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        if self.mirror:
            _, self.mirror_field = locate(adapter, self.mirror)
        names = {sub.name for sub in self.attribute.sub_attributes}
        self.query_columns = {
            sub.name: self._query_column(sub)
            for sub in self.attribute.sub_attributes
            if sub.name in SUB_COLUMNS
        }
        unknown = names - set(SUB_COLUMNS)
        if unknown:
            raise ImproperlyConfigured(
                f"{adapter.__name__}: {self.path} has no column for {', '.join(sorted(unknown))}"
            )

    def _query_column(self, sub: Attribute) -> Column:
        path = SUB_COLUMNS[sub.name]
        if sub.type == "boolean":
            return Column(path, "boolean", absent_is_false=sub.name == "primary")
        if sub.name != "value":
            return Column(path, case_exact=sub.case_exact, nullable=False)
        source = None
        if self.mirror:
            source = Case(
                When(mirrored=True, then=F(f"{self.batch.owner}__{self.mirror}")),
                default=F(path),
                output_field=models.TextField(),
            )
        return Column(path, case_exact=sub.case_exact, key="key", nullable=False, source=source)

    # Reading

    def columns(self) -> dict[str, Selected]:
        mirror: dict[str, Selected] = {"mirror": f"target__{self.mirror}"} if self.mirror else {}
        return {"owner": "target_id", **mirror}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        owner, mirror = at["owner"], at.get("mirror")
        names = {sub.name for sub in wanted.sub_attributes}
        everything = len(names) == len(self.attribute.sub_attributes)
        table, name = self.batch, self.name

        def read(row: Any, page: Any) -> list[dict[str, Any]]:
            rows = page.rows(table, row[owner], name)
            found = self._read(rows, row[mirror] if mirror is not None else "")
            if everything:
                return [data for _, data in found]
            narrowed = ({k: v for k, v in data.items() if k in names} for _, data in found)
            return [data for data in narrowed if data]

        return read

    def _read(self, rows: Iterable[Any], mirrored_value: str) -> list[tuple[Any, dict[str, Any]]]:
        """Return (key, sub-attributes) of each value, the mirrored one filled in."""
        found, seen_mirror = [], False
        for key, mirrored, columns in rows:
            data = self.batch.data(columns)
            if mirrored:
                seen_mirror = True
                if not mirrored_value:
                    continue
                data = {"value": mirrored_value} | data
            if data:
                found.append((key, data))
        if mirrored_value and not seen_mirror:
            found.insert(0, (None, {"value": mirrored_value, "primary": True}))
        return found

    # Filtering and sorting

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        rows = self._rows()
        if isinstance(term, ValueFilter):
            return self._any(rows.filter(translate_element(term.term, self.query_columns)), negated)
        sub = term.path.sub
        if sub is None:  # the attribute as a whole is present
            return self._any(rows, negated)
        column = self.query_columns[sub.name]
        matching = self._any(rows.filter(column.test(term.op, term.value)), False)
        if term.op == "ne":
            matching |= self._any(rows, True)
        return ~matching if negated else matching

    def _rows(self) -> models.QuerySet[Any]:
        rows = self.batch.model._default_manager.filter(attribute=self.name)
        if self.mirror:
            rows = rows.exclude(**{"mirrored": True, f"{self.batch.owner}__{self.mirror}": ""})
        return rows

    def _any(self, rows: models.QuerySet[Any], negated: bool) -> Q:
        q = Q(target__in=rows.values(self.batch.owner))
        return ~q if negated else q

    def order(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        sub = path.sub or self.attribute.default_sub
        if sub is None:
            return super().order(path, adapter)
        column = self.query_columns[sub.name]
        rows = (
            self._rows()
            .filter(**{self.batch.owner: OuterRef("target")})
            .order_by(F("primary").desc(nulls_last=True), "pk")
        )
        return Subquery(rows.values_list(column.order())[:1])

    # Writing

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        elements = apply(draft.elements(self), operation, draft.tolerances)
        for element in elements:
            self.batch.check(element.data, str(self.path))
        draft.set_elements(self, elements)
        if self.mirror:
            chosen = self.mirrored(elements)
            value = chosen.data["value"] if chosen else ""
            limit = self.mirror_field.max_length
            if limit and len(value) > limit:
                raise InvalidValue(f"{self.path}.value: is longer than {limit} characters")
            draft.set((), self.mirror_field, value, "")

    def mirrored(self, elements: list[Element]) -> Element | None:
        """Return the value that the object's column holds: the primary one, or the first."""
        valued = [element for element in elements if element.data.get("value")]
        return next(
            (element for element in valued if element.data.get("primary") is True),
            valued[0] if valued else None,
        )

    def stored_elements(self, draft: "Draft") -> list[Element]:
        """Return the values that the database holds now."""
        if not draft.has_past:
            return []
        rows = draft.value_rows(self.batch).get((draft.target.pk, self.name), [])
        value = getattr(draft.target, self.mirror) if self.mirror else ""
        return [Element(data, key, dict(data)) for key, data in self._read(rows, value)]

    def save(self, draft: "Draft", old: list[Element], new: list[Element]) -> None:
        """Write the rows that differ."""
        chosen = self.mirrored(new) if self.mirror else None
        manager = self.batch.model._default_manager
        kept = {element.key for element in new}
        gone = [element.key for element in old if element.key and element.key not in kept]
        if gone:
            manager.filter(pk__in=gone).delete()
        stale, fresh = [], []
        for element in new:
            row = self.batch.row(draft.target, self.name, element.data, element is chosen)
            if element.key is None:
                fresh.append(row)
            elif self.mirror or element.data != element.original:
                row.pk = element.key
                stale.append(row)
        if stale:
            manager.bulk_update(stale, ["key", "mirrored", *self.batch.columns.values()])
        if fresh:
            manager.bulk_create(fresh)
