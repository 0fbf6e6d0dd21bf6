"""Which attribute a constraint of the database is about, after it rejected a write."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import DatabaseError, IntegrityError, connections, models, router
from django.db.models import F, Q, UniqueConstraint

from ...protocol.errors import InvalidValue, ScimError, Uniqueness

#: The messages of SQLite, and those of MariaDB and MySQL by their number.
SQLITE = re.compile(
    r"(?P<kind>UNIQUE|CHECK|NOT NULL) constraint failed: (?:index '(?P<index>.+)'|(?P<names>.+))"
)
MYSQL = {
    1062: ("unique", re.compile(r"for key '(?:[^'.]+\.)?(?P<name>[^']+)'$")),
    1048: ("required", re.compile(r"Column '(?P<column>[^']+)'")),
    1364: ("required", re.compile(r"Field '(?P<column>[^']+)'")),
    4025: ("check", re.compile(r"CONSTRAINT `(?:[^`]+\.)?(?P<name>[^`]+)` failed")),
    3819: ("check", re.compile(r"Check constraint '(?P<name>[^']+)'")),
}
POSTGRESQL = {"23505": "unique", "23514": "check", "23502": "required", "23P01": "unique"}
KINDS = {"UNIQUE": "unique", "CHECK": "check", "NOT NULL": "required"}


class Violation(NamedTuple):
    """A violated constraint as the database reports it: kind, name or columns, and table."""

    kind: str
    name: str = ""
    table: str = ""
    columns: frozenset[str] = frozenset()


def violation_of(error: IntegrityError) -> Violation | None:
    """Return the constraint that a write violated, or None for errors of other kinds."""
    cause: Any = error.__cause__ or error
    number = cause.args[0] if cause.args else None
    state = getattr(cause, "sqlstate", None)
    if state and not isinstance(number, int):
        if state not in POSTGRESQL:
            return None
        given = cause.diag
        key = re.search(r"\((.*)\)=\(", given.message_detail or "")
        columns = set(re.findall(r"\w+", key[1])) if key else set()
        columns |= {given.column_name} - {None}
        name, table = given.constraint_name or "", given.table_name or ""
        return Violation(POSTGRESQL[state], name, table, frozenset(columns))
    if isinstance(number, int) and number in MYSQL:
        kind, pattern = MYSQL[number]
        found = pattern.search(str(cause.args[1]))
        named = found.groupdict() if found else {}
        columns = {named["column"]} if "column" in named else set()
        return Violation(kind, named.get("name", ""), "", frozenset(columns))
    if found := SQLITE.match(str(cause)):
        kind = KINDS[found["kind"]]
        if found["index"] or kind == "check":
            return Violation(kind, found["index"] or found["names"])
        parts = [each.partition(".") for each in found["names"].split(", ")]
        columns = {column for _, _, column in parts}
        return Violation(kind, "", parts[0][0], frozenset(columns))
    return None


def refusal(error: IntegrityError, adapters: Iterable[Any]) -> ScimError | None:
    """Return the error for a write that a constraint of a resource's tables rejected.

    A uniqueness is a 409, any other constraint a 400; both name the attributes behind the
    constraint's columns. Return None for any other constraint, such as one of a table that only
    the site knows.
    """
    violation = violation_of(error)
    if violation is None:
        return None
    adapters = list(adapters)
    tables = {field.model for each in adapters for field in _columns(each)}
    tables |= {model for each in adapters for model in (each.model, each.link)}
    found = _fields(violation, tables)
    if found is None:
        return None
    fields, constraint = found
    names = _attributes(fields, adapters) or [
        f"{field.model._meta.label_lower}.{field.name}" for field in fields
    ]
    where = ", ".join(names) or f"the constraint {violation.name!r} of this site"
    message = _message(constraint)
    if violation.kind == "required":
        return InvalidValue(f"{where}: is required by this site")
    if violation.kind == "unique":
        return Uniqueness(f"{where}: {message or 'another object has this value'}")
    rule = f"the constraint {violation.name!r} of this site does not allow this value"
    return InvalidValue(f"{where}: {message or rule}")


def _message(constraint: Any) -> str:
    """Return the message that the site gave a constraint, "" if it has Django's."""
    default = models.BaseConstraint.default_violation_error_message
    if constraint is None or constraint.violation_error_message == default:
        return ""
    return str(constraint.get_violation_error_message())


def _columns(adapter: Any) -> Iterator[Any]:
    for mapping in adapter.examine_declaration().mappings:
        for _relations, field in mapping.written_columns():
            yield field


def _attributes(fields: list[Any], adapters: list[Any]) -> list[str]:
    names = [
        str(mapping.path)
        for adapter in adapters
        for mapping in adapter.examine_declaration().mappings
        if any(field in fields for _, field in mapping.written_columns())
    ]
    return list(dict.fromkeys(names))


def _fields(violation: Violation, tables: set[Any]) -> tuple[list[Any], Any] | None:
    """Return the fields of a violated constraint, and the constraint if a model declares it."""
    for model in apps.get_models(include_auto_created=True):
        for constraint in model._meta.constraints:
            if violation.name and constraint.name == violation.name:
                return (_of(model, _names(constraint)), constraint) if model in tables else None
    for model in tables:
        if violation.table and model._meta.db_table != violation.table:
            continue
        columns = violation.columns or _stored_columns(model, violation.name)
        if columns:
            wanted = [each for each in model._meta.local_concrete_fields if each.column in columns]
            if wanted:
                return wanted, None
    return None


def _of(model: Any, names: set[str]) -> list[Any]:
    return [each for each in model._meta.concrete_fields if {each.name, each.attname} & names]


def _names(constraint: Any) -> set[str]:
    """Return the names of the fields that a constraint of a model is about."""
    if isinstance(constraint, UniqueConstraint):
        expressions: Any = constraint.expressions
        parts = [part for each in expressions for part in each.flatten()]
        return {*constraint.fields, *(_name(part) for part in parts if isinstance(part, F))}
    return set(_conditions(getattr(constraint, "condition", None)))


def _name(reference: Any) -> str:
    return str(reference.name)


def _conditions(condition: Any) -> Iterator[Any]:
    """Yield the names of the fields in the condition of a check."""
    if isinstance(condition, Q):
        for each in condition.children:
            if isinstance(each, tuple):
                yield each[0].partition("__")[0]
                yield from _conditions(each[1])
            else:
                yield from _conditions(each)
    elif isinstance(condition, F):
        yield _name(condition)
    elif hasattr(condition, "get_source_expressions"):
        for each in condition.get_source_expressions():
            yield from _conditions(each)


def _stored_columns(model: Any, name: str) -> frozenset[str]:
    """Return the columns of a table's constraint or index, by its name in the database."""
    connection = connections[router.db_for_write(model)]
    try:
        with connection.cursor() as cursor:
            stored: Any = connection.introspection.get_constraints(cursor, model._meta.db_table)
    except DatabaseError:
        return frozenset()
    columns = stored.get(name, {}).get("columns", ())
    return frozenset(each for each in columns if each)
