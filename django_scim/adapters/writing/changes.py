"""Changes of one write: of an attribute, as events record it, and of a staged column."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from ...protocol.formats import format_datetime
from ...protocol.values import EMPTY


@dataclass(frozen=True)
class Change:
    """A changed attribute. For members, ``old`` are those removed and ``new`` those added."""

    path: str
    old: Any
    new: Any


@dataclass
class StagedColumn:
    """A staged column: its record, its old value, and the path of its attribute."""

    record: models.Model
    field: "models.Field[Any, Any]"
    old: Any
    path: str
    show: Callable[[Any], Any]

    @property
    def new(self) -> Any:
        return getattr(self.record, self.field.attname)


def recorded(values: list[Any]) -> Any:
    """Return, as JSON, the value of an attribute that one of several columns contains."""
    value = next((each for each in values if each not in EMPTY), None)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return format_datetime(value) if hasattr(value, "isoformat") else str(value)
