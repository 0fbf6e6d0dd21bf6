"""A site whose users have one column for the name, whose groups are its own, and with robots."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q

from django_scim import checks
from django_scim.adapters import UserAdapter
from django_scim.adapters.accounts.exclusions import on_target
from django_scim.testing.payloads import entra, okta
from tests.client import USER, assert_error

from .models import GroupLink, Person, Team

ROOT = Path(__file__).parents[3]


def person_of(user):
    return Person.objects.get(email=user["userName"])


# S3


@pytest.mark.parametrize(
    ("attributes", "full_name"),
    [
        ({"name": {"givenName": "Ada", "familyName": "Lovelace"}}, "Ada Lovelace"),
        ({"name": {"formatted": "Countess Ada"}}, "Countess Ada"),
        (
            {"name": {"formatted": "Countess Ada", "givenName": "Ada", "familyName": "L"}},
            "Countess Ada",
        ),
        ({"displayName": "Ada L."}, "Ada L."),
        ({"displayName": "Ada L.", "name": {"givenName": "Ada"}}, "Ada L."),
        ({"name": {"givenName": "Ada"}}, "Ada"),
        ({"displayName": "a" * 60}, "a" * 40),
        ({}, ""),
    ],
)
def test_s3_the_column_is_filled_from_the_request(scim, attributes, full_name):
    user = scim.make_user("ada@example.com", **attributes)
    assert person_of(user).full_name == full_name
    assert user.get("name", {}).get("formatted", "") == full_name


def test_s3_the_column_follows_entra_and_okta(connect):
    scim = connect("entra")
    body = entra.create_user("a@example.com", given_name="Ada", family_name="Byron")
    user = scim.post("/Users", body).data
    path = f"/Users/{user['id']}"
    scim.request("PATCH", path, entra.update_user(family_name="Lovelace"))
    assert person_of(user).full_name == "Ada Lovelace"
    scim = connect("okta")
    body = okta.create_user("b@example.com", given_name="Grace", family_name="Hopper")
    user = scim.post("/Users", body).data
    changed = okta.replace_user(user, family_name="Murray")
    del changed["name"]["formatted"]
    answer = scim.put(f"/Users/{user['id']}", changed)
    assert person_of(user).full_name == "Grace Murray"
    assert answer.data["name"]["formatted"] == "Grace Murray"
    assert scim.find('name.formatted eq "grace murray"')


def test_s3_another_change_leaves_the_column(scim):
    user = scim.make_user("a@example.com", name={"formatted": "Countess Ada"})
    operation = {"op": "replace", "path": "title", "value": "x"}
    scim.patch(f"/Users/{user['id']}", operation)
    assert person_of(user).full_name == "Countess Ada"


class FewNamesAdapter(UserAdapter):
    """Have no place for the family name and the displayed name."""

    attributes = {
        path: mapping
        for path, mapping in UserAdapter.attributes.items()
        if path not in ("name.familyName", "displayName")
    }


def test_s3_the_column_is_filled_from_the_names_that_the_site_has(scim, settings):
    adapters = settings.DJANGO_SCIM["ADAPTERS"] | {"User": f"{__name__}.FewNamesAdapter"}
    settings.DJANGO_SCIM = settings.DJANGO_SCIM | {"ADAPTERS": adapters}
    user = scim.make_user("ada@example.com", name={"givenName": "Ada"})
    assert person_of(user).full_name == "Ada"


def test_s3_the_column_follows_a_removal(scim):
    user = scim.make_user("ada@example.com", name={"givenName": "Ada", "familyName": "Byron"})
    path = f"/Users/{user['id']}"
    scim.patch(path, {"op": "remove", "path": "name.familyName"})
    assert person_of(user).full_name == "Ada"
    scim.patch(path, {"op": "remove", "path": "name.givenName"})
    assert person_of(user).full_name == ""


# S4, S5


def test_s4_one_check_reports_other_groups():
    environment = os.environ | {
        "OWN_TEAMS_BARE": "1",
        "DJANGO_SETTINGS_MODULE": "tests.sites.own_teams.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "testproject")]),
    }
    command = [sys.executable, "-m", "django", "check"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert "1 issue" in done.stderr and "(django_scim.E042)" in done.stderr
    assert "own_teams.Team, not Django's" in done.stderr
    assert "{'Group': None}" in done.stderr and "path of an adapter" in done.stderr


def test_s5_a_link_model_with_a_name_of_the_package(scim):
    assert GroupLink.__name__ == "GroupLink" and checks.check_adapters() == []
    user = scim.make_user("ada@example.com")
    group = scim.make_group("Analysts", user)
    team = Team.objects.get()
    assert team.title == "Analysts" and team.people.get() == person_of(user)
    assert scim.get(f"/Users/{user['id']}").data["groups"][0]["value"] == group["id"]
    scim.delete(f"/Groups/{group['id']}")
    assert not Team.objects.exists()


# S6


@pytest.fixture
def robot(connect):
    scim = connect(scope="site", adoption="username")
    Person.objects.create(email="ada@example.com", password="!")
    robot = Person.objects.create(email="robot@example.com", password="!", is_robot=True)
    from django_scim.connections import prepare

    prepare(scim.connection)
    return scim, robot, robot.scim_links.get().scim_id


def test_s6_excluded_accounts_are_out_of_reach(robot):
    scim, account, scim_id = robot
    assert [each["userName"] for each in scim.find("userName pr")] == ["ada@example.com"]
    assert scim.get("/Users").data["totalResults"] == 1
    path = f"/Users/{scim_id}"
    body = {"schemas": [USER], "userName": "robot@example.com", "active": False}
    operation = {"op": "replace", "path": "active", "value": False}
    assert_error(scim.get(path), 404)
    assert_error(scim.patch(path, operation), 404)
    assert_error(scim.put(path, body), 404)
    assert_error(scim.delete(path), 404)
    account.refresh_from_db()
    assert account.is_active


def test_s6_excluded_accounts_are_not_adopted(robot):
    scim, account, _ = robot
    account.scim_links.all().delete()
    response = scim.post("/Users", {"schemas": [USER], "userName": "robot@example.com"})
    assert_error(response, 409, "uniqueness")
    assert not account.scim_links.exists()


def test_s6_an_account_that_becomes_excluded_is_out_of_reach(scim):
    user = scim.make_user("ada@example.com")
    Person.objects.update(is_robot=True)
    assert_error(scim.get(f"/Users/{user['id']}"), 404)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("nowhere.ROBOTS", "nowhere"),
        ("tests.sites.own_teams.models.Team", "not to a Q"),
        (Q(nothing=1), "nothing"),
        (Q(email="x") & Q(nothing=1), "nothing"),
    ],
)
def test_s6_a_wrong_setting_is_reported(settings, setting, words):
    settings.DJANGO_SCIM = settings.DJANGO_SCIM | {"EXCLUDED_USERS": setting}
    (message,) = checks.check_paths()
    assert message.id == "django_scim.E043" and words in message.msg


def test_s6_a_wrong_setting_serves_nothing(scim, settings):
    settings.DJANGO_SCIM = settings.DJANGO_SCIM | {"EXCLUDED_USERS": "nowhere.ROBOTS"}
    assert_error(scim.get("/Users"), 500)


def test_s6_a_condition_on_users_becomes_one_on_links():
    condition = Q(a=1) & ~(Q(b=2) | Q(c__in=[3]))
    wanted = Q(target__a=1) & ~(Q(target__b=2) | Q(target__c__in=[3]))
    assert on_target(condition) == wanted
    with pytest.raises(ImproperlyConfigured):
        on_target(Q(Q(a=1), object()))
