"""displayName of an account: the stored one, else for the site's accounts the full name."""

from collections.abc import Mapping as Dict
from dataclasses import replace
from typing import Any

from django.db.models import Expression, F, Q, TextField, Value
from django.db.models.functions import Concat, Trim

from ...protocol.attributes import Attribute, AttributePath
from ...protocol.messages.patch import Operation
from ...protocol.projection import Projection
from ...protocol.values import EMPTY
from ...query import Column
from ...query.columns import Sortable, WithDefault
from ...query.text_functions import PlainText
from ..behaviours import Role
from ..interfaces import Adapter
from ..mappings.base import Reader, Selected
from ..mappings.columns import Field
from ..writing.unit_of_work import UnitOfWork


class DisplayName(Field):
    """The column of the display name, with a default for accounts that the site created.

    If nothing is stored, such an account shows the first of the adapter's ``full_names`` that it
    has, or its user name. The default is not stored, so that it changes with the name. RFC 7644
    section 3.3 allows defaults for attributes that the client leaves out. An account that the
    connection created has no default: it shows what the connection sent.
    """

    def shown_text(self, adapter: Adapter) -> Column | WithDefault:
        is_exact = self.attribute.case_exact
        texts = [replace(each, case_exact=is_exact) for each in _defaults(adapter)]
        if not texts:  # the site stores the names in other ways than as texts in columns
            stored: Column = self.query_column
            return stored
        last, *others = texts[::-1]
        default: Column | WithDefault = last
        for each in others:
            default = WithDefault(each, default)
        return WithDefault(self.query_column, default, flag="preexisting")

    def columns(self) -> dict[str, Selected]:
        return {"shown": self._select}

    def _select(self, adapter: Adapter) -> Expression | F:
        return self.shown_text(adapter).expression

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index = at["shown"]
        return lambda row, page: row[index]

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        return self.shown_text(adapter).test(term.op, term.value, negated)

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        return self.shown_text(adapter).order()

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        """Stage an operation. The default that a client has read and sends back is not stored."""
        if not self._repeats_default(unit, operation.value):
            super().stage(unit, operation)

    def _repeats_default(self, unit: UnitOfWork, value: Any) -> bool:
        """Return whether a value is the one that the resource shows without a stored value."""
        if unit.is_new or not unit.link.preexisting or unit.changed(self.full_name):
            return False
        if value in EMPTY or self.current(unit) not in EMPTY:
            return False
        adapter: Any = unit.adapter
        shown = adapter.get(unit.link.scim_id, Projection(frozenset({str(self.path)})))
        place = shown.get(self.path.schema, {}) if self.path.is_extension else shown
        return bool(place.get(self.path.attribute.name) == value)


def _defaults(adapter: Any) -> list[Column]:
    """Return the columns of the texts to show if nothing is stored: full names, the user name."""
    declared = adapter.declared
    names = [[declared.by_path.get(each) for each in text.split()] for text in adapter.full_names]
    names.append([declared.by_role.get(Role.SIGN_IN_NAME)])
    columns = [
        [each.text_column for each in alternative if each and each.text_column]
        for alternative in names
    ]
    return [_joined(each) for each in columns if each]


def _joined(columns: list[Column]) -> Column:
    """Return the column of the texts that are present, with a blank between them."""
    if len(columns) == 1:
        return columns[0]
    first, *others = (PlainText(each.expression) for each in columns)
    parts = (part for each in others for part in (Value(" "), each))
    return Column("", source=Trim(Concat(first, *parts, output_field=TextField())))
