"""On a user model without e-mail, groups and privileges; run by ``tests/test_other_sites.py``."""

from tests.sites.migration_contract import Migrations


class TestBareUser(Migrations):
    superuser, has_email = "", False

    def make_group(self, member):
        return None

    def assert_groups_are_kept(self, scim, user):
        assert "groups" not in user
