"""Migrations with a user model without e-mail address, groups and privileges."""

from tests.sites.migration_contract import MigrationContract


class TestMigrations(MigrationContract):
    superuser, has_email = "", False

    def make_group(self, member):
        return None

    def assert_groups_are_kept(self, scim, user):
        assert "groups" not in user
