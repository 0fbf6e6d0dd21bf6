"""The contract for migrations on a site that has users or data of an earlier version.

The ``test_migrations.py`` of a site subclasses it and describes the site's models.
"""

import io
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from django_scim.models import Connection, Event, UserLink, fold_key
from django_scim.models.tokens import digest
from tests.client import ENTERPRISE, USER, ScimClient, assert_error
from tests.databases import MARIADB

FIRST = ("django_scim", "0001_initial")
NOTHING = ("django_scim", None)
LONG_AGO = datetime(2024, 5, 1, 8, 30, tzinfo=UTC)
CHANGES = [{"path": "title", "old": None, "new": "Guide"}]
SECRET = "scim_of_long_ago"
SCOPES = [f"{area}:{verb}" for area in ("users", "groups") for verb in ("read", "write")]
AMY, BOB, GONE, GUIDES = (f"{n * 8}-0000-4000-8000-000000000000" for n in "1234")


def migrate(*targets):
    """Migrate to the given states, forwards or backwards."""
    MigrationExecutor(connection).migrate(list(targets))


def models_at(*targets):
    """Return the registry of historical models at these migrations."""
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps


def migrate_everything():
    call_command("migrate", verbosity=0)


def our_tables():
    return [n for n in connection.introspection.table_names() if n.startswith("django_scim_")]


def connect(name, scope="own"):
    """Return a client with the token that ``scim_connect`` prints."""
    out = io.StringIO()
    call_command("scim_connect", name, scope=scope, quiet=True, stdout=out)
    return ScimClient(Connection.objects.get(name=name), out.getvalue().strip())


