"""Passwords from clients: hashed before the transaction, never returned, never stored as text."""

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from typing import Any
from unicodedata import normalize

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from ...models import Connection
from ...protocol.errors import InvalidValue, Mutability
from ...protocol.messages.patch import Operation
from ..interfaces import Assigned
from ..mappings.computed import Ignored
from ..writing.unit_of_work import UnitOfWork
from .user_models import has

SET, UNSET = "(set)", None
"""The values that events contain instead of a password."""


class Hashed:
    """A password hashed by the site's hasher. The text itself is not stored.

    With a pool, the password is hashed in the background.
    """

    def __init__(self, password: str, pool: Executor | None = None) -> None:
        self._future: Future[str] = (pool or _Immediate()).submit(make_password, password)

    @property
    def encoded(self) -> str:
        """The hash. Waits until it is ready."""
        return self._future.result()

    def wait(self) -> None:
        """Wait until the hash is ready."""
        self._future.result()


class _Immediate(Executor):
    """An executor that runs each call immediately, in the caller's thread."""

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(call(*args, **kwargs))
        return future


def hashed(password: str, user: Any, pool: Executor | None = None) -> Hashed:
    """Validate and hash a password. Raise InvalidValue if the site's validators reject it.

    The text is normalised to NFC first, the form in which keyboards enter it. RFC 8265 would also
    map spaces, but Django's login does not. Hashing is slow, so call this outside of transactions
    and row locks.
    """
    password = normalize("NFC", password)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidValue(f"password: {' '.join(error.messages)}") from None
    return Hashed(password, pool)


def await_hashes(values: Iterable[Any]) -> None:
    """Wait until every password among the values is hashed. Call this before locking rows."""
    for value in values:
        if isinstance(value, Hashed):
            value.wait()


class Password(Ignored):
    """The account's password. It is ignored unless the connection accepts passwords.

    Removing the attribute sets an unusable password.
    """

    def prepare(self, adapter: Any, value: Any, scim_id: str, values: Assigned) -> Any:
        """Return the hashed password if the connection accepts passwords.

        Raise InvalidValue if the site's validators reject it.
        """
        if adapter.connection.passwords != Connection.Passwords.ACCEPT:
            return value
        user = adapter.model()
        if scim_id and (link := adapter.queryset().filter(scim_id=scim_id).first()):
            user = link.target
        if name := adapter.user_name(values):
            setattr(user, user.USERNAME_FIELD, name)
        return hashed(value, user, adapter.registry.pool)

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        if unit.adapter.connection.passwords != Connection.Passwords.ACCEPT:
            super().stage(unit, operation)
            return
        if unit.link.unconfirmed:
            raise Mutability(f"{self.full_name}: is locked until an admin confirms the link")
        if operation.op == "remove":
            encoded = make_password(None)
        elif isinstance(operation.value, Hashed):
            encoded = operation.value.encoded
        else:
            raise TypeError("a password must be hashed before it is staged")
        _set(unit, encoded)
        unit.note(self.full_name, UNSET, SET)
        unit.replace_cached(Hashed, encoded)


def has_new_password(unit: UnitOfWork) -> bool:
    """Return whether the unit of work sets or removes the password."""
    return unit.cached(Hashed, lambda: None) is not None


def close_password(unit: UnitOfWork) -> None:
    """Stage an unusable password. This also ends every session, since the hash changes."""
    user = unit.target
    if has(type(user), "password"):
        old = user.password
        user.set_unusable_password()
        unusable, user.password = user.password, old
        _set(unit, unusable)


def _set(unit: UnitOfWork, encoded: str) -> None:
    field: Any = type(unit.target)._meta.get_field("password")
    unit.set((), field, encoded, "")
