"""Advice for an organisation's admins about the events of their connection."""

from django.utils.translation import gettext_lazy as _

from django_scim.models import Event

BY_TYPE = {
    "uniqueness": _(
        "The name is already in use on this site. Change it at your identity provider. If the "
        "account was yours before, ask the site's staff to assign it to your connection."
    ),
    "invalidValue": _(
        "A value is not valid; the detail names it. Correct the value or its mapping at your "
        "identity provider, which will then send it again."
    ),
    "mutability": _(
        "Only the site can change this attribute. Remove it from the attribute mapping at your "
        "identity provider."
    ),
}
BY_STATUS = {
    401: _(
        "The token has expired or was revoked, or the connection is paused. Resume the connection, "
        "or issue another token and paste it into your identity provider."
    ),
    403: _(
        "The token does not permit this request, or not from this address. Ask the site's staff."
    ),
    404: _(
        "Your connection has no such person or group. Provision it again from your identity "
        "provider."
    ),
    412: _(
        "It was changed at the same time. Your identity provider will read it again and repeat its "
        "change."
    ),
    500: _("This is an error of the site. Tell its staff when it happened."),
}
STOPPED = _(
    "Find out whether so many people really leave. If not, correct the assignment at your identity "
    "provider. If they do, override the guard."
)
OTHERWISE = _("See the detail. Most identity providers repeat a failed request automatically.")


def advice(event: Event) -> str:
    """Return what to do about an event, or "" if nothing needs to be done."""
    if event.outcome == Event.Outcome.STOPPED:
        return str(STOPPED)
    if event.outcome != Event.Outcome.FAILURE:
        return ""
    return str(BY_TYPE.get(event.scim_type) or BY_STATUS.get(event.status, OTHERWISE))
