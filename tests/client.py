"""Names of the package's testing client that the tests use."""

from django_scim.protocol.attributes import ENTERPRISE_URN as ENTERPRISE
from django_scim.protocol.attributes import GROUP_URN as GROUP
from django_scim.protocol.attributes import USER_URN as USER
from django_scim.protocol.messages.patch import PATCH_URN as PATCH
from django_scim.testing import ScimClient, assert_error

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BASE = "/scim/v2"

__all__ = ["BASE", "ENTERPRISE", "GROUP", "PATCH", "SEARCH", "USER", "ScimClient", "assert_error"]
