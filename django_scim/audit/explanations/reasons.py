"""The reasons of refusals: one table with the code, the sentence and the advice of each.

A ScimError has the code of its reason. ``docs/reference/events.md`` lists the table.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .resource_reasons import RESOURCE_REASONS
from .steps import APPLIED, AUTHENTICATED, MATCHED, PARSED, PERMITTED, Reason

_NEW_TOKEN = _(
    "Issue a new token on the connection's page and paste it into the identity provider."
)
_PROFILE = _("Check that the connection's profile is the one for this identity provider.")
_DEFECT = _("Search the site's log for the request id, and report the defect.")
_MAPPING = _("Correct the value or the attribute mapping at the identity provider.")

REASONS: Mapping[str, Reason] = {
    # Authentication
    "token_missing": Reason(
        _("it sent no token"),
        _("The request has no Authorization header."),
        _("Enter the token at the identity provider; choose “HTTP header” or “bearer token”."),
        AUTHENTICATED,
    ),
    "token_malformed": Reason(
        _("the Authorization header is malformed"),
        _("The Authorization header is not “Bearer”, a blank and the token."),
        _("Paste the token without quotes, line breaks or the word “Bearer” in front, if the "
          "identity provider adds it, and choose bearer authentication, not basic."),
        AUTHENTICATED,
    ),
    "token_unknown": Reason(
        _("the token is wrong"),
        _("No connection of this site has the token. It was mistyped, cut off, or deleted."),
        _NEW_TOKEN,
        AUTHENTICATED,
    ),
    "token_expired": Reason(
        _("the token has expired"),
        _("The token belongs to this connection, but its time is over."),
        _NEW_TOKEN,
        AUTHENTICATED,
    ),
    "token_revoked": Reason(
        _("the token was revoked"),
        _("The token belonged to this connection until an admin revoked it."),
        _NEW_TOKEN,
        AUTHENTICATED,
    ),
    "connection_paused": Reason(
        _("the connection is paused"),
        _("An admin paused the connection. All its requests are rejected."),
        _("Resume the connection on its page."),
        AUTHENTICATED,
    ),
    "wrong_network": Reason(
        _("its address is not allowed"),
        _("The connection accepts requests from its networks only, and this address is not in "
          "them."),
        _("If the address is the identity provider's, add it to the connection's networks."),
        AUTHENTICATED,
    ),
    "tenant_gone": Reason(
        _("the connection's tenant no longer exists"),
        _("The object of this site that the connection belongs to was deleted."),
        _("Close the connection, and remove the application at the identity provider."),
        AUTHENTICATED,
    ),
    "plain_http": Reason(
        _("it used plain HTTP"),
        _("The request was not encrypted, so that anyone on the network could read the token."),
        _("Begin the base URL at the identity provider with https. If it does: behind a proxy, "
          "set SECURE_PROXY_SSL_HEADER. Issue a new token, because this one was readable."),
        AUTHENTICATED,
    ),
    # Permission
    "scope_missing": Reason(
        _("the token lacks the scope %(scope)s"),
        _("The token is valid, but was issued without the scope %(scope)s."),
        _("Issue a token with the scope %(scope)s on the connection's page, and paste it into "
          "the identity provider."),
        PERMITTED,
        early=True,
    ),
    "single_user_token": Reason(
        _("the token is that of a single user"),
        _("Such a token can only read and change its own user, at /Me."),
        _("Give the identity provider a token of the connection."),
        PERMITTED,
        early=True,
    ),
    "not_permitted": Reason(
        _("the request is not permitted"),
        _("The token is valid, but does not permit this request; the detail says why."),
        _("Give the identity provider a token that permits it, if it should."),
        PERMITTED,
        early=True,
    ),
    "throttled": Reason(
        _("it sent too many requests"),
        _("The client sent more requests than THROTTLE_RATE allows, or too many without a valid "
          "token (429). Further requests of this kind have no event for a while."),
        _("Usually nothing: the identity provider waits and goes on. If it happens every day, "
          "raise THROTTLE_RATE or THROTTLE_BURST. If the token is wrong, issue a new one."),
        PERMITTED,
        early=True,
    ),
    "guard_tripped": Reason(
        _("the guard has stopped the connection"),
        _("Within an hour the connection would have lost more accounts or memberships than its "
          "guard allows. A wrong assignment or filter at the identity provider looks the same."),
        _("Find out whether so many people are really leaving. If they are, override the guard "
          "on the connection's page. Otherwise correct the assignment at the identity provider."),
        PERMITTED,
    ),
    "unconfirmed": Reason(
        _("%(attribute)s is locked until an admin confirms the link"),
        _("The connection adopted an account that existed before. Until an admin confirms that it "
          "is the same person, what they sign in with cannot change."),
        _("Compare the account with the person, and confirm the link on the connection's page."),
        PERMITTED,
    ),
    "group_has_permissions": Reason(
        _("the group has permissions of this site"),
        _("Every member of the group gets its permissions, so the connection must not decide who "
          "is a member."),
        _("If it should, allow the connection to change the group on the connection's page. "
          "Otherwise remove the group at the identity provider."),
        PERMITTED,
    ),
    # The URL and the message
    "wrong_url": Reason(
        _("the URL is wrong"),
        _("This site has no such SCIM endpoint. The base URL at the identity provider is "
          "probably incomplete, or has a part too many."),
        _("Copy the base URL from the connection's page. It ends in /v2, without /Users."),
        MATCHED,
        early=True,
    ),
    "version_unsupported": Reason(
        _("it speaks another version of SCIM"),
        _("The URL names a version other than v2."),
        _("Choose SCIM 2.0 at the identity provider, and a base URL that ends in /v2."),
        MATCHED,
        early=True,
    ),
    "method_unsupported": Reason(
        _("the URL does not support the method"),
        _("The endpoint exists, but not for this HTTP method. Mostly the base URL is wrong."),
        _("Copy the base URL from the connection's page. It ends in /v2."),
        MATCHED,
        early=True,
    ),
    "not_offered": Reason(
        _("this site does not offer the feature"),
        _("The identity provider asked for an optional feature of SCIM, which is off here."),
        _("Turn the feature off at the identity provider; the detail names it."),
        MATCHED,
        early=True,
    ),
    "accept_unsupported": Reason(
        _("it does not accept SCIM messages"),
        _("The Accept header excludes application/scim+json and application/json (406)."),
        _PROFILE,
        PARSED,
    ),
    "media_type": Reason(
        _("the body has the wrong media type"),
        _("The Content-Type must be application/scim+json or application/json (415), without "
          "compression. A proxy may have changed it."),
        _("Set the media type at the identity provider, and look for a proxy in between."),
        PARSED,
    ),
    "length_missing": Reason(
        _("the length of the body is unknown"),
        _("The body came in chunks without a length, and the web server in front of Django did not "
          "pass it on (411)."),
        _("Let the web server read chunked bodies completely, for example with proxy_request_"
          "buffering on in nginx; see the page on deployment."),
        PARSED,
    ),
    "body_too_large": Reason(
        _("the request is too large"),
        _("The body, or what it contains, exceeds a limit, which the detail names."),
        _("Let the identity provider send fewer changes at once, or raise the limit."),
        PARSED,
    ),
    "message_invalid": Reason(
        _("the message is not valid"),
        _("The body is not JSON, or not the SCIM message that this request needs."),
        _PROFILE,
        PARSED,
    ),
    "request_suspicious": Reason(
        _("the request looks like an attack"),
        _("Django rejected the request before SCIM read it."),
        _DEFECT,
        PARSED,
    ),
    "value_invalid": Reason(
        _("a value is not valid"),
        _("A value is missing or does not fit its attribute; the detail names both."),
        _MAPPING,
        PARSED,
    ),
    "path_invalid": Reason(
        _("an attribute does not exist here"),
        _("The identity provider tried to change an attribute that this site does not have."),
        _("Remove the attribute from the attribute mapping at the identity provider."),
        PARSED,
    ),
    "filter_invalid": Reason(
        _("it searched with a filter that does not work here"),
        _("The identity provider searched by an attribute that this site does not offer, or with "
          "an invalid filter."),
        _("Check by which attribute it matches accounts: userName and externalId always work."),
        PARSED,
    ),
    "filter_in_url": Reason(
        _("its URL contains a filter that must not be there"),
        _("SENSITIVE_FILTERS forbids to search by this attribute in a URL, which logs keep."),
        _("Let the identity provider search by POST, or take the attribute out of the setting."),
        PARSED,
    ),
    "too_many_results": Reason(
        _("it asked for too many resources at once"),
        _("A query without paging matches more resources than MAX_RESULTS allows."),
        _("Configure the identity provider to use paging or a filter, or raise MAX_RESULTS."),
        APPLIED,
    ),
    "cursor_invalid": Reason(
        _("its position in a list is not valid"),
        _("The cursor belongs to another query, or was changed."),
        _("Start the synchronization at the identity provider again."),
        PARSED,
    ),
    "cursor_expired": Reason(
        _("it waited too long between two pages of a list"),
        _("More time went by between two pages than CURSOR_TIMEOUT allows."),
        _("Usually nothing: it starts again from the first page. Otherwise raise CURSOR_TIMEOUT."),
        PARSED,
    ),
    "count_invalid": Reason(
        _("the size of a page is not valid"),
        _("The count is not a number, or changed from one page to the next."),
        _PROFILE,
        PARSED,
    ),
    **RESOURCE_REASONS,
}  # fmt: skip

#: The default reasons, by status, of errors without a more specific one.
BY_STATUS: Mapping[int, str] = {
    400: "value_invalid",
    401: "token_unknown",
    403: "not_permitted",
    404: "resource_unknown",
    405: "method_unsupported",
    406: "accept_unsupported",
    409: "conflict",
    411: "length_missing",
    412: "version_outdated",
    413: "body_too_large",
    415: "media_type",
    428: "version_missing",
    429: "throttled",
    500: "internal_error",
    501: "not_offered",
}
