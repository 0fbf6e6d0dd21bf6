"""Every deviation from the RFCs that a real connector needs, each named, each decided here.

A profile is a set of tolerances and of answer habits. ``strict`` has none. The code that meets a
deviation asks ``permit``; what was permitted is shown in the event of the request.
"""

from dataclasses import dataclass
from enum import StrEnum


class Tolerance(StrEnum):
    """The name says what is accepted; the comment says who sends it."""

    ANY_ACCEPT = "any-accept"  # whatever Accept says: various HTTP libraries
    ATTRIBUTE_BRACKETS = "attribute-brackets"  # attributes=emails[type eq "work"]: Microsoft's
    BARE_EXTENSION = "bare-extension"  # "manager" without its URN: Entra's documentation
    BARE_VALUE = "bare-value"  # "id" for {"value": "id"}: Entra's manager, members
    BOOLEAN_TEXT = "boolean-text"  # "True", "False": Entra
    CREATE_TARGET = "create-target"  # emails[type eq "work"].value makes the element: Entra
    DOT_AFTER_URN = "dot-after-urn"  # urn:...:User.manager: Microsoft's collections
    JSON_TEXT = "json-text"  # a JSON document inside a string: Keycloak extensions
    KEEP_MEMBERS = "keep-members"  # PUT of a group without members leaves them
    KEEP_SELECTORS = "keep-selectors"  # replace emails[type eq "work"] keeps the type: Entra
    LISTED_REMOVAL = "listed-removal"  # remove members with a value list removes those: Entra
    LONE_ELEMENT = "lone-element"  # emails as one object: OneLogin
    LOOSE_FORMAT = "loose-format"  # "USA" for a country, blanks in a URI: many directories
    MISSPELT_URN = "misspelt-urn"  # ...:extension:enterprise:2.0User: Entra's documentation
    NUMBER_TEXT = "number-text"  # numbers and lists of a .search as strings: Keycloak
    PATH_KEYS = "path-keys"  # "name.givenName" as a key of a value without path: Entra
    PENDING_REFERENCE = "pending-reference"  # a manager who has not arrived yet: all
    SINGLE_IN_LIST = "single-in-list"  # [{"value": "x"}] for a single value: Entra's old job
    UNKNOWN_ATTRIBUTE = "unknown-attribute"  # ignored (RFC 7644 3.3 leaves that free)
    UNKNOWN_SCHEMA = "unknown-schema"  # a URN of the client's own in "schemas": Entra's groups
    UNQUOTED_VALUE = "unquoted-value"  # filter=userName eq bjensen: Microsoft's collections
    VALUE_PATH_SUFFIX = "value-path-suffix"  # filter=emails[type eq "work"].value eq "x": Entra


@dataclass(frozen=True)
class Profile:
    """How a connection is answered: what is tolerated, and where the RFC leaves a choice."""

    name: str
    tolerances: frozenset[Tolerance]
    returns_patched_groups: bool = False
    returns_bulk_ids: bool = True


_COMMON = frozenset(Tolerance) - {Tolerance.UNKNOWN_SCHEMA}

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("default", _COMMON),
        Profile("entra", frozenset(Tolerance)),
        Profile("okta", _COMMON),
        Profile("strict", frozenset(), returns_patched_groups=True, returns_bulk_ids=False),
    )
}


class Tolerances:
    """The tolerances of one request, and which of them were used."""

    def __init__(self, profile: Profile = PROFILES["strict"]) -> None:
        self.profile = profile
        self.used: set[Tolerance] = set()

    def permit(self, tolerance: Tolerance) -> bool:
        """Return whether the deviation is accepted, and note its use if so."""
        if tolerance in self.profile.tolerances:
            self.used.add(tolerance)
            return True
        return False


_MISSPELT_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0user"
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def mend_urn(text: str, tolerances: Tolerances) -> str:
    """Return a path or a key of a body with the known misspellings of URNs put right."""
    lowered = text.lower()
    if lowered.startswith(_MISSPELT_ENTERPRISE) and tolerances.permit(Tolerance.MISSPELT_URN):
        text = _ENTERPRISE + text[len(_MISSPELT_ENTERPRISE) :]
        lowered = text.lower()
    dotted = _ENTERPRISE.lower() + "."
    if lowered.startswith(dotted) and tolerances.permit(Tolerance.DOT_AFTER_URN):
        text = f"{_ENTERPRISE}:{text[len(dotted) :]}"
    return text


def boolean(value: object, tolerances: Tolerances) -> bool | None:
    """Return the boolean that a string stands for, or None."""
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in words:
        if tolerances.permit(Tolerance.BOOLEAN_TEXT):
            return words[value.lower()]
    return None
