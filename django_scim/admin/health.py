"""The health of a connection: its last requests, its accounts, and where to enter its URL."""

from typing import Any, NamedTuple

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..adapters import adapter_classes
from ..api.http.network import public_base
from ..audit.explanations import sentence
from ..models import Connection, Event, UserLink
from .object_urls import change_url, may_view
from .status_badges import grouped

#: Instructions for entering the base URL and the token, by profile.
_WHERE = {
    "entra": gettext_lazy(
        "In Entra: Enterprise applications, your application, Provisioning. Enter the base URL as "
        "“Tenant URL” and the token as “Secret Token”, and press “Test Connection”."
    ),
    "okta": gettext_lazy(
        "In Okta: Applications, your application, Provisioning, Configure API Integration. Enter "
        "the base URL and the token, and press “Test API Credentials”. The unique identifier is "
        "userName."
    ),
    "keycloak": gettext_lazy(
        "In Keycloak: the settings of the SCIM plugin. Enter the base URL as the endpoint and the "
        "token as the bearer token."
    ),
    "ping": gettext_lazy(
        "In PingOne: Integrations, Provisioning, New Connection, SCIM Outbound. Enter the base URL "
        "as “SCIM BASE URL” and choose “OAuth 2 Bearer Token”."
    ),
}
_ELSEWHERE = gettext_lazy(
    "Enter the base URL and the token in the provisioning settings of the identity provider. "
    "Choose a bearer token in the HTTP header, not basic authentication."
)
#: The largest number of accounts or groups that is counted exactly.
MOST = 10_000


class LastEvent(NamedTuple):
    """The newest event of a kind: its sentence, its page, and how long ago it was."""

    text: str
    url: str
    age: str


def health_of(
    admin_site: AdminSite, request: HttpRequest, connection: Connection
) -> dict[str, Any]:
    """Return what the top of a connection's page shows, for the admin who looks at it."""
    tokens = connection.tokens.exclude(last_used=None).order_by("-last_used")
    seen = tokens.values_list("last_used", flat=True).first()
    found: dict[str, Any] = {
        "base_url": public_base(request.build_absolute_uri("/")),
        "where": _WHERE.get(connection.profile, _ELSEWHERE),
        "seen": seen and timesince(seen, depth=1),
        "counts": _counts(connection),
    }
    if may_view(admin_site, request, Event):
        events = Event.objects.filter(connection=connection)
        refused = events.filter(refused__isnull=False).order_by("-refused", "-pk")
        done = events.filter(outcome=Event.Outcome.SUCCESS).order_by("-created", "-pk")
        done = done.exclude(action=Event.Action.ADMINISTRATION)
        found |= {
            "failure": _last(admin_site, refused.first()),
            "success": _last(admin_site, done.first()),
        }
    return found


def _last(admin_site: AdminSite, event: Event | None) -> LastEvent | None:
    if event is None:
        return None
    url = change_url(admin_site, Event, event.pk)
    return LastEvent(sentence(event), url, timesince(event.created, depth=1))


def _counts(connection: Connection) -> list[str]:
    """Return how many objects of each resource type the connection has, and what waits."""
    texts, adapters = [], adapter_classes(connection).values()
    for model, link in ((adapter.model, adapter.link) for adapter in adapters):
        links: Any = link._default_manager.filter(connection=connection)
        count = links.filter(target__isnull=False).order_by()[: MOST + 1].count()
        opts = model._meta
        name = opts.verbose_name if count == 1 else opts.verbose_name_plural
        more = _("more than %(count)s") % {"count": grouped(MOST)}
        texts.append(f"{grouped(count) if count <= MOST else more} {name}")
    waiting = UserLink.objects.filter(connection=connection, unconfirmed=True)
    if count := waiting.filter(target__isnull=False)[:MOST].count():
        text = ngettext(
            "%(count)s waits for confirmation", "%(count)s wait for confirmation", count
        )
        texts.append(text % {"count": grouped(count)})
    return texts
