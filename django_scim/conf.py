"""The settings of the package, in one dict: ``DJANGO_SCIM``.

Code reads them as attributes: ``settings.MAX_PAGE_SIZE``. They have their defaults until Django
creates the app, so that the package can be imported before ``django.setup()``.
"""

from dataclasses import dataclass, field

from django.conf import settings as site_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db.models import Q
from django.utils.module_loading import import_string

from .protocol.profiles import ProfileError, declared_profile
from .protocol.tolerances import PROFILES, Profile

#: The errors that importing an adapter can raise: its module may load a schema that is missing or
#: malformed, or a model of an app that is not installed.
IMPORT_ERRORS = (
    ImportError,
    AttributeError,
    TypeError,
    ValueError,
    LookupError,
    OSError,
    RuntimeError,
    ImproperlyConfigured,
)


@dataclass
class Defaults:
    """Every setting with its type and default. The documentation describes each of them."""

    #: The dotted path of each resource type's adapter; None removes the type.
    ADAPTERS: dict[str, str] = field(
        default_factory=lambda: {
            "User": "django_scim.adapters.UserAdapter",
            "Group": "django_scim.adapters.GroupAdapter",
        }
    )
    #: Different adapters for a connection, by its name: {"Okta": {"User": "acme.scim.OktaUser"}}.
    CONNECTION_ADAPTERS: dict[str, dict[str, str]] = field(default_factory=dict)
    #: The profiles that a connection can have; a site declares them as in protocol/profiles.py.
    PROFILES: dict[str, Profile] = field(default_factory=lambda: dict(PROFILES))
    #: The dotted paths of the adoption policies that a connection can have.
    ADOPTION_POLICIES: dict[str, str] = field(
        default_factory=lambda: {
            "username": "django_scim.adapters.accounts.adoption.ByUserName",
            "email": "django_scim.adapters.accounts.adoption.ByVerifiedEmail",
        }
    )
    #: The names that a connection cannot give to a group, or the dotted path of a list of them or
    #: of a function that returns them for a connection.
    RESERVED_GROUPS: list[str] | str = field(default_factory=list)
    #: The dotted paths of functions that return the token for a secret; the first found is used.
    TOKEN_FINDERS: list[str] = field(
        default_factory=lambda: ["django_scim.api.authentication.find_token"]
    )
    #: Accounts that no connection reaches: a Q on the user model, or the dotted path of one.
    EXCLUDED_USERS: str | Q = ""
    #: Show in Django's admin of users and groups which connection manages each of them.
    EXTEND_USER_ADMIN: bool = False
    #: Addresses and networks of proxies whose X-Forwarded-For is trusted.
    TRUSTED_PROXIES: list[str] = field(default_factory=list)
    #: Serve plain HTTP even without DEBUG; loopback is always allowed.
    ALLOW_HTTP: bool = False
    #: Serve ServiceProviderConfig without a token, as RFC 7643 section 5 recommends.
    ANONYMOUS_CONFIG: bool = True
    #: Reject a PUT, PATCH or DELETE without If-Match (428).
    REQUIRE_IF_MATCH: bool = False
    #: Requests and bulk operations per second of each connection (0: no limit), and the number
    #: that may come at once.
    THROTTLE_RATE: int = 0
    THROTTLE_BURST: int = 100
    #: Requests without a valid token per minute from one address (0: no limit).
    THROTTLE_FAILURES: int = 60
    #: Scheme and host of ``meta.location``; "" uses those of the request.
    BASE_URL: str = ""
    #: Seconds by which a read replica may be late. Reads of a connection come from it if the
    #: connection has written nothing since; 0: always from the primary.
    READ_FROM_REPLICA: int = 0
    #: The URLconf that includes the SCIM URLs, if a middleware chooses it for each request; "" is
    #: ROOT_URLCONF.
    URLCONF: str = ""
    #: The number of resources on a page without a ``count``, and the largest ``count``.
    PAGE_SIZE: int = 100
    MAX_PAGE_SIZE: int = 1_000
    #: The number of resources that a query without paging may match (0: no limit).
    MAX_RESULTS: int = 0
    #: Seconds until a cursor expires.
    CURSOR_TIMEOUT: int = 3_600
    #: Attributes that a filter in a URL must not contain; a POST to .search may.
    SENSITIVE_FILTERS: list[str] = field(default_factory=list)
    #: The size of a request body in bytes.
    MAX_BODY_SIZE: int = 10 * 1024 * 1024
    #: The depth of a body, and the number of values in one of its lists.
    MAX_JSON_DEPTH: int = 30
    MAX_VALUES: int = 50_000
    #: The characters, depth and terms of a filter, and those of its terms that compare the values
    #: of multi-valued attributes or of references.
    MAX_FILTER_LENGTH: int = 20_000
    MAX_FILTER_DEPTH: int = 40
    MAX_FILTER_TERMS: int = 200
    MAX_FILTER_VALUE_TERMS: int = 25
    #: Seconds that the database may take for the answer to a read (0: no limit). Not on SQLite.
    QUERY_TIMEOUT: int = 5
    #: The operations of a bulk request (0: no bulk requests), and the size of its body in bytes.
    BULK_MAX_OPERATIONS: int = 1_000
    BULK_MAX_PAYLOAD: int = 10 * 1024 * 1024
    #: The passwords that one bulk request may set. Hashing one takes up to a second.
    BULK_MAX_PASSWORDS: int = 5
    #: The operations of a PATCH, and the values that they may compare and change.
    MAX_PATCH_OPERATIONS: int = 1_000
    MAX_PATCH_WORK: int = 200_000
    #: The values of one attribute of one resource, except the members of a group.
    MAX_ATTRIBUTE_VALUES: int = 1_000
    #: Characters of a request or response body that the event of a failure keeps.
    EVENT_BODY_LIMIT: int = 10_000
    #: Days that scim_prune keeps events (0: not decided).
    EVENT_RETENTION: int = 0
    #: Rules for an attribute's values in events, by its path: keep, mask, hash or drop.
    REDACT: dict[str, str] = field(default_factory=dict)
    #: Days until a new token expires (0: never).
    TOKEN_DAYS: int = 365
    #: Days that a rotated token remains valid.
    TOKEN_OVERLAP_DAYS: int = 7
    #: Seconds between updates of a token's last use.
    LAST_USED_INTERVAL: int = 300
    #: Add the resource types to the site's OpenAPI document (drf-spectacular).
    OPENAPI: bool = False
    #: The URL of your documentation, for ServiceProviderConfig.
    DOCUMENTATION_URI: str = ""


