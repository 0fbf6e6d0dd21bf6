"""A user model with one column for the whole name of a person."""

from typing import Any

from django.db import models

from ...protocol.values import EMPTY
from ..behaviours import Behaviour
from ..mappings.base import Mapping
from ..mappings.columns import Field
from ..writing.unit_of_work import UnitOfWork
from .user_models import has

COLUMNS = ("name", "full_name", "fullname")


def full_name_column(model: Any) -> str:
    """Return the model's only column for names of people, "" if it has others or none."""
    if has(model, "first_name") or has(model, "last_name"):
        return ""
    for name in COLUMNS:
        if has(model, name) and name != model.USERNAME_FIELD:
            field = model._meta.get_field(name)
            if isinstance(field, models.CharField | models.TextField) and not field.unique:
                return name
    return ""


class FullName(Behaviour):
    """Fill the column from other names if the client does not send ``name.formatted``.

    Providers rarely send ``name.formatted``, but they send the parts of the name and
    ``displayName``.
    """

    SOURCES = ("name.givenName", "name.familyName", "displayName")

    def filled_columns(self, adapter: Any) -> set[str]:
        return {full_name_column(adapter.model)}

    def before_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        known = unit.adapter.declared.by_path
        sources = [each for each in self.SOURCES if each in known]
        if unit.changed(mapping.full_name) and unit.value(mapping.full_name) not in EMPTY:
            return
        if not any(unit.changed(each) for each in sources):
            return
        values = {each: str(unit.value(each) or "") for each in sources}
        parts = [values.get("name.givenName", ""), values.get("name.familyName", "")]
        name = " ".join(parts) if all(parts) else ""
        name = name or values.get("displayName", "") or "".join(parts)
        for relations, field in mapping.written_columns():
            unit.set(relations, field, name[: field.max_length], mapping.full_name)


def full_name_attributes(model: Any) -> dict[str, Mapping]:
    """Return the mapping of ``name.formatted``: to the model's column, or to this app's table."""
    return {"name.formatted": Field(full_name_column(model) or "scim_profile.formatted_name")}


def full_name_behaviours(model: Any) -> dict[str, Behaviour]:
    """Return the behaviour of ``name.formatted`` where the model has such a column."""
    return {"name.formatted": FullName()} if full_name_column(model) else {}
