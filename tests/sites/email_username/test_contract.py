"""The battery over a user named by an e-mail address; run by ``tests/test_other_sites.py``."""

from django_scim.testing import AdapterContract

PATTERNS = {"userName": "person{}@example.com"}


class TestUsers(AdapterContract):
    resource_type = "User"
    patterns = PATTERNS


class TestGroups(AdapterContract):
    resource_type = "Group"
    patterns = PATTERNS
