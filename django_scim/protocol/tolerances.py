"""The deviations from the RFCs that real connectors need, and the built-in profiles.

The code that meets a deviation asks ``Tolerances.permit``, each deviation in one place only. The
event of the request lists the tolerances that it used.
"""

from dataclasses import dataclass
from enum import StrEnum


class Tolerance(StrEnum):
    """A deviation that a profile can accept; the comments give an example and who sends it."""

    ANY_ACCEPT = "any-accept"  # an Accept header that excludes JSON: various HTTP libraries
    ATTRIBUTE_BRACKETS = "attribute-brackets"  # attributes=emails[type eq "work"]: Microsoft
    BARE_EXTENSION = "bare-extension"  # "manager" without its URN: Entra's documentation
    BARE_VALUE = "bare-value"  # "id" for {"value": "id"}: Entra's manager and members
    BOOLEAN_TEXT = "boolean-text"  # "True" and "False": Entra
    CREATE_TARGET = "create-target"  # emails[type eq "work"].value creates the value: Entra
    DOT_AFTER_URN = "dot-after-urn"  # urn:...:User.manager: Microsoft's collections
    JSON_TEXT = "json-text"  # a JSON document inside a string: Keycloak extensions
    KEEP_MEMBERS = "keep-members"  # a PUT of a group without members keeps them
    KEEP_SELECTORS = "keep-selectors"  # replacing emails[type eq "work"] keeps the type: Entra
    LISTED_REMOVAL = "listed-removal"  # remove members with a list removes only those: Entra
    LONE_ELEMENT = "lone-element"  # emails as a single object: OneLogin
    LOOSE_FORMAT = "loose-format"  # "USA" for a country, spaces in a URI: many directories
    MISSPELT_URN = "misspelt-urn"  # ...:extension:enterprise:2.0User: Entra's documentation
    NUMBER_TEXT = "number-text"  # numbers and lists of a .search as strings: Keycloak
    PATH_KEYS = "path-keys"  # "name.givenName" as a key in a value without a path: Entra
    PENDING_REFERENCE = "pending-reference"  # a manager who has not been created yet: all
    SINGLE_IN_LIST = "single-in-list"  # [{"value": "x"}] for a single value: Entra's old job
    UNKNOWN_ATTRIBUTE = "unknown-attribute"  # ignored, as RFC 7644 section 3.3 allows
    UNKNOWN_SCHEMA = "unknown-schema"  # the client's own URN in "schemas": Entra's groups
    UNQUOTED_VALUE = "unquoted-value"  # filter=userName eq bjensen: Microsoft's collections
    VALUE_PATH_SUFFIX = "value-path-suffix"  # filter=emails[type eq "work"].value eq "x": Entra


@dataclass(frozen=True)
class Profile:
    """The tolerances of a connection, and its answers where the RFC leaves a choice."""

    name: str
    tolerances: frozenset[Tolerance]
    #: Answer the PATCH of a group with 200 and the group, instead of 204.
    returns_patched_groups: bool = False
    #: Add the ``id`` to each result of a bulk request.
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
"""The built-in profiles by name."""


class Tolerances:
    """The tolerances of one request, and which of them it has used."""

    def __init__(self, profile: Profile = PROFILES["strict"]) -> None:
        self.profile = profile
        self.used: set[Tolerance] = set()

    def permit(self, tolerance: Tolerance) -> bool:
        """Return whether the profile accepts a deviation, and record its use if so."""
        if tolerance in self.profile.tolerances:
            self.used.add(tolerance)
            return True
        return False


_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_MISSPELT_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0user"
_DOTTED_ENTERPRISE = f"{_ENTERPRISE.lower()}."


def mend_urn(text: str, tolerances: Tolerances) -> str:
    """Return a path, a key or a URN with the tolerated misspellings of the URN corrected."""
    if ":" not in text:
        return text
    lowered = text.lower()
    if lowered.startswith(_MISSPELT_ENTERPRISE) and tolerances.permit(Tolerance.MISSPELT_URN):
        text = _ENTERPRISE + text[len(_MISSPELT_ENTERPRISE) :]
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
