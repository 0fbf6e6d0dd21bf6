"""An event as a sentence: "Okta could not create amy@example.com: the name is taken"."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from ...models import Event
from .acts import act_in_words
from .advice import title_of

_A = Event.Action
_DONE: Mapping[str, Promise] = {
    _A.CREATE: gettext_lazy("%(connection)s created %(object)s"),
    _A.UPDATE: gettext_lazy("%(connection)s changed %(object)s"),
    _A.DEACTIVATE: gettext_lazy("%(connection)s deactivated %(object)s"),
    _A.REACTIVATE: gettext_lazy("%(connection)s reactivated %(object)s"),
    _A.DELETE: gettext_lazy("%(connection)s deleted %(object)s"),
    _A.MEMBERSHIP: gettext_lazy("%(connection)s changed the members of %(object)s"),
    _A.READ: gettext_lazy("%(connection)s read %(object)s"),
    _A.AUTHENTICATION: gettext_lazy("%(connection)s signed in"),
}
_REFUSED: Mapping[str, Promise] = {
    _A.CREATE: gettext_lazy("%(connection)s could not create %(object)s: %(reason)s"),
    _A.UPDATE: gettext_lazy("%(connection)s could not change %(object)s: %(reason)s"),
    _A.DEACTIVATE: gettext_lazy("%(connection)s could not deactivate %(object)s: %(reason)s"),
    _A.REACTIVATE: gettext_lazy("%(connection)s could not reactivate %(object)s: %(reason)s"),
    _A.DELETE: gettext_lazy("%(connection)s could not delete %(object)s: %(reason)s"),
    _A.MEMBERSHIP: gettext_lazy(
        "%(connection)s could not change the members of %(object)s: %(reason)s"
    ),
    _A.READ: gettext_lazy("%(connection)s could not read %(object)s: %(reason)s"),
    _A.AUTHENTICATION: gettext_lazy("%(connection)s was rejected: %(reason)s"),
}
_MEMBERS_SHOWN = 3


def sentence(event: Event) -> str:
    """Describe an event by a sentence in the active language, without a full stop."""
    if event.action == _A.ADMINISTRATION:
        text = act_in_words(event.detail)
        return text[:1].upper() + text[1:]
    names = {
        "connection": event.connection_name or _("An unknown client"),
        "object": object_of(event),
    }
    if title := title_of(event):
        template = _REFUSED.get(event.action, _REFUSED[_A.READ])
        return str(template) % {**names, "reason": title}
    if event.outcome == Event.Outcome.NO_CHANGE:
        return _("%(connection)s sent %(object)s again, without a change") % names
    if event.action == _A.MEMBERSHIP and (text := _membership(event, names)):
        return text
    return str(_DONE.get(event.action, _DONE[_A.UPDATE])) % names


def object_of(event: Event) -> str:
    """Return the name of the person or group that an event is about, or a substitute for it."""
    if event.object_name or event.external_id:
        return event.object_name or event.external_id
    if event.scim_id:
        return f"{event.resource_type} {event.scim_id}".strip()
    if not event.resource_type:
        return event.path.partition("?")[0] or pgettext("object", "something")
    if event.action == _A.READ:
        return _("resources of the type %(type)s") % {"type": event.resource_type}
    return _("a resource of the type %(type)s") % {"type": event.resource_type}


def _membership(event: Event, names: dict[str, str]) -> str:
    """Return the sentence of members who were added or removed, "" if both were."""
    if len(event.changes) != 1:
        return ""
    added, removed = (event.changes[0].get(key) for key in ("new", "old"))
    if isinstance(added, list) and not removed:
        return _("%(connection)s added %(members)s to %(object)s") % {
            **names, "members": _members(added),
        }  # fmt: skip
    if isinstance(removed, list) and not added:
        return _("%(connection)s removed %(members)s from %(object)s") % {
            **names, "members": _members(removed),
        }  # fmt: skip
    return ""


def _members(values: list[object]) -> str:
    people = [each for each in values if isinstance(each, dict)]
    count = sum(int(each["more"]) if "more" in each else 1 for each in people)
    shown = [
        str(each.get("display") or each.get("value") or "…")
        for each in people[:_MEMBERS_SHOWN]
        if "more" not in each
    ]
    text = ", ".join(shown)
    if (rest := count - len(shown)) > 0:
        more = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", rest)
        return more % {"names": text, "count": rest}
    return text
