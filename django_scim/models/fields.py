"""Text columns that compare by code point, and folded keys for case-insensitive look-ups.

Both behave the same on every database.
"""

import hashlib
import uuid
from typing import Any

from django.db import models

from ..protocol.values import fold

KEY_LENGTH = 190  # with utf8mb4, MariaDB can still index the key together with another column
#: The part of a key that is taken from the text, even if the rest of the key is a digest.
PREFIX_LENGTH = KEY_LENGTH - 64
#: Ids of this app are UUIDs. Those of another SCIM server, from which a site moved, can be longer.
SCIM_ID_LENGTH = 254


def fold_key(text: str) -> str:
    """Return the folded form of ``text``, at most KEY_LENGTH characters long.

    A longer form is truncated and gets a digest as suffix. One character can fold to eighteen, and
    a key that does not fit its column would make the site's own save fail.
    """
    folded = fold(text)
    if len(folded) <= KEY_LENGTH:
        return folded
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()
    return folded[:PREFIX_LENGTH] + digest


class ExactCharField(models.CharField):
    """A CharField that compares by code point, regardless of the database's default collation.

    MariaDB's default collation ignores case, accents and trailing spaces; PostgreSQL's sorts by
    locale.
    """

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Return the public path of the class, so that migrations survive a move of the module."""
        name, _, args, kwargs = super().deconstruct()
        return name, f"django_scim.models.{type(self).__name__}", args, kwargs

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        elif connection.vendor == "mysql":
            parameters["collation"] = (
                "utf8mb4_nopad_bin" if connection.mysql_is_mariadb else "utf8mb4_0900_bin"
            )
        return parameters


class ScimIdField(ExactCharField):
    """The id of a SCIM resource, never reused for another resource.

    It is a random UUID as text, or the id that the resource had at another server.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fixed = {"max_length": SCIM_ID_LENGTH, "unique": True, "default": _new_id}
        super().__init__(*args, **(kwargs | fixed))

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "unique", "default"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs


def _new_id() -> str:
    return str(uuid.uuid4())


class FoldedField(ExactCharField):
    """The folded key of the field named by ``source``, updated whenever the model is saved.

    The key is NULL if the source is empty, so that the field can have a unique constraint.
    ``unless`` names a boolean column; if that is true, the value is stored in another table and
    saving leaves the key unchanged.
    """

    def __init__(self, *args: Any, source: str = "", unless: str = "", **kwargs: Any) -> None:
        self.source, self.unless = source, unless
        kwargs.setdefault("max_length", KEY_LENGTH)
        kwargs.setdefault("null", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self.source:
            kwargs["source"] = self.source
        if self.unless:
            kwargs["unless"] = self.unless
        return name, path, args, kwargs

    def pre_save(self, instance: models.Model, add: bool) -> Any:
        text = getattr(instance, self.source) if self.source else ""
        if text or (self.source and not (self.unless and getattr(instance, self.unless))):
            setattr(instance, self.attname, fold_key(text) if text else None)
        return getattr(instance, self.attname)
