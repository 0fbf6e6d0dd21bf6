"""Migrations with the user and group models of Django."""

from tests.sites.migration_contract import MigrationContract


class TestMigrations(MigrationContract):
    pass
