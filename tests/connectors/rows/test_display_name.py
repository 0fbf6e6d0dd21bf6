"""displayName of the site's accounts without one, which imports of clients require (row J21).

A server may assign a value to an attribute that the client leaves out (RFC 7644 section 3.3).
"""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from django_scim import connections
from django_scim.adapters import Custom, UserAdapter
from django_scim.models import UserProfile
from tests.client import ENTERPRISE, assert_error

NAMES = {
    "full": ("Ärne", "Öst", "Ärne Öst"),
    "given": ("Bea", "", "Bea"),
    "family": ("", "Cox", "Cox"),
    "none": ("", "", "none"),
}


@pytest.fixture
def site(connect):
    """Return a client that sees four accounts of the site, without display names."""
    for name, (first, last, _) in NAMES.items():
        User.objects.create_user(name, first_name=first, last_name=last)
    return connect(scope="site")


def user_of(client, name):
    (found,) = client.find(f'userName eq "{name}"')
    return found


def test_row_J21_every_account_has_a_display_name(site):
    shown = {each["userName"]: each["displayName"] for each in site.find("userName pr")}
    assert shown == {name: display for name, (_, _, display) in NAMES.items()}
    assert not UserProfile.objects.exists()
    part = site.get("/Users", {"attributes": "displayName"}).data["Resources"]
    assert sorted(each["displayName"] for each in part) == sorted(shown.values())
    without = site.get("/Users", {"excludedAttributes": "displayName"}).data["Resources"]
    assert not any("displayName" in each for each in without)


def test_row_J21_formatted_name_comes_first(site):
    path = f"/Users/{user_of(site, 'full')['id']}"
    change = {"op": "add", "path": "name.formatted", "value": "Dr. Ärne Öst"}
    assert site.patch(path, change).data["displayName"] == "Dr. Ärne Öst"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('displayName eq "ärne öst"', ["full"]),
        ('displayName eq "ÄRNE ÖST"', ["full"]),
        ('displayName eq "full"', []),
        ('displayName eq "NONE"', ["none"]),
        ('displayName ne "Bea"', ["family", "full", "none", "set"]),
        ('not (displayName eq "Bea")', ["family", "full", "none", "set"]),
        ('displayName sw "ärne"', ["full"]),
        ('displayName ew "ox"', ["family"]),
        ('displayName co "e"', ["full", "given", "none"]),
        ('not (displayName co "e")', ["family", "set"]),
        ('displayName gt "cox"', ["full", "none", "set"]),
        ('displayName le "cox"', ["family", "given"]),
        ("displayName pr", ["family", "full", "given", "none", "set"]),
        ("not (displayName pr)", []),
        ('displayName eq "Fixüd"', ["set"]),
        ('displayName eq "Given Family"', []),
        ('displayName eq "Bea" or displayName eq "Fixüd"', ["given", "set"]),
    ],
)
def test_row_J21_filters_see_what_is_shown(site, text, found):
    site.make_user("set", displayName="Fixüd", name={"givenName": "Given", "familyName": "Family"})
    assert sorted(each["userName"] for each in site.find(text)) == found


def test_row_J21_sorting_sees_what_is_shown(site):
    site.make_user("set", displayName="bob")
    expected = ["Bea", "bob", "Cox", "none", "Ärne Öst"]  # by code point, folded
    for order, wanted in (("ascending", expected), ("descending", expected[::-1])):
        query = {"sortBy": "displayName", "sortOrder": order}
        listed = site.get("/Users", query).data["Resources"]
        assert [each["displayName"] for each in listed] == wanted
        pages = site.pages("/Users", count=2, **query)
        walked = [each["displayName"] for page in pages for each in page["Resources"]]
        assert walked == wanted


def test_row_J21_references_show_the_same_name(site):
    ann = user_of(site, "full")
    group = site.make_group("G", ann)
    assert [each["display"] for each in group["members"]] == ["Ärne Öst"]
    for text in ('members.display eq "ärne öst"', 'members[display sw "ärne"]'):
        assert [each["id"] for each in site.find(text, "/Groups")] == [group["id"]]
    other = site.make_user("other", **{ENTERPRISE: {"manager": {"value": ann["id"]}}})
    assert other[ENTERPRISE]["manager"]["displayName"] == "Ärne Öst"
    found = site.find(f'{ENTERPRISE}:manager.displayName eq "ärne öst"')
    assert [each["userName"] for each in found] == ["other"]


def test_row_J21_a_stored_name_comes_first_and_its_end_shows_the_default(site):
    path = f"/Users/{user_of(site, 'full')['id']}"
    stored = {"op": "replace", "path": "displayName", "value": "Boss"}
    for clear in (
        {"op": "remove", "path": "displayName"},
        {"op": "replace", "path": "displayName", "value": None},
        {"op": "replace", "value": {"displayName": ""}},
    ):
        assert site.patch(path, stored).data["displayName"] == "Boss"
        assert site.patch(path, clear).data["displayName"] == "Ärne Öst"
    site.patch(path, stored)
    assert site.put(path, {"userName": "full"}).data["displayName"] == "full"


