"""System checks and hooks of this site's adapters."""

from django.core.management import call_command
from django.db.models.signals import post_delete, post_save

from django_scim.adapters import Attribute, Field, GroupAdapter, ResourceAdapter, Schema
from tests.sites.every_mapping.adapters import AcmeUserAdapter
from tests.sites.every_mapping.models import Employee, Organisation, Phone, Squad, SquadLink
from tests.sites.every_mapping.schemas import ACME, acme


class SquadWithoutOrganisationAdapter(ResourceAdapter):
    """Create squads without the organisation that the model requires."""

    name, endpoint, schema = "Group", "Groups", GroupAdapter.schema
    model, link = Squad, SquadLink
    attributes = {"displayName": Field("name")}


def test_checks_pass_and_migrations_are_complete(db, capsys):
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    assert "no issues" in capsys.readouterr().out


def test_reports_required_column_without_mapping():
    (error,) = SquadWithoutOrganisationAdapter.examine_declaration().errors
    assert error.code == "W002" and "'organisation'" in error.text


def test_hook_sets_an_unmapped_column(scim):
    made = scim.make_group("Guides")
    squad = Squad.objects.get()
    assert squad.organisation == Organisation.objects.get(name=scim.connection.name)
    assert scim.get(f"/Groups/{made['id']}").data["displayName"] == "Guides"


class ShirtAdapter(AcmeUserAdapter):
    """Add one attribute, which takes a line in the schema and one in the adapter."""

    extensions = [
        *AcmeUserAdapter.extensions[:-1],
        Schema(ACME, acme.name, "", (*acme.attributes, Attribute(name="shirt"))),
    ]
    attributes = AcmeUserAdapter.attributes | {
        f"{ACME}:shirt": Field("employee.shirt"),
    }


def test_new_attribute_takes_one_line(scim, settings):
    adapters = settings.DJANGO_SCIM["ADAPTERS"] | {"User": f"{__name__}.ShirtAdapter"}
    settings.DJANGO_SCIM = {"ADAPTERS": adapters}
    call_command("check", fail_level="WARNING")
    path = f"{ACME}:shirt"
    # create and read
    one = scim.make_user("one", **{ACME: {"shirt": "M"}})
    assert one[ACME]["shirt"] == "M" and Employee.objects.get().shirt == "M"
    assert scim.get(f"/Users/{one['id']}", {"attributes": path}).data[ACME] == {"shirt": "M"}
    # patch
    other = scim.make_user("other")
    operation = {"op": "add", "path": path, "value": "L"}
    other = scim.patch(f"/Users/{other['id']}", operation).data
    assert other[ACME]["shirt"] == "L"
    # filter and sort
    assert scim.find(f'{path} eq "l"') == [other]
    assert scim.find(f'{path} ne "l"') == [one]
    listed = scim.get("/Users", {"sortBy": path}).data["Resources"]
    assert [each["userName"] for each in listed] == ["other", "one"]
    # replace and remove
    body = {"schemas": one["schemas"], "userName": "one", ACME: {"shirt": "S"}}
    assert scim.put(f"/Users/{one['id']}", body).data[ACME]["shirt"] == "S"
    removed = scim.patch(f"/Users/{one['id']}", {"op": "remove", "path": path}).data
    assert "shirt" not in removed.get(ACME, {})
    # discovery
    published = scim.get(f"/Schemas/{ACME}").data["attributes"]
    assert published[-1] == Attribute(name="shirt").to_json()


def phones(*numbers):
    return [{"value": number, "type": "work"} for number in numbers]


def change_phones(scim, name):
    """Change the phones of a user in every way and return the rows of the table."""
    user = scim.make_user(name, **{ACME: {"phones": phones("1", "2", "3")}})
    path = f"{ACME}:phones"
    scim.patch(
        f"/Users/{user['id']}",
        {"op": "remove", "path": f'{path}[value eq "1"]'},
        {"op": "replace", "path": f'{path}[value eq "2"].type', "value": "home"},
        {"op": "add", "path": path, "value": phones("4", "5")},
    )
    rows = Phone.objects.filter(user__username=name).order_by("number")
    return list(rows.values_list("number", "number_key", "kind", "is_main"))


def test_rows_are_the_same_with_signal_receivers(scim):
    """Rows are written in one statement, except if a receiver of the site needs their signals."""
    received = []

    def saved(instance, created, **kwargs):
        received.append(("created" if created else "changed", instance.number))

    def deleted(instance, **kwargs):
        received.append(("deleted", instance.number))

    without_receivers = change_phones(scim, "without_receivers")
    post_save.connect(saved, sender=Phone)
    post_delete.connect(deleted, sender=Phone)
    try:
        assert change_phones(scim, "received") == without_receivers
    finally:
        post_save.disconnect(saved, sender=Phone)
        post_delete.disconnect(deleted, sender=Phone)
    assert sorted(received) == [
        ("changed", "2"),
        *(("created", n) for n in "12345"),
        ("deleted", "1"),
    ]
    assert [row[0] for row in without_receivers] == ["2", "3", "4", "5"]
