"""On a group model of the site's own, with a link of its own; run by ``tests/test_other_sites.py``.

The site's tables depend on ours, and come and go with them.
"""

from importlib import import_module

import pytest

from tests.sites.every_mapping.models import Membership, Organisation, Squad
from tests.sites.migration_contract import FIRST, Migrations


class TestOwnGroups(Migrations):
    first = (FIRST, ("every_mapping", "0001_initial"))
    group_link = ("every_mapping", "SquadLink")

    @pytest.fixture(autouse=True)
    def begun_with_our_first_migration(self, monkeypatch, migrated_in_the_end):
        """Let the site's link be as old as our first migration, as on a site that began then."""
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
