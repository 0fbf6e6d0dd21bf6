"""The settings: one dict, ``DJANGO_SCIM``, every key of which has a default.

``conf.settings.MAX_PAGE_SIZE`` reads a value; dotted paths are imported. Nothing is written to
``django.conf.settings``, and ``override_settings`` works.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from django.conf import settings as site_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

#: What importing an adapter's module can end in: a schema file that is not there, or flawed; a
#: model of an app that is not installed.
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


@dataclass(frozen=True)
class Defaults:
    """Every setting with its type and default; the docs describe them one by one."""

    #: The adapter class of each resource type, as a dotted path; None publishes no such type.
    ADAPTERS: dict[str, str] = field(
        default_factory=lambda: {
            "User": "django_scim.adapters.UserAdapter",
            "Group": "django_scim.adapters.GroupAdapter",
        }
    )
    #: Other adapters for a connection of that name: {"Okta": {"User": "acme.scim.OktaUser"}}.
    CONNECTION_ADAPTERS: dict[str, dict[str, str]] = field(default_factory=dict)
    #: The policies of adoption that a connection can have, by name, as dotted paths.
    ADOPTION_POLICIES: dict[str, str] = field(
        default_factory=lambda: {
            "username": "django_scim.adapters.accounts.adoption.ByUserName",
            "email": "django_scim.adapters.accounts.adoption.ByVerifiedEmail",
        }
    )
    #: What finds the token behind a secret, as dotted paths: asked one after the other.
    TOKEN_FINDERS: list[str] = field(
        default_factory=lambda: ["django_scim.api.authentication.find_token"]
    )
    #: Addresses and networks of the site's own proxies, whose X-Forwarded-For is believed.
    TRUSTED_PROXIES: list[str] = field(default_factory=list)
    #: Whether plain HTTP is served outside DEBUG; loopback always is.
    ALLOW_HTTP: bool = False
    #: Whether ServiceProviderConfig is read without a token, as RFC 7643 section 5 advises.
    ANONYMOUS_CONFIG: bool = True
    #: Whether PUT, PATCH and DELETE need If-Match; without it they are 428.
    REQUIRE_IF_MATCH: bool = False
    #: Requests a second for each connection, 0 for no limit, and how many at once.
    THROTTLE_RATE: int = 0
    THROTTLE_BURST: int = 100
    #: Scheme and host for ``meta.location``, such as "https://example.com"; else the request's.
    BASE_URL: str = ""
    #: Resources in a page when a client asks for no number, and at most.
    PAGE_SIZE: int = 100
    MAX_PAGE_SIZE: int = 1_000
    #: Resources that may match a query that does not page, 0 for any number.
    MAX_RESULTS: int = 0
    #: Seconds that a cursor leads on to the next page.
    CURSOR_TIMEOUT: int = 3_600
    #: Attributes that no filter in a URL may name, such as "emails"; a POST to .search may.
    SENSITIVE_FILTERS: list[str] = field(default_factory=list)
    #: Bytes in a request's body.
    MAX_BODY_SIZE: int = 10 * 1024 * 1024
    #: Nesting of a body, and values in one of its lists (members of a group).
    MAX_JSON_DEPTH: int = 30
    MAX_VALUES: int = 50_000
    #: Limits of one filter: characters, nesting, terms.
    MAX_FILTER_LENGTH: int = 20_000
    MAX_FILTER_DEPTH: int = 40
    MAX_FILTER_TERMS: int = 500
    #: Operations in one bulk request, 0 for no Bulk at all, and bytes in its body.
    BULK_MAX_OPERATIONS: int = 1_000
    BULK_MAX_PAYLOAD: int = 10 * 1024 * 1024
    #: Operations in one PATCH.
    MAX_PATCH_OPERATIONS: int = 1_000
    #: Characters of a body that the event of a failure keeps.
    EVENT_BODY_LIMIT: int = 10_000
    #: What an event keeps of an attribute's values: keep, mask, hash or drop, by its path.
    REDACT: dict[str, str] = field(default_factory=dict)
    #: Days until a new token expires; 0 means never.
    TOKEN_DAYS: int = 365
    #: Days that a rotated token goes on to work beside its successor.
    TOKEN_OVERLAP_DAYS: int = 7
    #: Seconds between two updates of a token's last use.
    LAST_USED_INTERVAL: int = 300
    #: Whether the resource types appear in the site's OpenAPI document (drf-spectacular).
    OPENAPI: bool = False
    #: Where the site documents its SCIM service, for ServiceProviderConfig.
    DOCUMENTATION_URI: str = ""


class Settings:
    """Typed access to ``DJANGO_SCIM``; unknown keys raise AttributeError."""

    @cached_property
    def _values(self) -> dict[str, Any]:
        defaults = {item.name: getattr(Defaults(), item.name) for item in fields(Defaults)}
        given = dict(getattr(site_settings, "DJANGO_SCIM", {}))
        adapters = defaults["ADAPTERS"] | dict(given.get("ADAPTERS", {}))
        given["ADAPTERS"] = {name: path for name, path in adapters.items() if path}
        policies = defaults["ADOPTION_POLICIES"] | dict(given.get("ADOPTION_POLICIES", {}))
        given["ADOPTION_POLICIES"] = policies
        return defaults | given

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"DJANGO_SCIM has no setting {name!r}") from None

    def adapter_classes(self, connection: str = "") -> dict[str, type]:
        """Import the adapter class of every resource type, those of a connection's own included.

        Raises one of IMPORT_ERRORS.
        """
        own = self.CONNECTION_ADAPTERS.get(connection, {})
        return {name: import_string(own.get(name, path)) for name, path in self.ADAPTERS.items()}

    def reload(self) -> None:
        self.__dict__.pop("_values", None)


settings = Settings()


def _reload(*, setting: str, **kwargs: object) -> None:
    if setting == "DJANGO_SCIM":
        settings.reload()


setting_changed.connect(_reload, dispatch_uid="django_scim.conf")
