"""Create connections."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..adapters import linking
from ..adapters.accounts import usernames
from ..audit.administration import Actor, Description
from ..conf import settings
from ..models import Connection
from ..primary import on_primary
from ..transactions import writing
from .events import record_for
from .tenants import assign_tenant


@on_primary()
def create(
    name: str,
    *,
    profile: str = "default",
    scope: str = "own",
    tenant: Any = None,
    progress: Callable[[int], None] | None = None,
    actor: Actor | None = None,
    **options: Any,
) -> Connection:
    """Create a connection and prepare the site's users for it (see ``prepare``).

    ``tenant`` is the object of the site that owns the connection; ``options`` are further fields
    of Connection. ``progress`` is called with the number of users linked so far.

    Raise ValidationError for an unknown option, an invalid value, a name that is taken, and a
    tenant that is not stored.
    """
    given = {"profile": profile, "scope": scope, **options}
    fields = {field.name for field in Connection._meta.concrete_fields if field.editable} - {"id"}
    if unknown := sorted(set(given) - fields):
        raise ValidationError(
            ngettext(
                "%(names)s is not an option of a connection.",
                "%(names)s are not options of a connection.",
                len(unknown),
            ),
            params={"names": ", ".join(unknown)},
        )
    connection = Connection(name=name, **given)
    if tenant is not None:
        assign_tenant(connection, tenant)
        connection.refuse_site_scope_of_tenant()
    policies = ("none", *settings.ADOPTION_POLICIES)
    if connection.adoption not in policies:
        message = _("Choose one of: %(policies)s.") % {"policies": ", ".join(policies)}
        raise ValidationError({"adoption": message})
    connection.full_clean()
    with writing():
        connection.save()
        changes = [{"path": key, "old": None, "new": getattr(connection, key)} for key in given]
        changes += [] if tenant is None else [{"path": "tenant", "old": None, "new": str(tenant)}]
        record_for(actor, connection, Description.CREATED, changes=changes)
    prepare(connection, progress, actor)
    return connection


@on_primary()
def prepare(
    connection: Connection,
    progress: Callable[[int], None] | None = None,
    actor: Actor | None = None,
) -> None:
    """Add the missing folded keys of all users and, for scope ``site``, the missing links.

    Can be repeated at any time. If an ``actor`` is given, each batch of links has an event.
    """
    usernames.add_missing_keys(get_user_model()._default_manager.all())
    if connection.scope == Connection.Scope.SITE:

        def record_batch(linked: int) -> None:
            record_for(actor, connection, f"{Description.SCOPE_LINKED} ({linked:,})")

        linking.link_site(connection, progress, record_batch)
