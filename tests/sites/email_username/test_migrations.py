"""Migrations with a user model that has only an e-mail address."""

from tests.sites.migration_contract import MigrationContract


class TestMigrations(MigrationContract):
    amy, other_amy, bob = "Amy@example.com", "amy@example.com", "bob@example.com"
    superuser, has_email = "root@example.com", False
