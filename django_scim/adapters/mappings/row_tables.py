"""Tables with a row for each value of a multi-valued attribute.

A table either belongs to the site, or it is this app's table, which several attributes share.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models, router

from ...models import FoldedField, UserValue
from ...query.compiled import CompiledQueries, Values, in_batches, padded
from ..interfaces import Adapter
from ..model_paths import ForbiddenColumn, MappingError, empty
from .base import RelatedLoader

StoredRow = tuple[Any, bool, tuple[Any, ...]]
"""The primary key of a row, whether it is the mirrored row, and its columns."""


class RowTable(RelatedLoader):
    """A table of values, loaded for a page of objects in one statement.

    ``owner`` is its foreign key to the object, ``columns`` contains the column of each
    sub-attribute, ``keys`` the columns of folded keys. A ``shared`` table contains the values of
    several attributes, with the attribute's name in the column ``attribute``.
    """

    def __init__(
        self,
        model: type[models.Model],
        owner: str,
        columns: dict[str, str],
        keys: dict[str, str],
        *,
        shared: bool = False,
    ) -> None:
        self.model, self.owner, self.shared = model, owner, shared
        self.columns, self.keys = columns, keys
        self.fields: dict[str, Any] = {
            sub: model._meta.get_field(name) for sub, name in columns.items()
        }
        #: The column's value for an absent sub-attribute, unless a default is called each time.
        self._blanks = {
            sub: None if field.null else empty(field)
            for sub, field in self.fields.items()
            if field.null or not (field.has_default() and callable(field.default))
        }
        extra = ["attribute", "mirrored"] if shared else []
        self._queries = CompiledQueries()
        self._selected = [f"{owner}_id", "pk", *columns.values(), *extra]

    def rows(self, name: str) -> models.QuerySet[Any]:
        """Return the rows of one attribute."""
        rows = self.model._base_manager.all()
        return rows.filter(attribute=name) if self.shared else rows

    def load(
        self, keys: list[Any], names: list[str], adapter: Adapter
    ) -> dict[tuple[Any, str], list[StoredRow]]:
        def build(values: Values) -> Any:
            owners = {f"{self.owner}__in": values["keys"]}
            rows = self.model._base_manager.filter(**owners).order_by("pk")
            if self.shared:
                rows = rows.filter(attribute__in=names)
            return rows.values_list(*self._selected)

        by_key: dict[tuple[Any, str], list[StoredRow]] = {}
        end, using = 2 + len(self.columns), router.db_for_read(self.model)
        fields = {"keys": self.model._meta.get_field(self.owner)}
        for batch in in_batches(keys):
            values = {"keys": padded(batch)}
            for row in self._queries.rows(tuple(names), using, build, fields, values):
                name, mirrored = row[end:] if self.shared else (names[0], False)
                by_key.setdefault((row[0], name), []).append((row[1], mirrored, tuple(row[2:end])))
        return by_key

    def new(self, owner: Any, name: str, values: dict[str, Any]) -> Any:
        """Return the unsaved row of one value.

        ``values`` contains values of columns, by sub-attribute; all other columns are empty.
        """
        columns = {}
        for sub, column in self.columns.items():
            if sub in values:
                columns[column] = values[sub]
            else:
                blank = sub in self._blanks
                columns[column] = self._blanks[sub] if blank else empty(self.fields[sub])
        if self.shared:
            columns["attribute"] = name
        return self.model(**{self.owner: owner}, **columns)


class OwnTable:
    """A table of the site with a foreign key to the object."""

    def __init__(self, relation: str, columns: dict[str, str], keys: dict[str, str]) -> None:
        self.relation, self.columns, self.keys = relation, columns, keys
        self.name = self.mirror = ""

    def resolve(self, adapter: type[Adapter], subs: set[str]) -> RowTable:
        """Return the table for these sub-attributes.

        Raise FieldDoesNotExist if the relation or a column does not exist, MappingError if the
        table cannot store the values.
        """
        table = self._table(adapter)
        if unknown := subs - set(self.columns):
            raise MappingError(f"name a column for {', '.join(sorted(unknown))}")
        if spare := set(self.columns) - subs:
            raise MappingError(f"it has no sub-attribute {', '.join(sorted(spare))}")
        for name, column in self.keys.items():
            key = table.model._meta.get_field(column)
            if not isinstance(key, FoldedField):
                raise MappingError(f"keys: {column!r} of {name} must be a FoldedField")
            if key.source != self.columns.get(name):
                raise MappingError(
                    f"keys: {column!r} is not the folded key of {name}; its source is "
                    f"{key.source!r}"
                )
        owner: Any = table.model._meta.get_field(table.owner)
        if not owner.target_field.primary_key:
            raise MappingError(f"{owner.name!r} must refer to the primary key, without to_field")
        if any(field.primary_key for field in table.fields.values()):
            raise ForbiddenColumn("clients must not write the primary key of a row")
        return table

    def _table(self, adapter: type[Adapter]) -> RowTable:
        for candidate in adapter.model._meta.related_objects:
            if candidate.get_accessor_name() == self.relation and candidate.one_to_many:
                model, owner = candidate.related_model, candidate.field.name
                return RowTable(model, owner, dict(self.columns), self.keys)
        raise FieldDoesNotExist(
            f"{adapter.model.__name__} has no relation {self.relation!r} to rows; it must be the "
            f"reverse of a foreign key"
        )


class UserValueTable:
    """This app's table of values, for one attribute: ``phoneNumbers``."""

    def __init__(self, name: str, mirror: str = "") -> None:
        self.name, self.mirror = name, mirror

    def resolve(self, adapter: type[Adapter], subs: set[str]) -> RowTable:
        """Return the table.

        Raise MappingError if the objects are not users, or if it has no column for a
        sub-attribute.
        """
        if not issubclass(adapter.model, get_user_model()):
            raise MappingError("Values only stores values of users; use Rows")
        if unknown := subs - set(USER_VALUES.columns):
            raise MappingError(
                f"Values has no column for {', '.join(sorted(unknown))}; use Rows or Json"
            )
        return USER_VALUES


USER_VALUES = RowTable(
    UserValue,
    "user",
    {
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
    },
    {"value": "key"},
    shared=True,
)
