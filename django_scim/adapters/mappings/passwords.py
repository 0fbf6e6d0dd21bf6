"""Passwords from a client: hashed before the transaction, never shown, never kept in the clear."""

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from ...models import Connection
from ...protocol.errors import InvalidValue, Mutability
from .computed import Ignored

if TYPE_CHECKING:
    from ...protocol.messages.patch import Operation
    from ..writing.unit_of_work import UnitOfWork

SET, UNSET = "(set)", None
"""What an event says of a password."""


class Hashed:
    """A password as the site's hasher makes it; nobody can see the text itself.

    With a pool it is made there, while the caller goes on.
    """

    def __init__(self, password: str, pool: Executor | None = None) -> None:
        self._made: Future[str] = (pool or _AtOnce()).submit(make_password, password)

    @property
    def encoded(self) -> str:
        """The hash; waits for it where it is not there yet."""
        return self._made.result()

    def wait(self) -> None:
        """Wait until the hash is there."""
        self._made.result()


class _AtOnce(Executor):
    def submit(self, made: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(made(*args, **kwargs))
        return future


def hashed(password: str, user: Any, pool: Executor | None = None) -> Hashed:
    """Return the hash of a password that the site's validators accept for a user.

    It is composed (NFC) before, as a keyboard gives it. No blank is mapped: RFC 8265 would, but the
    site's own login compares what was typed. Hashing takes long, and so belongs outside of
    transactions and row locks. Raises InvalidValue.
    """
    password = normalize("NFC", password)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidValue(f"password: {' '.join(error.messages)}") from None
    return Hashed(password, pool)


def await_hashes(values: Iterable[Any]) -> None:
    """Wait until every password among values is hashed, while no row is locked yet."""
    for value in values:
        if isinstance(value, Hashed):
            value.wait()


class Password(Ignored):
    """The account's password: ignored, unless the connection accepts passwords.

    To take a password away leaves one that does not work.
    """

    def stage(self, unit: "UnitOfWork", operation: "Operation") -> None:
        if unit.adapter.connection.passwords != Connection.Passwords.ACCEPT:
            super().stage(unit, operation)
            return
        if unit.link.unconfirmed:
            raise Mutability("password: is locked until an admin confirms the link")
        if operation.op == "remove":
            encoded = make_password(None)
        elif isinstance(operation.value, Hashed):
            encoded = operation.value.encoded
        else:
            raise TypeError("a password reaches its mapping hashed")
        field = type(unit.target)._meta.get_field("password")
        unit.set((), field, encoded, "")
        unit.note(str(self.path), UNSET, SET)
