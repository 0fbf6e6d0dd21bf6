"""The steps of a request, and what the table of reasons says about each reason."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: The steps of a request, in the order in which an admin thinks of them.
AUTHENTICATED, PARSED, MATCHED = "authenticated", "parsed", "matched"
PERMITTED, APPLIED, ANSWERED = "permitted", "applied", "answered"
STEPS: Mapping[str, Promise] = {
    AUTHENTICATED: _("authenticated"),
    PARSED: _("parsed"),
    MATCHED: _("matched"),
    PERMITTED: _("permitted"),
    APPLIED: _("applied"),
    ANSWERED: _("answered"),
}


class Reason(NamedTuple):
    """The reason for which a request was refused.

    ``title`` completes the sentence "Okta could not create amy: …". ``step`` is the step that
    failed; an ``early`` refusal comes right after the authentication.
    """

    title: str | Promise
    why: str | Promise
    remedy: str | Promise
    step: str
    early: bool = False
