"""Explain a refused request to an admin: the cause, the remedy, and the next retry."""

from collections import defaultdict
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ...models import Event
from .reasons import BY_STATUS, REASONS
from .steps import ANSWERED, APPLIED, AUTHENTICATED, STEPS, Reason

#: Texts about the repetition of failed requests, by the profile of the connection.
_RETRIES = {
    "entra": _(
        "Entra tries again automatically in its next cycle, about every 40 minutes. To try at "
        "once, use “Provision on demand” there."
    ),
    "okta": _(
        "Okta does not try again automatically: an admin there selects the task under Dashboard › "
        "Tasks and presses “Retry Selected”."
    ),
}
_OTHER_RETRY = _(
    "Most identity providers repeat a failed request automatically. If this one does not, start a "
    "synchronization there."
)
_REJECTED_RETRIES = {
    "entra": _(
        "After many rejections Entra puts the job into quarantine and tries once a day. When it "
        "is mended, press “Restart provisioning” there."
    ),
    "okta": _(
        "When it is mended, press “Test API Credentials” at Okta, then “Retry Selected” under "
        "Dashboard › Tasks."
    ),
}


class Explanation(NamedTuple):
    """The explanation of a refusal for admins, in the active language."""

    title: str
    why: str
    remedy: str
    retry: str


def reason_of(event: Event) -> Reason:
    """Return the reason of a refused request; errors of a site have only a status."""
    code = event.reason if event.reason in REASONS and event.reason != "unknown" else ""
    return REASONS[code or BY_STATUS.get(event.status, "unknown")]


def explanation(event: Event) -> Explanation | None:
    """Return the explanation of a refused request, or None for any other event."""
    if not needs_attention(event):
        return None
    reason = reason_of(event)
    params = _params(event)
    return Explanation(
        str(reason.title) % params,
        str(reason.why) % params,
        str(reason.remedy) % params,
        retry_of(event, reason),
    )


def title_of(event: Event) -> str:
    """Return the reason of a refusal as part of a sentence, "" for any other event."""
    return str(reason_of(event).title) % _params(event) if needs_attention(event) else ""


def explain(event: Event) -> str:
    """Return advice about an event in the active language; "" for a success."""
    found = explanation(event)
    return " ".join(dict.fromkeys(found[1:])) if found else ""


def needs_attention(event: Event) -> bool:
    return event.outcome in (Event.Outcome.FAILURE, Event.Outcome.STOPPED)


def retry_of(event: Event, reason: Reason) -> str:
    """Return who repeats the request, and when."""
    profile = event.connection.profile if event.connection is not None else ""
    rejected = _REJECTED_RETRIES.get(profile) if reason.step == AUTHENTICATED else None
    return str(rejected or _RETRIES.get(profile, _OTHER_RETRY))


def _params(event: Event) -> defaultdict[str, str]:
    stored = event.reason_params if isinstance(event.reason_params, dict) else {}
    return defaultdict(lambda: "…", {key: str(value) for key, value in stored.items()})


# Steps


class Step(NamedTuple):
    """A step of a request. ``state`` is done, failed or open: a failure prevented it."""

    label: str | Promise
    state: str


def steps(event: Event) -> list[Step]:
    """Return the steps of the event's request. An action of an admin has no steps."""
    if event.action == Event.Action.ADMINISTRATION:
        return []
    states = dict.fromkeys(STEPS, "done")
    if needs_attention(event):
        reason = reason_of(event)
        failed = reason.step
        if reason is REASONS["internal_error"]:
            failed = _params(event).get("step", APPLIED)
        order = list(STEPS)
        reached = order.index(AUTHENTICATED) + 1 if reason.early else order.index(failed)
        states = {name: "done" if order.index(name) < reached else "open" for name in order}
        states[failed], states[ANSWERED] = "failed", "done"
    return [Step(STEPS[name], state) for name, state in states.items()]
