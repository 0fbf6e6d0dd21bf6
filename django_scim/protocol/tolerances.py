"""The deviations from the RFCs that real connectors need, and the built-in profiles.

The code that meets a deviation asks ``Tolerances.permit``, each deviation in one place only. The
event of the request lists the tolerances that it used.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Tolerance(StrEnum):
    """A deviation that a profile can accept; the comments give an example and who sends it."""

    ANY_ACCEPT = "any-accept"  # an Accept header that excludes JSON: various HTTP libraries
    ATTRIBUTE_BRACKETS = "attribute-brackets"  # attributes=emails[type eq "work"]: Microsoft
    BARE_EXTENSION = "bare-extension"  # "manager" without its URN: Entra's documentation
    BARE_OPERATIONS = "bare-operations"  # a PATCH that is only the list: a figure of RFC 7644
    BARE_VALUE = "bare-value"  # "id" for {"value": "id"}: Entra's manager and members
    BOOLEAN_TEXT = "boolean-text"  # "True" and "False": Entra
    BYTE_ORDER_MARK = "byte-order-mark"  # in front of the JSON: programs for Windows
    COLON_AFTER_URN = "colon-after-urn"  # "urn:...:User:" for the whole schema: UnboundID's SDK
    CONNID_NAME = "connid-name"  # "__ENABLE__" for active: Syncope
    CORE_URN = "core-urn"  # the core schema's URN for the resource itself: UnboundID's SDK
    CREATE_TARGET = "create-target"  # emails[type eq "work"].value creates the value: Entra
    DATE_ONLY = "date-only"  # "2026-11-25" for a date and time: SCIMple
    DOT_AFTER_URN = "dot-after-urn"  # urn:...:User.manager: Microsoft's collections
    EMPTY_PARAMETER = "empty-parameter"  # filter= for no filter: databricks' clients
    EMPTY_PATCH = "empty-patch"  # a PATCH without operations: Syncope
    EMPTY_SEARCH = "empty-search"  # a .search without a body: SCIM-SDK
    EMPTY_VALUE = "empty-value"  # an e-mail without an address goes away: rauthy
    EXTRA_SLASH = "extra-slash"  # /scim/v2//Users: clients that join URLs
    JSON_TEXT = "json-text"  # a JSON document inside a string: SCIM-SDK, Entra's roles
    KEEP_MEMBERS = "keep-members"  # a PUT of a group without members keeps them
    KEEP_SELECTORS = "keep-selectors"  # replacing emails[type eq "work"] keeps the type: Entra
    LEAVER = "leaver"  # "active": false counts even if other values are invalid: all
    LISTED_REMOVAL = "listed-removal"  # remove members with a list removes only those: Entra
    LOCKED_ATTRIBUTE = "locked-attribute"  # a name or address that is locked is ignored: all
    LONE_ELEMENT = "lone-element"  # emails as a single object: OneLogin
    LOOSE_FORMAT = "loose-format"  # "USA" for a country, spaces in a URI: many directories
    LOOSE_REFERENCE = "loose-reference"  # a $ref of something else than its value
    LOOSE_SCHEMAS = "loose-schemas"  # "schemas" missing, empty or of SCIM 1.1: programs in Go
    MISSPELT_URN = "misspelt-urn"  # ...:extension:enterprise:2.0User: Entra's documentation
    NUMBER_FOR_TEXT = "number-for-text"  # 701984 for "701984": feeds of personnel systems
    NUMBER_TEXT = "number-text"  # numbers and lists of a .search as strings: Keycloak
    OTHER_MEDIA_TYPE = "other-media-type"  # application/scim, application/json+scim: Metatavu
    OTHER_QUOTES = "other-quotes"  # 'x' for "x" in a filter or path: wso2, litellm
    OUTER_BLANKS = "outer-blanks"  # "Sales " for the group "Sales": many directories
    PARAMETER_CASE = "parameter-case"  # ?Filter= and ?StartIndex=
    PATH_KEYS = "path-keys"  # "name.givenName" as a key in a value without a path: Entra
    PENDING_REFERENCE = "pending-reference"  # a manager who has not been created yet: all
    PLAIN_PLUS = "plain-plus"  # a plus in a query that was not encoded: okta-sdk-java
    READ_ONLY_PATH = "read-only-path"  # a read-only attribute in a path is ignored: Entra
    REPEATED_PARAMETER = "repeated-parameter"  # attributes=a&attributes=b: databricks' clients
    SINGLE_IN_LIST = "single-in-list"  # [{"value": "x"}] for a single value: Entra's old job
    UNKNOWN_ATTRIBUTE = "unknown-attribute"  # ignored, as RFC 7644 section 3.3 allows
    UNKNOWN_SCHEMA = "unknown-schema"  # the client's own URN in "schemas": Entra's groups
    UNQUOTED_VALUE = "unquoted-value"  # filter=userName eq bjensen: Microsoft's collections
    VALUE_PATH_SUFFIX = "value-path-suffix"  # filter=emails[type eq "work"].value eq "x": Entra
    WHOLE_SCHEMA = "whole-schema"  # filter=urn:...:User pr: UnboundID's SDK


@dataclass(frozen=True)
class Profile:
    """The tolerances of a connection, and its answers where the RFC leaves a choice."""

    name: str
    tolerances: frozenset[Tolerance]
    #: Answer the PATCH of a group with 200 and the group, instead of 204.
    returns_patched_groups: bool = False
    #: Add the ``id`` to each result of a bulk request.
    returns_bulk_ids: bool = True
    #: Offer pages by cursor. Some clients reject a configuration that mentions them.
    offers_cursors: bool = True
    #: Show the ``members`` of an empty group as an empty list.
    shows_empty_members: bool = True
    #: Send a Content-Type with the empty answer to a PATCH.
    types_empty_answers: bool = True


_ALL = frozenset(Tolerance)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("default", _ALL),
        Profile("entra", _ALL),
        Profile("okta", _ALL),
        Profile("keycloak", _ALL - {Tolerance.KEEP_MEMBERS}, offers_cursors=False),
        Profile("ping", _ALL, returns_patched_groups=True, offers_cursors=False),
        Profile(
            "strict",
            frozenset(),
            returns_patched_groups=True,
            returns_bulk_ids=False,
            shows_empty_members=False,
            types_empty_answers=False,
        ),
    )
}
"""The built-in profiles by name."""


class Tolerances:
    """The tolerances of one request, and which of them it has used."""

    def __init__(self, profile: Profile = PROFILES["strict"]) -> None:
        self.profile = profile
        self.used: set[Tolerance] = set()
        #: Messages about ignored values, for the event.
        self.ignored: list[str] = []

    def permit(self, tolerance: Tolerance) -> bool:
        """Return whether the profile accepts a deviation, and record its use if so."""
        if tolerance in self.profile.tolerances:
            self.used.add(tolerance)
            return True
        return False

    def ignore(self, tolerance: Tolerance, what: str) -> bool:
        """Return whether the profile ignores a deviation, and record the message ``what`` if so."""
        if not self.permit(tolerance):
            return False
        self.ignored.append(what)
        return True


_CONNID_NAMES = {"__enable__": "active"}
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#: Without the colon, and the URNs of SCIM 1.1 and of its drafts.
_MISSPELT_ENTERPRISE = re.compile(
    r"urn:ietf:params:scim:schemas:extension:enterprise:2\.0user"
    r"|urn:scim:schemas:extension:enterprise:[12]\.0",
    re.IGNORECASE,
)
_DOTTED_ENTERPRISE = f"{_ENTERPRISE.lower()}."


def mend_urn(text: str, tolerances: Tolerances) -> str:
    """Return a path, a key or a URN with the tolerated misspellings of the URN corrected."""
    if ":" not in text:
        name = _CONNID_NAMES.get(text.lower()) if text.startswith("__") else None
        return name if name and tolerances.permit(Tolerance.CONNID_NAME) else text
    if text.endswith(":") and tolerances.permit(Tolerance.COLON_AFTER_URN):
        text = text[:-1]
    misspelt = _MISSPELT_ENTERPRISE.match(text)
    if misspelt is not None and tolerances.permit(Tolerance.MISSPELT_URN):
        text = _ENTERPRISE + text[misspelt.end() :]
    lowered = text.lower()
    if lowered.startswith(_DOTTED_ENTERPRISE) and tolerances.permit(Tolerance.DOT_AFTER_URN):
        text = f"{_ENTERPRISE}:{text[len(_DOTTED_ENTERPRISE) :]}"
    return text


_BOOLEANS = {"true": True, "false": False}


def boolean(value: object, tolerances: Tolerances) -> bool | None:
    """Return the boolean that a string spells, or None if it spells none or must not."""
    found = _BOOLEANS.get(value.lower()) if isinstance(value, str) else None
    if found is not None and tolerances.permit(Tolerance.BOOLEAN_TEXT):
        return found
    return None
