"""Convert values between attributes and columns, depending on their types.

``conversion`` raises MappingError if the column's type does not fit the attribute's, since
information would be lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from ...protocol.attributes import Attribute
from ...protocol.errors import InvalidValue
from ...protocol.formats import format_datetime, parse_datetime
from ..model_paths import MappingError

Kind = Literal["text", "boolean", "plain", "opaque"]
Adjust = Callable[[str, Any], tuple[str, Any] | None]


def same(value: Any) -> Any:
    """Return the value unchanged."""
    return value


def unadjusted(op: str, value: Any) -> tuple[str, Any] | None:
    """Return a filter's comparison unchanged."""
    return op, value


@dataclass(frozen=True)
class Conversion:
    """The conversion of values read from a column and written to it.

    ``adjust`` converts a filter's comparison to a comparison with the column. It returns None if
    no value of the column can satisfy it.
    """

    kind: Kind
    read: Callable[[Any], Any] = same
    write: Callable[[Any], Any] = same
    adjust: Adjust = unadjusted


def kind_of(attribute: Attribute) -> Kind:
    """Return the way in which SQL compares the values of an attribute."""
    if attribute.type == "boolean":
        return "boolean"
    return "text" if attribute.is_text else "plain"


def as_json(attribute: Attribute, value: Any) -> Any:
    """Return a Python value as JSON of the attribute's type."""
    match value:
        case datetime():
            return format_datetime(value)
        case date():
            return format_datetime(_midnight(value))
        case Decimal():
            return float(value)
        case None | str() | bool():
            return value
    return str(value) if attribute.is_text else value


def from_json(attribute: Attribute, value: Any) -> Any:
    """Return the Python value for a value in the attribute's JSON, such as a datetime."""
    is_moment = attribute.type == "dateTime" and isinstance(value, str)
    return parse_datetime(value) if is_moment else value


def conversion(attribute: Attribute, field: Any) -> Conversion:
    """Return the conversion for an attribute and a Django field.

    Raise MappingError if the field cannot store the attribute's values.
    """
    if attribute.multi_valued or attribute.is_complex:
        form = "multi-valued" if attribute.multi_valued else "complex"
        raise MappingError(f"it is {form} and does not fit in one column; use Rows, Values or Json")
    if field.is_relation:
        raise MappingError(f"{field.name!r} is a relation; use Reference or Members")
    by_field = _TEXT if attribute.is_text else _BY_TYPE[attribute.type]
    for field_class, result in by_field.items():
        if isinstance(field, field_class):
            return result
    if attribute.is_text and isinstance(field, _OPAQUE):
        return Conversion("opaque", str, field.to_python, _opaque(field))
    raise MappingError(
        f"its type is {attribute.type}, which a {type(field).__name__} cannot store; use a column "
        f"of that type"
    )


def check_length(field: Any, text: str, path: str) -> None:
    """Raise InvalidValue if a text is longer than the column allows."""
    limit = field.max_length
    if limit and len(text) > limit:
        raise InvalidValue(f"{path}: is longer than {limit} characters")


def clean(field: Any, value: Any, path: str, *, by_type_only: bool = False) -> None:
    """Raise InvalidValue, with the site's message, if the field's rules do not allow a value.

    These are its choices, its length or range, and its validators. With ``by_type_only``, only the
    validators of the field's class run, such as those of EmailField.
    """
    if isinstance(value, str):
        check_length(field, value, path)
    try:
        if by_type_only:
            for validator in field.default_validators:
                validator(value)
            return
        if field.choices is not None and value is not None:
            field.validate(value, None)
        field.run_validators(value)
    except ValidationError as error:
        raise InvalidValue(f"{path}: {' '.join(error.messages)}") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(op: str, moment: datetime) -> tuple[str, Any] | None:
    """Return a comparison with a moment as one with a date, which counts as midnight in UTC."""
    day = moment.astimezone(UTC).date()
    if moment == _midnight(day):
        return op, day
    return {"gt": ("gt", day), "ge": ("gt", day), "lt": ("le", day), "le": ("le", day)}.get(op)


def _stored(moment: datetime) -> datetime:
    """Return a moment as Django stores it: without USE_TZ, in the site's time and without a zone.

    A moment at the end of Python's calendar, which the site's time does not have, is the last one
    that it has.
    """
    if settings.USE_TZ:
        return moment
    try:
        return timezone.make_naive(moment, timezone.get_default_timezone())
    except OverflowError:
        return datetime.max if moment.year > 1 else datetime.min


def _moment(op: str, moment: datetime) -> tuple[str, Any] | None:
    return op, _stored(moment)


def _decimal(op: str, value: Any) -> tuple[str, Any] | None:
    return op, Decimal(str(value))


def _opaque(field: Any) -> Adjust:
    """Return the function that adjusts comparisons with a column of a UUID, IP address or number.

    The attribute is a text, so the filter's value may be one that the column cannot contain.
    """

    def adjust(op: str, value: Any) -> tuple[str, Any] | None:
        try:
            return op, field.clean(value, None)
        except (ValidationError, ValueError, OverflowError):
            return None  # no row can have this value

    return adjust


_OPAQUE = (models.UUIDField, models.GenericIPAddressField, models.IntegerField)
_TEXT: dict[type[models.Field], Conversion] = {
    models.CharField: Conversion("text"),
    models.TextField: Conversion("text"),
}
_BY_TYPE: dict[str, dict[type[models.Field], Conversion]] = {
    "boolean": {models.BooleanField: Conversion("boolean")},
    "integer": {models.IntegerField: Conversion("plain")},
    "decimal": {
        models.DecimalField: Conversion("plain", float, lambda v: Decimal(str(v)), _decimal),
        models.FloatField: Conversion("plain", same, float),
    },
    "dateTime": {
        models.DateTimeField: Conversion("plain", format_datetime, _stored, _moment),
        models.DateField: Conversion(
            "plain",
            lambda day: format_datetime(_midnight(day)),
            lambda moment: moment.astimezone(UTC).date(),
            _day,
        ),
    },
}