@pytest.mark.django_db(transaction=True)
class MigrationContract:
    """Users named Amy and Bob, and a third whose name differs from Amy's only in case."""

    amy, other_amy, bob, superuser = "Amy", "amy", "bob", "root"
    has_email = True  # in addition to the user name
    first = (FIRST,)
    group_link = ("django_scim", "GroupLink")

    @pytest.fixture(autouse=True)
    def migrate_forwards_again(self, transactional_db):
        """Restore the tables, which are flushed after each test."""
        yield
        migrate_everything()

    def make_user(self, name, **fields):
        if self.has_email:
            fields["email"] = f"{name}@example.com"
        return get_user_model().objects.create_user(name, **fields)

    def make_group(self, member):
        """Return a group of the site with that member, or None if it publishes no groups."""
        group = Group.objects.create(name="Guides")
        member.groups.add(group)
        return group

    # A site that had users before it installed the package

    def test_migrates_an_empty_database(self):
        loader = MigrationExecutor(connection).loader
        migrate(*((app, None) for app in sorted(loader.migrated_apps)))
        assert not our_tables()
        migrate_everything()
        scim = connect("Okta")
        made = scim.make_user(self.amy, externalId="7")
        assert scim.get(f"/Users/{made['id']}").data == made

    def test_users_from_before_the_installation_are_linked(self):
        names_found = {self.amy} if MARIADB else {self.amy, self.other_amy}  # MariaDB ignores case
        migrate(NOTHING)
        with transaction.atomic():  # missing tables must not break the site's transaction
            for name in (*names_found, self.bob):
                self.make_user(name)
        if self.superuser:
            self.make_user(self.superuser, is_superuser=True)
        migrate_everything()
        scim = connect("Okta", "site")
        for text, names in (
            (self.amy.upper(), names_found),
            (self.bob.upper(), {self.bob}),
            (self.superuser, set()),
        ):
            found = scim.find(f'userName eq "{text}"')
            assert {each["userName"] for each in found} == names
        assert scim.get("/Users").data["totalResults"] == len(names_found) + 1
        if self.has_email:
            (found,) = scim.find(f'emails[type eq "work" and value eq "{self.bob}@EXAMPLE.com"]')
            assert found["emails"][0]["value"] == f"{self.bob}@example.com"
        (bob,) = scim.find(f'userName eq "{self.bob}"')
        self.assert_can_change(scim, bob["id"])

    # A site with data of the first version

    def test_keeps_data_of_the_first_version(self):
        amy, bob = self.make_user(self.amy), self.make_user(self.bob)
        migrate(NOTHING)
        migrate(*self.first)
        self.fill(models_at(*self.first), amy, bob)
        migrate_everything()
        scim = ScimClient(Connection.objects.get(name="Long ago"), SECRET)
        resource = scim.get(f"/Users/{AMY}").data
        assert scim.find(f'userName eq "{self.amy.upper()}"') == [resource]
        assert scim.find('externalId eq "a-7" and displayName eq "AMY A."') == [resource]
        assert (resource["id"], resource["title"]) == (AMY, "Guide")
        assert resource["meta"]["created"] == "2024-05-01T08:30:00Z"
        assert resource["phoneNumbers"] == [{"value": "Tel 1", "type": "mobile", "primary": True}]
        assert scim.find('phoneNumbers.value eq "TEL 1"') == [resource]
        if self.has_email:
            email = {"value": f"{self.amy}@example.com", "type": "work", "primary": True}
            assert resource["emails"] == [email]
        assert resource[ENTERPRISE]["manager"]["value"] == BOB
        assert UserLink.objects.get(scim_id=AMY).version == 3
        self.assert_groups_are_kept(scim, resource)
        assert_error(scim.get(f"/Users/{GONE}"), 404)
        assert UserLink.objects.get(scim_id=GONE).former_target_key == "4711"
        event = Event.objects.get(scim_id=AMY)
        assert (event.changes, event.connection) == (CHANGES, scim.connection)
        body = {"schemas": [USER], "userName": self.amy.swapcase()}
        assert_error(scim.post("/Users", body), 409, "uniqueness")
        self.assert_can_change(scim, AMY)

    def assert_can_change(self, scim, scim_id):
        scim.patch(f"/Users/{scim_id}", {"op": "replace", "path": "title", "value": "Chief"})
        assert scim.get(f"/Users/{scim_id}").data["title"] == "Chief"

    def fill(self, apps, amy, bob):
        """Store the data of an identity provider with the historical models."""

        def make(model, **values):
            return apps.get_model("django_scim", model).objects.create(**values)

        ours = make("Connection", name="Long ago")
        make("Token", connection=ours, digest=digest(SECRET), scopes=SCOPES)
        common = {"connection": ours, "created": LONG_AGO, "last_modified": LONG_AGO}
        make("UserLink", **common, scim_id=AMY, external_id="a-7", target_id=amy.pk, version=3)
        make("UserLink", **common, scim_id=BOB, target_id=bob.pk)
        make("UserLink", **common, scim_id=GONE, former_target_key="4711")
        make("UserKey", user_id=amy.pk, folded=fold_key(self.amy), claim=fold_key(self.amy))
        make("UserKey", user_id=bob.pk, folded=fold_key(self.bob))
        make("UserProfile", user_id=amy.pk, display_name="Amy A.", title="Guide", manager_id=bob.pk)
        value = {"user_id": amy.pk, "primary": True}
        make("UserValue", **value, attribute="phoneNumbers", value="Tel 1", type="mobile")
        if self.has_email:
            key = fold_key(amy.email)
            make("UserValue", **value, attribute="emails", type="work", mirrored=True, key=key)
        make("Event", connection=ours, scim_id=AMY, changes=CHANGES, outcome="success")
        if group := self.make_group(amy):
            link = apps.get_model(*self.group_link).objects
            link.create(**common, scim_id=GUIDES, display_name="Guides", target_id=group.pk)

    def assert_groups_are_kept(self, scim, user):
        (group,) = scim.find('displayName eq "GUIDES"', "/Groups")
        assert group["id"] == user["groups"][0]["value"] == GUIDES
        assert [each["value"] for each in group["members"]] == [AMY]

    # Backwards

    def test_unapply_all_and_migrate_again(self):
        connect("Okta").make_user(self.amy, title="Guide", phoneNumbers=[{"value": "1"}])
        migrate(NOTHING)
        assert not our_tables()
        assert get_user_model().objects.get().get_username() == self.amy
        get_user_model().objects.get().save()
        migrate_everything()
        assert not Connection.objects.exists()
        scim = connect("Okta", "site")
        (found,) = scim.find(f'userName eq "{self.amy.upper()}"')
        assert "title" not in found

    def test_back_to_the_first_migration_and_forwards(self):
        scim = connect("Okta")
        made = scim.make_user(self.amy, externalId="7", title="Guide")
        migrate(FIRST)
        migrate_everything()
        assert scim.get(f"/Users/{made['id']}").data == made

    def test_migrations_match_the_models(self):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
