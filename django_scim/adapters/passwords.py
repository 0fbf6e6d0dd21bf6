"""Passwords from a client: hashed before the transaction, never shown, never kept in the clear."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from ..models import Connection
from ..protocol.errors import InvalidValue, Mutability
from .fixed import Ignored

if TYPE_CHECKING:
    from ..protocol.patch import Operation
    from .draft import Draft

SET, UNSET = "(set)", None
"""What an event says of a password."""


@dataclass(frozen=True, repr=False)
class Hashed:
    """A password as the site's hasher made it; the text itself is gone."""

    encoded: str


def hashed(password: str, user: Any) -> Hashed:
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
    return Hashed(make_password(password))


class Password(Ignored):
    """The account's password: ignored, unless the connection accepts passwords.

    To take a password away leaves one that does not work.
    """

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        if draft.adapter.connection.passwords != Connection.Passwords.ACCEPT:
            super().stage(draft, operation)
            return
        if draft.link.unconfirmed:
            raise Mutability("password: is locked until an admin confirms the link")
        if operation.op == "remove":
            encoded = make_password(None)
        elif isinstance(operation.value, Hashed):
            encoded = operation.value.encoded
        else:
            raise TypeError("a password reaches its mapping hashed")
        field = type(draft.target)._meta.get_field("password")
        draft.set((), field, encoded, "")
        draft.note(str(self.path), UNSET, SET)
