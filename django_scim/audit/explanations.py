"""What an admin can do about a failure, in plain words."""

from ..models import Event

_BY_TYPE = {
    "uniqueness": "The name belongs to another account or group of this site. If it is the same "
    "person, link that account to the connection; else change the name at the identity provider.",
    "invalidValue": "A value does not fit its attribute: the detail names it. Correct the value, "
    "or the attribute mapping, at the identity provider; it will send it again.",
    "invalidSyntax": "The identity provider sent something that is no SCIM message of this kind. "
    "Check that the connection's profile is the one for this identity provider.",
    "invalidFilter": "The identity provider searched by an attribute that this site does not "
    "offer, or in a wrong form. Check which attribute it matches accounts by.",
    "invalidPath": "The identity provider tried to change an attribute that this site does not "
    "have. Remove it from the attribute mapping at the identity provider.",
    "mutability": "The identity provider tried to change what only this site may change. Remove "
    "the attribute from its mapping.",
    "tooMany": "The identity provider asked for everything at once. Let it page or filter, or "
    "raise MAX_RESULTS.",
    "sensitive": "The identity provider filters in the URL by an attribute that SENSITIVE_FILTERS "
    "keeps out of it. Let it search by POST, or take the attribute out of that setting.",
    "expiredCursor": "The identity provider took longer between two pages than CURSOR_TIMEOUT "
    "allows. It begins anew by itself, or can be told to.",
    "noTarget": "The value that should be changed does not exist. A profile other than strict "
    "creates it.",
}
_BY_STATUS = {
    401: "The token is missing, wrong, expired or revoked. Issue a new one on the connection's "
    "page and paste it into the identity provider.",
    403: "The token is valid, but not for this request; the detail says why. For a missing scope "
    "issue a token with it; correct the connection's networks; close a connection whose owner is "
    "gone.",
    404: "The resource does not exist for this connection. If the identity provider still knows "
    "it, let it provision the person or group again.",
    405: "The identity provider used a method that this address does not take. Check the base "
    "URL: it ends in /v2.",
    412: "Somebody changed the resource in between. The identity provider reads it again and "
    "repeats its change.",
    413: "The request was larger than MAX_BODY_SIZE allows.",
    428: "This site sets REQUIRE_IF_MATCH, and the identity provider does not name the version "
    "that it changes. Take the setting back, or let the identity provider send If-Match.",
    500: "This is a defect. The site's log has more under the request id.",
}


_STOPPED = (
    "Find out whether so many people really leave: a wrong assignment or filter at the identity "
    "provider looks the same. If they do, lift the guard on the connection's page; the identity "
    "provider repeats what was refused."
)


_KNOWN_ONE = (
    "The token is this connection's, but it is expired or revoked, or the connection is paused. "
    "Resume the connection, or issue a new token and paste it into the identity provider."
)


def explain(event: Event) -> str:
    """Return what to do about an event; "" where there is nothing to do."""
    if event.outcome == Event.Outcome.STOPPED:
        return _STOPPED
    if event.outcome != Event.Outcome.FAILURE:
        return ""
    if event.status == 401 and event.token_prefix:
        return _KNOWN_ONE
    fallback = "See the detail. Most identity providers repeat a failed request by themselves."
    return _BY_TYPE.get(event.scim_type) or _BY_STATUS.get(event.status, fallback)
