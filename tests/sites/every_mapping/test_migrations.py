"""Migrations with a custom group model and its own link, whose tables depend on those of the
package.
"""

from importlib import import_module

import pytest

from tests.sites.every_mapping.models import Membership, Organisation, Squad
from tests.sites.migration_contract import FIRST, MigrationContract


class TestMigrations(MigrationContract):
    first = (FIRST, ("every_mapping", "0001_initial"))
    group_link = ("every_mapping", "SquadLink")

    @pytest.fixture(autouse=True)
    def depend_on_first_migration(self, monkeypatch, migrate_forwards_again):
        """Let the site's link depend on the first migration, as on a site that started with it."""
        migration = import_module("tests.sites.every_mapping.migrations.0001_initial").Migration
        older = [FIRST if app == "django_scim" else (app, name)
                 for app, name in migration.dependencies]  # fmt: skip
        monkeypatch.setattr(migration, "dependencies", older)

    def make_group(self, member):
        squad = Squad.objects.create(
            name="Guides", organisation=Organisation.objects.create(name="Long ago")
        )
        Membership.objects.create(squad=squad, person=member)
        return squad
