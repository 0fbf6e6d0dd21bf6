"""The SCIM section on the admin page of an account or group: who manages it, and its history."""

from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ...models import Connection, Event
from ..object_urls import change_url, may_view
from ..status_badges import State, formatted
from .managed import adapter_for, links_of, managed_columns


def may_see_links(admin_site: AdminSite, request: HttpRequest, model: type[Any]) -> bool:
    """Return whether an admin may see which connections have the objects of a model."""
    adapter = adapter_for(model)
    if adapter is None or not may_view(admin_site, request, Connection):
        return False
    return may_view(admin_site, request, adapter.link)


def panel(admin_site: AdminSite, request: HttpRequest, instance: Any) -> SafeString | str:
    """Return the section's content: a row for each connection that has the object."""
    links = links_of(instance)
    if not links:
        text = _("No connection has it: only this site changes it.")
        return format_html("{} {}", text, _named_events(admin_site, request, instance))
    shows_events = may_view(admin_site, request, Event)
    rows = [_row(admin_site, link, shows_events) for link in links]
    heads = format_html_join(
        "", "<th>{}</th>", ((each,) for each in (_("connection"), _("state"), _("externalId"),
                                                 _("last change"), _("sets"), ""))
    )  # fmt: skip
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in rows))
    return format_html(
        '<table class="scim-links"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}',
        heads,
        body,
        _named_events(admin_site, request, instance),
    )


def state_of(link: Any) -> State:
    """Return what the connection may do with the object."""
    if getattr(link, "held_inactive", False) and link.unconfirmed:
        return State("warning", _("unconfirmed, and inactive until an admin confirms it"))
    if getattr(link, "unconfirmed", False):
        return State("warning", _("unconfirmed"))
    if link.created_by_scope:
        return State("no_change", _("in the connection's scope"))
    if link.preexisting:
        return State("success", _("assigned"))
    return State("success", _("created by the connection"))


def _row(admin_site: AdminSite, link: Any, shows_events: bool) -> SafeString:
    connection = link.connection
    url = change_url(admin_site, Connection, connection.pk)
    name = format_html('<a href="{}">{}</a>', url, connection) if url else connection
    history = _events(admin_site, {"scim_id": link.scim_id}, _("History")) if shows_events else ""
    cells = (
        name,
        state_of(link).badge,
        link.external_id or "–",
        formatted(link.last_modified),
        ", ".join(dict.fromkeys(managed_columns(link).values())) or "–",
        history,
    )
    return format_html_join("", "<td>{}</td>", ((cell,) for cell in cells))


def _named_events(admin_site: AdminSite, request: HttpRequest, instance: Any) -> SafeString | str:
    """Link the events about the object's name, such as refused attempts to create it."""
    if not may_view(admin_site, request, Event):
        return ""
    label = _("All events with the name “%(name)s”") % {"name": instance}
    link = _events(admin_site, {"q": str(instance)}, label)
    return format_html("<p>{}</p>", link) if link else ""


def _events(admin_site: AdminSite, query: dict[str, str], label: str) -> SafeString | str:
    try:
        url = reverse("admin:django_scim_event_changelist", current_app=admin_site.name)
    except NoReverseMatch:
        return ""
    return format_html('<a href="{}?{}">{}</a>', url, urlencode(query), label)
