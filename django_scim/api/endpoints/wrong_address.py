"""URLs that are not endpoints, and those of a site whose adapters cannot be imported.

The connector gets a SCIM error, not the site's HTML page.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from rest_framework.request import Request

from ...conf import settings
from ...protocol.errors import InvalidVersion, NotFound, ScimError
from ..views import ScimView, correlation_id


class WrongAddress(ScimView):
    """A URL that is not an endpoint. The error, and so the event, says which URL to use.

    The pattern captures what comes after the prefix of the SCIM base as ``rest``.
    """

    #: The segment that follows the prefix in the SCIM base URL.
    version_segment = "v2"

    def dispatch(self, request: HttpRequest, *args: Any, rest: str = "", **kwargs: Any) -> Any:
        prefix = request.path.removesuffix(rest)
        self.right_base = f"{prefix}{self.version_segment}".rstrip("/")
        return super().dispatch(request, *args, **kwargs)

    def base_url(self) -> str:
        if settings.BASE_URL:
            return f"{settings.BASE_URL.rstrip('/')}{self.right_base}"
        return str(self.request.build_absolute_uri(self.right_base))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise self.error(f"the base URL of this server is {self.base_url()}")

    def error(self, advice: str) -> ScimError:
        return NotFound(f"there is no endpoint {self.request.path[:200]!r}; {advice}", "wrong_url")


class UnknownEndpoint(WrongAddress):
    """Every URL below the SCIM base that no other pattern matches."""

    version_segment = ""


class Misconfigured(ScimView):
    """Every URL of a site whose adapters cannot be imported. Nothing is served at all."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.correlation_id = correlation_id(request)
        raise ImproperlyConfigured("DJANGO_SCIM has errors; run manage.py check for details")


class OtherVersion(WrongAddress):
    """URLs of other protocol versions, such as ``v1`` (RFC 7644 section 3.13)."""

    def error(self, advice: str) -> ScimError:
        return InvalidVersion(f"this server only supports SCIM v2; {advice}")
