"""Names that people sign in with, or that grant access, contain only visible characters."""

import pytest
from django.contrib.auth.models import Group, User

from tests.client import GROUP, USER, assert_error

from .bulk import patch, statuses, user

#: One or more of each category, and invisible ones of visible categories.
REFUSED = {
    "Cc": "\t\n\r\x07\x1b\x7f\x85\x9f",
    "Cf": "\u00ad\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\U000e0041",
    "Zl": "\u2028",
    "Zp": "\u2029",
    "Co": "\ue000\uf8ff\U000f0000\U0010fffd",
    "Cn": "\u0378\ufdd0\uffff\U000e0fff",
    "ignorable": "\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\uffa0\U000e0100",
}
JOINERS = "\u200c\u200d\ufe0f"
EVERY = [char for chars in REFUSED.values() for char in chars]


def code(char):
    return f"U+{ord(char):04X}"


def refuse(answer, *words):
    assert_error(answer, 400, "invalidValue", *words)


@pytest.mark.parametrize("char", [*EVERY, *JOINERS], ids=code)
def test_names_of_people(scim, char):
    name = f"ad{char}a"
    found = code(char), "character 3 "
    refuse(scim.post("/Users", {"schemas": [USER], "userName": name}), "userName: ", *found)
    body = {"schemas": [USER], "userName": "ada", "emails": [{"value": name}]}
    refuse(scim.post("/Users", body), "emails[0].value: ", *found)
    body = {"schemas": [USER], "userName": "ada", "externalId": name}
    refuse(scim.post("/Users", body), "externalId: ", *found)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["\u200bada", "ada\u200b", "\u200b", "ada\n"])
def test_anywhere(scim, name):
    refuse(scim.post("/Users", {"schemas": [USER], "userName": name}), "userName: ")


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "strict"])
@pytest.mark.parametrize("char", ["\u200b", "\t", "\u202e"], ids=code)
def test_every_operation(connect, profile, char):
    scim = connect(profile)
    made = scim.make_user("ada", emails=[{"value": "a@example.com", "type": "work"}])
    path, name = f"/Users/{made['id']}", f"ad{char}a"
    for operation in (
        {"op": "replace", "path": "userName", "value": name},
        {"op": "replace", "value": {"userName": name}},
        {"op": "replace", "path": "externalId", "value": name},
        {"op": "add", "path": "emails", "value": [{"value": name}]},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": name},
        {"op": "replace", "path": "emails.value", "value": name},
        {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": name}},
    ):
        refuse(scim.patch(path, operation), code(char))
    for body in ({"userName": name}, {"userName": "ada", "emails": [{"value": name}]}):
        refuse(scim.put(path, {"schemas": [USER], **body}), code(char))
    found = scim.bulk(
        user("b"), user(name, "c"), patch(path, "replace", "userName", name),
        {"method": "PUT", "path": path, "data": {"schemas": [USER], "userName": name}},
    )  # fmt: skip
    assert statuses(found) == ["201", "400", "400", "400"]
    assert scim.get(path).data["userName"] == "ada"
    assert scim.get(path).data["emails"] == made["emails"]


@pytest.mark.parametrize("char", EVERY, ids=code)
def test_names_of_groups(scim, char):
    name = f"Gui{char}des"
    group = scim.make_group("Guides")
    path = f"/Groups/{group['id']}"
    answers = [
        scim.post("/Groups", {"schemas": [GROUP], "displayName": name}),
        scim.put(path, {"schemas": [GROUP], "displayName": name}),
        scim.patch(path, {"op": "replace", "path": "displayName", "value": name}),
    ]
    for answer in answers:
        refuse(answer, "displayName: ", code(char), "character 4 ")
    assert Group.objects.get().name == "Guides"


@pytest.mark.parametrize(
    "name", ["می\u200cخواهم", "👩\u200d💻 Devs", "❤\ufe0f", "क्\u200dष", "Ops\xa01"]
)
def test_scripts_and_emoji_need_joiners_in_names_of_groups(scim, name):
    assert scim.make_group(name)["displayName"] == name


@pytest.mark.parametrize("name", ["\u200dGuides", "Guides\u200c", "Gui\u200d\u200ddes", "\ufe0fx"])
def test_joiners_join_something(scim, name):
    answer = scim.post("/Groups", {"schemas": [GROUP], "displayName": name})
    assert_error(answer, 400, "invalidValue", "displayName: ")


@pytest.mark.parametrize(
    "name",
    ["ada@example.com", "Ада", "艾达", "עדה", "zoë", "zoe\u0308", "a b", "कमला", "o’neil", "№7"],
)
def test_visible_names_are_accepted(scim, name):
    assert scim.make_user(name, externalId=name)["userName"] == name


@pytest.mark.parametrize("char", ["\u200b", "\u202e", "\u00ad", "\u0085"], ids=code)
def test_look_ups_match_nothing(scim, char):
    """An identity provider that searches for the name before it creates the user finds nothing."""
    scim.make_user("ada", emails=[{"value": "ada"}], externalId="ada")
    scim.make_group("ada")
    for attribute in ("userName", "emails.value", "externalId"):
        assert scim.find(f'{attribute} eq "ad{char}a"') == []
    assert scim.find(f'displayName eq "ad{char}a"', "/Groups") == []


def test_other_texts_are_kept(scim):
    text = "two\nlines\u200b"
    assert scim.make_user("ada", title=text)["title"] == text
