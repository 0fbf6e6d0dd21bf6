"""The page of one event, for one admin: it names only what this admin may see."""

import json
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...audit.explanations import (
    changes_in_words,
    explanation,
    needs_attention,
    reason_of,
    resolution_of,
    steps,
)
from ...audit.explanations.holders import Holder, holder_of
from ...audit.explanations.steps import AUTHENTICATED
from ...models import Event
from ..actions import may_assign
from ..object_urls import change_url, may_view
from .times import to_the_second

#: Reasons whose remedy is on the connection's page.
_ON_THE_CONNECTION = ("scope_missing", "guard_tripped", "unconfirmed", "wrong_url")
_MARKS = {"done": "✓", "failed": "✗", "open": "–"}


class Button(NamedTuple):
    """A link to where an admin can do something about an event."""

    label: str
    url: str


class EventPage:
    """The parts of an event's page."""

    def __init__(self, admin_site: AdminSite, request: HttpRequest, event: Event) -> None:
        self.site, self.request, self.event = admin_site, request, event
        self.explanation = explanation(event)

    # The event

    def object_link(self) -> SafeString | str:
        """Link the object's admin page, if this admin may see it and it still exists."""
        event = self.event
        if url := self._object_url:
            return format_html('<a href="{}">{}</a>', url, event.object_name)
        return event.object_name or event.external_id or "–"

    @cached_property
    def _object_url(self) -> str:
        with suppress(LookupError, ValueError):  # no such model any more, or no such key
            model = apps.get_model(self.event.object_type)
            if may_view(self.site, self.request, model):
                exists = model._default_manager.filter(pk=self.event.object_key).exists()
                return change_url(self.site, model, self.event.object_key) if exists else ""
        return ""

    def connection_link(self) -> SafeString | str:
        event = self.event
        if url := self._connection_url:
            return format_html('<a href="{}">{}</a>', url, event.connection_name)
        return event.connection_name or _("unknown")

    @cached_property
    def _connection_url(self) -> str:
        connection = self.event.connection
        if connection is None or not may_view(self.site, self.request, type(connection)):
            return ""
        return change_url(self.site, type(connection), connection.pk)

    def step_list(self) -> SafeString | str:
        """Return the steps of the request; the one that failed is marked."""
        names = {"done": _("done"), "failed": _("failed"), "open": _("not reached")}
        items = [
            (each.state, _MARKS[each.state], each.label, names[each.state])
            for each in steps(self.event)
        ]
        item = '<li class="scim-step-{}"><span aria-hidden="true">{}</span> {} '
        item += '<span class="scim-state">{}</span></li>'
        if not items:
            return "–"
        return format_html('<ol class="scim-steps">{}</ol>', format_html_join("", item, items))

    def repetition(self) -> str:
        event = self.event
        if event.occurrences < 2:
            return _("once")
        text = ngettext("%(count)d time", "%(count)d times", event.occurrences)
        times = text % {"count": event.occurrences}
        if event.first is None:
            return times
        return _("%(times)s: first %(first)s, last %(last)s") % {
            "times": times,
            "first": to_the_second(event.first),
            "last": to_the_second(event.created),
        }

    # The remedy

    @cached_property
    def holder(self) -> Holder | None:
        """Return the holder of the taken name, or None if this admin may not view the account."""
        found = holder_of(self.event)
        if found is None or found.account is None:
            return found
        visible = may_view(self.site, self.request, type(found.account), found.account)
        return found if visible else None

    def why(self) -> SafeString | str:
        if self.explanation is None:
            return "–"
        if self.holder is None or self.holder.account is None:
            return self.holder.why if self.holder else self.explanation.why
        account = self.holder.account
        url = change_url(self.site, type(account), account.pk)
        name = account.get_username()
        shown = format_html('<a href="{}">{}</a>', url, name) if url else name
        return format_html("{} {}", self.holder.why, shown)

    def remedy(self) -> str:
        if self.explanation is None:
            return _("Nothing needs to be done.")
        return self.holder.remedy if self.holder else self.explanation.remedy

    def retry(self) -> str:
        return self.explanation.retry if self.explanation else "–"

    def settled(self) -> SafeString | str:
        """Link the later event that settled a refusal."""
        if not needs_attention(self.event):
            return "–"
        later = resolution_of(self.event)
        if later is None:
            return _("not yet")
        url = self._url("django_scim_event_change", later.pk)
        text = _("yes, at %(time)s: see that event") % {"time": to_the_second(later.created)}
        return format_html('<a href="{}">{}</a>', url, text)

    def buttons(self) -> SafeString | str:
        links = [(each.url, each.label) for each in self._buttons()]
        if not links:
            return "–"
        items = format_html_join("", '<li><a class="button" href="{}">{}</a></li>', links)
        return format_html('<ul class="scim-buttons scim-actions">{}</ul>', items)

    def _buttons(self) -> list[Button]:
        event, found = self.event, []
        if self.may_link:
            url = self._url("django_scim_event_link", event.pk)
            found.append(Button(_("Link this account to the connection"), url))
        if self._object_url:
            label = _("Open %(object)s") % {"object": event.object_name or event.object_key}
            found.append(Button(label, self._object_url))
        if self._connection_url and needs_attention(event):
            reason = reason_of(event)
            is_token = reason.step == AUTHENTICATED or event.reason == "scope_missing"
            if is_token:
                found.append(Button(_("Tokens of the connection"), self._connection_url))
            elif event.reason in _ON_THE_CONNECTION:
                found.append(Button(_("Open the connection"), self._connection_url))
        events = self._url("django_scim_event_changelist")
        if event.object_name or event.external_id:
            query = urlencode({"q": (event.object_name or event.external_id)[:100]})
            label = _("All events about %(object)s") % {
                "object": event.object_name or event.external_id
            }
            found.append(Button(label, f"{events}?{query}"))
        if event.reason:
            query = urlencode({"reason": event.reason})
            found.append(Button(_("All events with this reason"), f"{events}?{query}"))
        return found

    @property
    def may_link(self) -> bool:
        """Return whether this admin can link the holder's account to the connection."""
        holder = self.holder
        is_possible = holder is not None and holder.account is not None and holder.can_link
        return is_possible and may_assign(self.site, self.request)

    # The changes, and the raw data

    def change_table(self) -> SafeString | str:
        changes = changes_in_words(self.event)
        if not changes:
            return _("Nothing changed.")
        row = "<tr><th>{}</th><td>{}</td><td>→ {}</td></tr>"
        titles = (_("Attribute"), _("Old"), _("New"))
        head = format_html("<tr><th>{}</th><th>{}</th><th>{}</th></tr>", *titles)
        rows = format_html_join("", row, changes)
        return format_html('<table class="scim-changes">{}{}</table>', head, rows)

    def request_link(self) -> SafeString | str:
        if not self.event.correlation_id:
            return "–"
        query = urlencode({"correlation_id": self.event.correlation_id})
        url = self._url("django_scim_event_changelist")
        return format_html('<a href="{}?{}">{}</a>', url, query, self.event.correlation_id)

    def _url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{name}", args=args, current_app=self.site.name)


def pretty(text: str) -> SafeString | str:
    """Return a stored body as indented JSON."""
    if not text:
        return "–"
    with suppress(ValueError):  # a long body was cut off
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return format_html('<pre class="scim-raw">{}</pre>', text)
