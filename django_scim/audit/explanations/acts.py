"""The acts of admins in the active language. Events store them in English."""

import re
from collections.abc import Iterable

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ..administration import Description

#: The notes in brackets that ``django_scim.connections`` adds to a description.
_NOTES = (
    gettext_noop("{} accounts before"),
    gettext_noop("{} accounts before, {} to be withdrawn"),
    gettext_noop("{} accounts, and {} kept"),
    gettext_noop("{} accounts, and {} kept; {} deleted ones cannot return"),
)
_STOPPED = gettext_noop("stopped at {}")
#: The counts of the guard in the last of these notes.
_COUNTS = (
    gettext_noop("{} of {} accounts"),
    gettext_noop("{} of {} memberships"),
    gettext_noop("{} of {} user names or e-mail addresses"),
    gettext_noop("{} of {} of the type {}"),
)
_ACTORS = (gettext_noop("admin {}"), gettext_noop("{} on the command line"))
_LARGE_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)")


def act_in_words(detail: str) -> str:
    """Return the detail of an administrative event in the active language.

    A detail that was cut off, or that another version wrote, is returned as it is.
    """
    act, _by, actor = detail.rpartition(" by ")
    note = ""
    if act.endswith(")"):  # no description ends with a name, so this is not part of one
        act, _bracket, note = act[:-1].rpartition(" (")
    text = _translated(act, Description)
    if text is None:
        return detail
    if note:
        text = f"{text} ({_note(note)})"
    return _("%(act)s by %(actor)s") % {"act": text, "actor": _translated(actor, _ACTORS) or actor}


def _note(note: str) -> str:
    """Return the note of a description in the active language."""
    note = _LARGE_NUMBER.sub(_number, note)
    if found := re.fullmatch(_pattern(_STOPPED), note):
        counts = [_translated(each, _COUNTS) or each for each in found[1].split(", ")]
        return _(_STOPPED).format(", ".join(counts))
    return _translated(note, _NOTES) or note


def _translated(text: str, templates: Iterable[str]) -> str | None:
    """Return the translation of the template that a text was made from, filled in, or None."""
    for template in sorted(templates, key=len, reverse=True):  # the most specific one first
        if found := re.fullmatch(_pattern(template), text):
            return _(str(template)).format(*found.groups())
    return None


def _number(found: re.Match[str]) -> str:
    """Return a number with the separators of the active language, not those of English."""
    return str(number_format(int(found[0].replace(",", "")), use_l10n=True, force_grouping=True))


def _pattern(template: str) -> str:
    """Return the regular expression of a template, with a group for each ``{}``."""
    return r"(.+)".join(re.escape(part) for part in template.split("{}"))
