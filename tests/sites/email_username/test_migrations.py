"""On a user model without a name beside its e-mail; run by ``tests/test_other_sites.py``."""

from tests.sites.migration_contract import Migrations


class TestCustomUser(Migrations):
    amy, other_amy, bob = "Amy@example.com", "amy@example.com", "bob@example.com"
    superuser, has_email = "root@example.com", False
