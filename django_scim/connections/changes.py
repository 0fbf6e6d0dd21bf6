"""Change the settings of a connection."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..argument_validation import require
from ..audit.administration import Actor, Description
from ..conf import settings
from ..models import Connection
from ..transactions import writing
from .events import record_for
from .scope import set_scope

#: The settings of a connection that ``change`` takes.
OPTIONS = (
    "profile",
    "scope",
    "adoption",
    "deletion",
    "passwords",
    "keeps_passwords",
    "networks",
    "guard_count",
    "guard_percent",
    "log_reads",
    "oauth_client_id",
)


def change(connection: Connection, *, actor: Actor | None = None, **options: Any) -> list[str]:
    """Change settings of a connection, such as ``profile="entra"``. Return those that differ now.

    ``options`` are the names in OPTIONS. A new scope links or withdraws accounts, as ``set_scope``
    does. Raises ValidationError for an unknown option and for an invalid value; then nothing is
    changed.
    """
    if unknown := sorted(set(options) - set(OPTIONS)):
        text = _("%(names)s: choose from %(options)s.")
        params = {"names": ", ".join(unknown), "options": ", ".join(OPTIONS)}
        raise ValidationError(text % params)
    if options.get("adoption", "none") not in (policies := ("none", *settings.ADOPTION_POLICIES)):
        text = _("Choose one of: %(policies)s.") % {"policies": ", ".join(policies)}
        raise ValidationError({"adoption": text})
    with writing():
        require(connection, Connection)
        stored = Connection.objects.get(pk=connection.pk)
        for name, value in options.items():
            field: Any = Connection._meta.get_field(name)
            try:
                setattr(connection, name, field.to_python(value))
            except ValidationError as error:
                raise ValidationError({name: error.messages}) from None
        connection.full_clean()
        changes = [
            {"path": name, "old": getattr(stored, name), "new": getattr(connection, name)}
            for name in options
            if getattr(stored, name) != getattr(connection, name)
        ]
        scope, connection.scope = connection.scope, stored.scope
        if others := [each for each in changes if each["path"] != "scope"]:
            connection.save(update_fields=[each["path"] for each in others])
            record_for(actor, connection, Description.CHANGED, changes=others)
    if scope != stored.scope:
        set_scope(connection, scope, actor=actor)
    return [each["path"] for each in changes]
