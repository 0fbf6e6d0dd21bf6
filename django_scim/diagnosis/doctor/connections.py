"""Examine connections: their tokens, activity, settings and pending confirmations."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Max
from django.utils import timezone

from ...adapters.accounts.credentials import credential_models, end_credentials
from ...adapters.registry import AUDIT_SCOPES
from ...adapters.registry import scopes as resource_scopes
from ...conf import settings
from ...models import Connection, Guard, Token, UserLink
from .findings import Finding, Options, examination, found

SOON = timedelta(days=14)
#: A new connection may wait this long for its first request.
FIRST_REQUEST = timedelta(days=1)


@examination
def tokens(options: Options) -> Iterator[Finding]:
    """Find tokens that expire soon or are not used, and scopes that do not exist."""
    now = timezone.now()
    usable = Token.objects.usable().select_related("connection").order_by("pk")
    current = usable.filter(connection__is_active=True, replaced_by=None)
    text = f"tokens expire within {SOON.days} days and have no successor: rotate them"
    yield from found("token-expiring", text, _named(current.filter(expires__lte=now + SOON)))
    old = now - options.unused_after
    unused = usable.filter(created__lte=old).exclude(last_used__gt=old)
    text = f"tokens work, but were not used for {options.unused_after.days} days: revoke them"
    yield from found("token-stale", text, _named(unused))
    known = {*resource_scopes(), *AUDIT_SCOPES, "me:read", "me:write"}
    wrong = [token for token in usable if not known.issuperset(token.scopes)]
    text = "tokens have scopes that do not exist on this site: issue new ones"
    yield from found("token-scope-unknown", text, _named(wrong))


def _named(rows: Any) -> list[str]:
    return [f"{token} ({token.connection})" for token in rows]


@examination
def activity(options: Options) -> Iterator[Finding]:
    """Find active connections without a token, without a request, and those that fell silent."""
    now = timezone.now()
    active = Connection.objects.filter(is_active=True).annotate(used=Max("tokens__last_used"))
    usable = set(Token.objects.usable().values_list("connection", flat=True))
    lacking, unused, silent = [], [], []
    for connection in active.order_by("name"):
        if connection.pk not in usable and not connection.oauth_client_id:
            lacking.append(connection)
        elif connection.used is None:
            if connection.created < now - FIRST_REQUEST and not connection.oauth_client_id:
                unused.append(connection)
        elif connection.used < now - options.silent_after:
            silent.append(f"{connection} (last request {connection.used:%Y-%m-%d %H:%M} UTC)")
    text = "connections are active, but have no usable token: issue one, or pause them"
    yield from found("no-token", text, lacking)
    text = "connections never had a request: paste base URL and token into the identity provider"
    yield from found("never-used", text, unused)
    text = "connections fell silent: look at the provisioning page of the identity provider"
    yield from found("silent", text, silent)


@examination
def settings_of_connections(options: Options) -> Iterator[Finding]:
    """Find connections with a setting that cannot work."""
    policies = ("none", *settings.ADOPTION_POLICIES)
    unknown, tenantless, networks = [], [], []
    for connection in Connection.objects.order_by("name"):
        if connection.adoption not in policies:
            unknown.append(f"{connection} ({connection.adoption})")
        if connection.tenant_is_gone():
            tenantless.append(connection)
        if not all(map(_is_network, connection.networks.split())):
            networks.append(connection)
    text = "the adoption policy of connections is not in ADOPTION_POLICIES: choose another"
    yield from found("adoption-unknown", text, unknown)
    text = "the tenant of connections no longer exists, and requests get 403: close them"
    yield from found("tenant-gone", text, tenantless)
    text = "connections have networks that cannot be parsed: correct them in the admin"
    yield from found("networks-invalid", text, networks)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


@examination
def waiting(options: Options) -> Iterator[Finding]:
    """Find accounts and connections that wait for an action of an admin."""
    links = UserLink.objects.filter(unconfirmed=True, target__isnull=False)
    text = "adopted accounts wait to be confirmed: confirm or unassign them"
    yield from found("unconfirmed", text, (link.target for link in links.select_related("target")))
    now = timezone.now()
    stopped = Guard.objects.filter(tripped__isnull=False).exclude(overridden_until__gt=now)
    text = "the guard has stopped connections: override it, or correct the identity provider"
    guards = stopped.select_related("connection")
    yield from found("guard-tripped", text, (guard.connection for guard in guards))


@examination
def credentials(options: Options) -> Iterator[Finding]:
    """Find deactivated accounts whose tokens still exist, so that they would work again."""
    model = get_user_model()
    if not any(field.name == "is_active" for field in model._meta.fields):
        return
    left: dict[Any, Any] = {}
    linked = UserLink.objects.filter(target__is_active=False).values("target")
    for each in credential_models():
        for user in model._default_manager.filter(
            pk__in=each._base_manager.filter(user__in=linked).values("user")
        ):
            left[user.pk] = user
    users = list(left.values())
    text = "deactivated accounts still have API tokens, which would work after a reactivation"
    yield from found("credentials-left", text, users, partial(_end, users))


def _end(users: list[Any]) -> None:
    for user in users:
        end_credentials(user)
