"""Advice for admins about failed requests."""

from django.utils.translation import gettext_lazy as _

from ..models import Event

_BY_TYPE = {
    "uniqueness": _(
        "The name belongs to another account or group of this site. If it is the same person, "
        "link that account to the connection. Otherwise change the name at the identity provider."
    ),
    "invalidValue": _(
        "A value does not fit its attribute; the detail names it. Correct the value or the "
        "attribute mapping at the identity provider, which will then send it again."
    ),
    "invalidSyntax": _(
        "The identity provider sent something that is not a SCIM message of this kind. Check that "
        "the connection's profile is the one for this identity provider."
    ),
    "invalidFilter": _(
        "The identity provider searched by an attribute that this site does not offer, or with an "
        "invalid filter. Check by which attribute it matches accounts."
    ),
    "invalidPath": _(
        "The identity provider tried to change an attribute that this site does not have. Remove "
        "it from the attribute mapping at the identity provider."
    ),
    "mutability": _(
        "The identity provider tried to change an attribute that only this site may change. Remove "
        "it from the attribute mapping at the identity provider."
    ),
    "tooMany": _(
        "The identity provider asked for too many resources at once. Configure it to use paging or "
        "a filter, or raise MAX_RESULTS."
    ),
    "sensitive": _(
        "The URL contains a filter by an attribute that SENSITIVE_FILTERS does not allow there. "
        "Configure the identity provider to search by POST, or remove the attribute from that "
        "setting."
    ),
    "expiredCursor": _(
        "The identity provider waited longer between two pages than CURSOR_TIMEOUT allows. It "
        "starts again from the first page automatically, or when you trigger a synchronization."
    ),
    "noTarget": _(
        "The value that should be changed does not exist. A profile with the tolerance "
        "create-target, such as default, creates it."
    ),
}
_BY_STATUS = {
    401: _(
        "The token is missing, wrong, expired or revoked. Issue a new one on the connection's page "
        "and paste it into the identity provider."
    ),
    403: _(
        "The token is valid, but does not permit this request; the detail says why. If a scope is "
        "missing, issue a token with that scope. If the address is not allowed, correct the "
        "connection's networks. If the connection's tenant no longer exists, close the connection. "
        "If the group has permissions, allow the connection to change it on the connection's page, "
        "or remove the group at the identity provider."
    ),
    404: _(
        "The resource does not exist for this connection. If the identity provider still has it, "
        "provision the person or group again."
    ),
    405: _(
        "The identity provider used a method that this URL does not support. Check the base URL: "
        "it ends in /v2."
    ),
    412: _(
        "The resource was changed in the meantime. The identity provider reads it again and "
        "repeats its change."
    ),
    413: _("The request was larger than MAX_BODY_SIZE allows."),
    428: _(
        "This site sets REQUIRE_IF_MATCH, but the identity provider does not send the version that "
        "it changes. Unset REQUIRE_IF_MATCH, or configure the identity provider to send If-Match."
    ),
    429: _(
        "The client sends more requests than THROTTLE_RATE allows, or too many without a valid "
        "token. Further requests of this kind are rejected without an event for a while. Identity "
        "providers repeat rejected requests; if the token is wrong, issue a new one."
    ),
    500: _("This is a defect. Search the site's log for the request id."),
}

_STOPPED = _(
    "Find out whether so many people are really leaving: a wrong assignment or filter at the "
    "identity provider looks the same. If they are, override the guard on the connection's page; "
    "the identity provider then repeats the rejected requests."
)

_KNOWN_TOKEN = _(
    "The token belongs to this connection, but it is expired or revoked, or the connection is "
    "paused. Resume the connection, or issue a new token and paste it into the identity provider."
)

_OTHER = _("See the detail. Most identity providers repeat a failed request automatically.")


def explain(event: Event) -> str:
    """Return advice about an event in the active language; "" for a success."""
    if event.outcome == Event.Outcome.STOPPED:
        return str(_STOPPED)
    if event.outcome != Event.Outcome.FAILURE:
        return ""
    if event.status == 401 and event.token_prefix:
        return str(_KNOWN_TOKEN)
    return str(_BY_TYPE.get(event.scim_type) or _BY_STATUS.get(event.status, _OTHER))