class Settings(Defaults):
    """The settings in effect: those of ``DJANGO_SCIM``, and the defaults of all others."""

    def __init__(self) -> None:
        super().__init__()
        #: The settings whose value has the wrong type. They have their default instead.
        self.invalid: list[str] = []
        #: The profiles that are not declared correctly, and why. They are not available.
        self.profile_errors: dict[object, str] = {}

    def load(self) -> None:
        """Read ``DJANGO_SCIM``. The system checks report what is wrong with it."""
        defaults = Defaults()
        given: object = getattr(site_settings, "DJANGO_SCIM", {})
        values = given if isinstance(given, dict) else {}
        self.invalid = [] if isinstance(given, dict) else ["DJANGO_SCIM"]
        for name, default in vars(defaults).items():
            value = values.get(name, default)
            if not fits(name, value, default):
                self.invalid.append(name)
                value = default
            setattr(self, name, value)
        adapters = defaults.ADAPTERS | self.ADAPTERS
        self.ADAPTERS = {name: path for name, path in adapters.items() if path}
        self.ADOPTION_POLICIES = defaults.ADOPTION_POLICIES | self.ADOPTION_POLICIES
        declared = values.get("PROFILES")
        self._load_profiles(declared if isinstance(declared, dict) else {})

    def _load_profiles(self, declared: dict[object, object]) -> None:
        self.PROFILES, self.profile_errors = dict(PROFILES), {}
        for name, declaration in declared.items():
            try:
                profile = declared_profile(name, declaration)
            except ProfileError as error:
                self.profile_errors[name] = str(error)
            else:
                self.PROFILES[profile.name] = profile

    def adapter_classes(self, connection: str = "") -> dict[str, type]:
        """Import the adapter of every resource type, for a connection or for the site.

        Raise one of IMPORT_ERRORS: ImproperlyConfigured if a setting has the wrong type, so that
        a site with a mistake in a setting is not served with the default instead.
        """
        if self.invalid:
            raise ImproperlyConfigured(f"Wrong type in DJANGO_SCIM: {', '.join(self.invalid)}.")
        own = self.CONNECTION_ADAPTERS.get(connection, {})
        return {name: import_string(own.get(name, path)) for name, path in self.ADAPTERS.items()}


#: The settings that can also be a dotted path, which leads to the value.
_OR_PATH = frozenset({"RESERVED_GROUPS"})


def has_type(value: object, kind: type) -> bool:
    """Return whether a value has the type of a setting. A bool is not an int."""
    return isinstance(value, kind) and isinstance(value, bool) is (kind is bool)


def fits(name: str, value: object, default: object) -> bool:
    """Return whether a setting can have a value, given its name and default.

    Some settings can also be a dotted path, and EXCLUDED_USERS a condition.
    """
    return (
        has_type(value, type(default))
        or (name in _OR_PATH and isinstance(value, str))
        or (name == "EXCLUDED_USERS" and isinstance(value, Q))
    )


settings = Settings()


def _reload(*, setting: str, **kwargs: object) -> None:
    if setting == "DJANGO_SCIM":
        settings.load()


setting_changed.connect(_reload, dispatch_uid="django_scim.conf")
