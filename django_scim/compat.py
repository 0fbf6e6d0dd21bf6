"""Every use of Django's undocumented API, each in one function.

``tests/test_compat.py`` calls each function on the installed Django, so that a release that
changes one of them fails there. Unless a function says otherwise, it is needed on every supported
version, Django 5.2 to 6.1.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Field, Model, QuerySet
from django.dispatch import Signal
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls.resolvers import RegexPattern


def receivers_of(signal: Signal, sender: type[Model]) -> list[Callable[..., Any]]:
    """Return the receivers, synchronous and asynchronous, that a signal calls for a sender.

    The public ``Signal.has_listeners`` only tells whether there are any.
    """
    synchronous, asynchronous = signal._live_receivers(sender)  # type: ignore[attr-defined]
    return [*synchronous, *asynchronous]


def replace_commit_hooks(
    alias: str, first: int, replacement: Callable[[Callable[[], Any]], Callable[[], Any]]
) -> None:
    """Replace the functions that wait for a commit, from the position ``first`` on.

    The public ``transaction.on_commit`` only adds functions. If a function of the site raised an
    exception, the functions after it would not run, and a committed change would look like a failed
    one.
    """
    waiting: Any = connections[alias].run_on_commit  # triples, unlike in the stubs
    waiting[first:] = [(ids, replacement(each), True) for ids, each, _robust in waiting[first:]]


def make_anonymous(request: Any) -> None:
    """Set the user of Django's request inside one of REST framework to the anonymous user.

    REST framework sets it to its own user, and has no public way to the request inside.
    """
    from django.contrib.auth.models import AnonymousUser

    request._request.user = AnonymousUser()


def mark_as_logged(response: HttpResponseBase) -> None:
    """Keep Django from logging a response with an error, because the cause is logged already."""
    response._has_been_logged = True  # type: ignore[attr-defined]


def is_read(request: HttpRequest) -> bool:
    """Return whether the body of a request has been read, at least in part.

    Then it can only be had from ``request.body``, which fails if the stream itself was read.
    """
    return bool(request._read_started)  # type: ignore[attr-defined]


def compile_sql(rows: QuerySet[Any]) -> tuple[str, Sequence[Any]]:
    """Return the SQL of a queryset and its parameters, without running it.

    Raise EmptyResultSet if no row can match. The public ``str(rows.query)`` puts the parameters
    into the text unquoted.
    """
    text, parameters = rows.query.get_compiler(rows.db).as_sql()
    return text, parameters


class CompiledSelect(NamedTuple):
    """A SELECT statement, with the functions that convert its columns to Python values."""

    sql: str
    parameters: Sequence[Any]
    #: Position of a column to its conversion functions and its expression.
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]


def compile_select(rows: QuerySet[Any]) -> CompiledSelect:
    """Return the statement of a queryset and the converters of its columns.

    Each converter takes the value from the database, the column's expression and the database
    connection.
    """
    compiler = rows.query.get_compiler(rows.db)
    text, parameters = compiler.as_sql()
    selected = [column for column, _sql, _alias in compiler.select]
    return CompiledSelect(text, parameters, compiler.get_converters(selected))


def annotation_field(rows: QuerySet[Any], name: str) -> "Field[Any, Any]":
    """Return the model field that describes the values of an annotation.

    An expression has the documented ``output_field``, but only after a query has resolved the
    names of the columns in it.
    """
    field: Field[Any, Any] = rows.query.annotations[name].output_field
    return field


class AnyCasePattern(RegexPattern):
    """A URL pattern for a route such as ``Users/<scim_id>``, matched without regard to case.

    A slash at the end is optional, and several slashes count as one. ``str(pattern)`` is the route
    itself, which is what generators of API documentation read. The expression uses one character
    class for each letter instead of a flag: ``reverse`` concatenates the expressions of nested
    URLconfs, and drops the contents of a group with flags. ``path`` and ``re_path`` offer neither.
    """

    def __init__(self, route: str) -> None:
        parts = re.split(r"<(\w+)>", route)
        expressions = (
            f"(?P<{part}>[^/]+)" if index % 2 else _in_any_case(part).replace("/", "/+")
            for index, part in enumerate(parts)
        )
        super().__init__(f"^[/]*{''.join(expressions)}/*$", is_endpoint=True)
        self.route = route

    def __str__(self) -> str:
        return self.route


def _in_any_case(text: str) -> str:
    def letter(found: re.Match[str]) -> str:
        return f"[{found[0]}{found[0].swapcase()}]"

    return re.sub("[A-Za-z]", letter, re.escape(text))
