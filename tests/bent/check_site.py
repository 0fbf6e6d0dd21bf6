"""What the checks say of this site, and the hooks of its adapters."""

from django.core.management import call_command

from django_scim.adapters import Field, GroupAdapter, ResourceAdapter
from tests.bent.models import Organisation, Squad, SquadLink


class Bare(ResourceAdapter):
    """Squads, but nothing says whose they are."""

    name, endpoint, schema = "Group", "Groups", GroupAdapter.schema
    model, link = Squad, SquadLink
    attributes = {"displayName": Field("name")}


def test_the_checks_are_silent_and_migrations_in_step(db, capsys):
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    assert "no issues" in capsys.readouterr().out


def test_a_column_that_nobody_fills_is_told():
    (flaw,) = Bare.examined().flaws
    assert flaw.code == "W002" and "'organisation'" in flaw.text


def test_a_hook_fills_what_no_attribute_is_mapped_to(scim):
    made = scim.make_group("Guides")
    squad = Squad.objects.get()
    assert squad.organisation == Organisation.objects.get(name=scim.connection.name)
    assert scim.get(f"/Groups/{made['id']}").data["displayName"] == "Guides"
