"""The changes of an event in words: "Department: Sales → Marketing", without JSON and URNs."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from ...models import Event

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BRACKETS = re.compile(r"\[[^\]]*\]?")
NOTHING = "–"
#: The attributes of RFC 7643, so that translators find them.
_LABELS = (
    gettext_noop("Active"),
    gettext_noop("Addresses"),
    gettext_noop("Cost center"),
    gettext_noop("Department"),
    gettext_noop("Display name"),
    gettext_noop("Division"),
    gettext_noop("Emails"),
    gettext_noop("Employee number"),
    gettext_noop("Entitlements"),
    gettext_noop("External id"),
    gettext_noop("Family name"),
    gettext_noop("Formatted"),
    gettext_noop("Given name"),
    gettext_noop("Groups"),
    gettext_noop("Honorific prefix"),
    gettext_noop("Honorific suffix"),
    gettext_noop("Ims"),
    gettext_noop("Locale"),
    gettext_noop("Manager"),
    gettext_noop("Members"),
    gettext_noop("Middle name"),
    gettext_noop("Name"),
    gettext_noop("Nick name"),
    gettext_noop("Organization"),
    gettext_noop("Password"),
    gettext_noop("Phone numbers"),
    gettext_noop("Photos"),
    gettext_noop("Preferred language"),
    gettext_noop("Profile url"),
    gettext_noop("Roles"),
    gettext_noop("Timezone"),
    gettext_noop("Title"),
    gettext_noop("User name"),
    gettext_noop("User type"),
    gettext_noop("X509 certificates"),
)


class ChangeInWords(NamedTuple):
    """A changed attribute: its label, and its old and new value as texts."""

    label: str
    old: str
    new: str


def changes_in_words(event: Event) -> list[ChangeInWords]:
    """Return the changes of an event in the active language."""
    return [
        ChangeInWords(label(str(each.get("path"))), words(each.get("old")), words(each.get("new")))
        for each in event.changes
        if isinstance(each, dict)
    ]


def label(path: str) -> str:
    """Return an attribute path in words.

    >>> label("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter")
    'Cost center'
    """
    name = _BRACKETS.sub("", path).rpartition(":")[2].rpartition(".")[2]
    text = " ".join(part if part.isupper() else part.lower() for part in _WORDS.split(name))
    return _(text[:1].upper() + text[1:]) if text else path


def words(value: Any) -> str:
    """Return a value of an event as a text."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(words(each) for each in value)
    if isinstance(value, dict):
        return _object(value)
    return str(value)


def _object(value: Mapping[str, Any]) -> str:
    """Return a complex value as text: its name or its parts, followed by its type."""
    if isinstance(more := value.get("more"), int) and len(value) == 1:
        return ngettext("%(count)d more", "%(count)d more", more) % {"count": more}
    main = value.get("display") or value.get("formatted") or value.get("value")
    marks = [words(value["type"])] if value.get("type") else []
    if value.get("primary") is True:
        marks.append(_("primary"))
    if main is None:
        hidden = ("type", "primary")
        parts = [f"{label(k)} {words(v)}" for k, v in value.items() if k not in hidden and v]
        main = "; ".join(parts) or NOTHING
    return f"{words(main)} ({', '.join(marks)})" if marks else words(main)
