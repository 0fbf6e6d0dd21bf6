"""The adapter contract for users identified by e-mail."""

from django_scim.testing import AdapterContract

PATTERNS = {"userName": "person{}@example.com"}


class TestUsers(AdapterContract):
    resource_type = "User"
    patterns = PATTERNS


class TestGroups(AdapterContract):
    resource_type = "Group"
    patterns = PATTERNS