def test_row_J21_default_that_is_sent_back_is_not_stored(site, events):
    read = site.get(f"/Users/{user_of(site, 'full')['id']}").data
    path = f"/Users/{read['id']}"
    again = site.put(path, read)
    assert again.data == read
    assert events(connection=site.connection)[-1].outcome == "no_change"
    changed = read | {"name": {"givenName": "Ärne", "familyName": "Ny"}}
    answer = site.put(path, changed)
    assert answer.data["displayName"] == "Ärne Ny"
    same = {"op": "replace", "path": "displayName", "value": "Ärne Ny"}
    site.patch(path, same)
    User.objects.filter(username="full").update(last_name="Third")
    assert site.get(path).data["displayName"] == "Ärne Third"


def test_row_J21_name_that_a_client_chooses_is_stored(site):
    """What a POST sets, and any other value than the shown one, does not follow the name."""
    name = {"givenName": "Eve", "familyName": "Fox"}
    made = site.make_user("eve", displayName="Eve Fox", name=name)
    path = f"/Users/{made['id']}"
    rename = {"op": "replace", "path": "name.familyName", "value": "Gray"}
    assert site.patch(path, rename).data["displayName"] == "Eve Fox"
    clear = {"op": "remove", "path": "displayName"}
    both = [clear, {"op": "add", "path": "displayName", "value": "Eve Fox"}]
    assert site.patch(path, *both).data["displayName"] == "Eve Fox"
    assert "displayName" not in site.patch(path, clear).data
    own = {"op": "replace", "path": "displayName", "value": "E. G."}
    assert site.patch(path, own, rename | {"value": "H"}).data["displayName"] == "E. G."


def test_row_J21_account_of_the_connection_has_no_default(site):
    """It shows what the client sent: a removed value is gone (RFC 7644 section 3.5.2.2)."""
    made = site.make_user("eve", name={"givenName": "Eve"})
    assert "displayName" not in made
    group = site.make_group("Guides", made, user_of(site, "given"))
    shown = {each["value"]: each.get("display") for each in group["members"]}
    assert shown == {made["id"]: None, user_of(site, "given")["id"]: "Bea"}
    for text in ('displayName eq "eve"', 'displayName sw "E"'):
        assert site.find(text) == []
    for text, number in (('members.display eq "eve"', 0), ('members.display eq "bea"', 1)):
        assert site.get("/Groups", {"filter": text}).data["totalResults"] == number
    missing = site.find("not (displayName pr)")
    assert [each["userName"] for each in missing] == ["eve"]
    assert made["id"] in {each["id"] for each in site.find('displayName ne "Bea"')}
    order = [each["id"] for each in site.get("/Users", {"sortBy": "displayName"}).data["Resources"]]
    assert order[-1] == made["id"]


def test_row_J21_account_that_was_adopted_or_assigned_has_one(connect):
    client = connect(adoption="username")
    for name in ("amy", "bob"):
        User.objects.create_user(name, first_name=name.title())
    assert client.make_user("amy")["displayName"] == "Amy"
    connections.assign(client.connection, User.objects.get(username="bob"))
    assert user_of(client, "bob")["displayName"] == "Bob"


class Login(Custom):
    """A user name without a column that could be shown instead of a display name."""

    select = {"name": "username"}
    writes = ("username",)

    def read(self, name):
        return name

    def write(self, value):
        return {"username": value}

    def filter(self, op, value, sub=""):
        return Q(username=value)


class WithoutTexts(UserAdapter):
    attributes = {
        path: mapping
        for path, mapping in UserAdapter.attributes.items()
        if not path.startswith("name.")
    } | {"userName": Login()}


def test_row_J21_site_without_texts_has_no_default(connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.WithoutTexts"}}
    User.objects.create_user("amy")
    site = connect(scope="site")
    amy = user_of(site, "amy")
    assert "displayName" not in amy
    own = {"op": "replace", "path": "displayName", "value": "Amy"}
    assert site.patch(f"/Users/{amy['id']}", own).data["displayName"] == "Amy"
    assert len(site.find('displayName eq "amy"')) == 1


def test_row_J21_version_follows_the_name(site):
    read = site.get(f"/Users/{user_of(site, 'full')['id']}").data
    path = f"/Users/{read['id']}"
    User.objects.filter(username="full").update(first_name="New")
    answer = site.get(path, if_none_match=read["meta"]["version"])
    assert answer.status_code == 200 and answer.data["displayName"] == "New Öst"
    stale = site.put(path, read, if_match=read["meta"]["version"])
    assert_error(stale, 412)


def test_row_J21_needs_no_further_statement(site):
    site.get("/Users")  # notes the use of the token
    with CaptureQueriesContext(connection) as names:
        site.get("/Users", {"attributes": "userName"})
    with CaptureQueriesContext(connection) as displays:
        site.get("/Users", {"attributes": "displayName"})
    assert len(displays) == len(names)
