"""Case and Unicode (RFC 7643 section 2.1, RFC 7644 sections 5 and 7.8)."""

import pytest

from ..client import ENTERPRISE, PATCH, USER, assert_error

COMPOSED, DECOMPOSED = "zo\u00eb", "zoe\u0308"


def names(scim, text):
    return {user["userName"] for user in scim.find(text)}


@pytest.mark.parametrize(
    ("first", "second"),
    [(COMPOSED, DECOMPOSED), ("ZO\u00cb", DECOMPOSED), ("bjensen", "ＢＪｅｎｓｅｎ")],
    ids=["decomposed", "upper case", "full width"],
)
def test_cas_01_usernames_are_prepared(scim, first, second):
    user = scim.make_user(first)
    body = {"schemas": [USER], "userName": second}
    assert_error(scim.post("/Users", body), 409, "uniqueness", "userName")
    other = scim.make_user("other")
    operation = {"op": "replace", "path": "userName", "value": second}
    assert_error(scim.patch(f"/Users/{other['id']}", operation), 409, "uniqueness")
    assert user["userName"] == first


@pytest.mark.parametrize("value", [COMPOSED, DECOMPOSED, "ZO\u00cb", "ｚｏ\u00eb"])
def test_cas_02_filter_values_are_prepared(scim, value):
    scim.make_user(COMPOSED, displayName=DECOMPOSED, emails=[{"value": f"{COMPOSED}@x.com"}])
    for text in (
        f'userName eq "{value}"',
        f'userName sw "{value}"',
        f'displayName eq "{value}"',
        f'emails.value eq "{value}@x.com"',
    ):
        assert names(scim, text) == {COMPOSED}, text


@pytest.mark.parametrize(
    ("stored", "asked"), [("École", "ÉCOLE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("ЖУК", "жук")]
)
def test_cas_03_case_beyond_ascii(scim, stored, asked):
    scim.make_user(stored, displayName=stored, title=stored)
    for attribute in ("userName", "displayName", "title"):
        assert names(scim, f'{attribute} eq "{asked}"') == {stored}


def test_cas_03_sharp_s_differs_from_ss(scim):
    for name in ("straße", "STRASSE"):
        scim.make_user(name)
    assert names(scim, 'userName eq "STRAẞE"') == {"straße"}
    assert names(scim, 'userName eq "strasse"') == {"STRASSE"}


def test_cas_04_names_are_case_insensitive(scim):
    body = {
        "SCHEMAS": [USER.upper(), ENTERPRISE.lower()],
        "USERNAME": "bjensen",
        "Name": {"FAMILYNAME": "Jensen"},
        ENTERPRISE.upper(): {"DEPARTMENT": "R"},
    }
    made = scim.post("/Users", body)
    assert made.status_code == 201
    user = made.data
    assert user["name"] == {"familyName": "Jensen"}
    assert user[ENTERPRISE] == {"department": "R"}
    for text in (
        'USERNAME EQ "bjensen"',
        'NAME.familyname Sw "J" AND NOT (ACTIVE EQ false)',
        f'{ENTERPRISE.upper()}:DEPARTMENT eq "r" Or title PR',
        "EMAILS Pr OR Name[FamilyName PR]",
    ):
        assert names(scim, text) == {"bjensen"}, text
    path = f"/users/{user['id']}"
    changed = scim.patch(path, {"op": "add", "path": "NAME.GIVENNAME", "value": "B"}).data
    assert changed["name"] == {"familyName": "Jensen", "givenName": "B"}
    shown = scim.get(path, {"attributes": "USERNAME,name.GivenName"}).data
    assert shown["userName"] == "bjensen" and shown["name"] == {"givenName": "B"}


def test_cas_05_responses_use_the_case_of_the_schema(scim):
    user = scim.post(
        "/Users",
        {
            "schemas": [USER.upper()],
            "USERNAME": "BJensen",
            "EMAILS": [{"VALUE": "B@x.com", "TYPE": "Work"}],
            ENTERPRISE.lower(): {"costcenter": "4130"},
        },
    ).data
    assert user["schemas"] == [USER, ENTERPRISE]
    assert user["userName"] == "BJensen"
    assert user["emails"] == [{"value": "B@x.com", "type": "Work"}]
    assert user[ENTERPRISE] == {"costCenter": "4130"}
    shown = scim.get(f"/Users/{user['id']}", {"attributes": "USERNAME"}).data
    assert set(shown) == {"schemas", "id", "userName"}


@pytest.mark.parametrize("profile", ["strict", "default"])
@pytest.mark.parametrize("locale", ["en-US", "en_US", "de", "zh-Hant-TW"])
def test_cas_06_languages_and_time_zones(connect, profile, locale):
    scim = connect(profile)
    if (profile, locale) == ("strict", "en_US"):  # not a language tag of RFC 5646
        body = {"schemas": [USER], "userName": "x", "locale": locale}
        assert_error(scim.post("/Users", body), 400, "invalidValue", "locale")
        return
    sent = {
        "locale": locale,
        "preferredLanguage": "de, en-US;q=0.8",
        "timezone": "America/Los_Angeles",
    }
    user = scim.make_user(**sent)
    shown = scim.get(f"/Users/{user['id']}").data
    assert {name: shown[name] for name in sent} == sent
    wrong = {"locale": "english!", "preferredLanguage": "de;q=2", "timezone": "Mars/Base"}
    for name, value in wrong.items():
        answer = scim.post("/Users", {"schemas": [USER], "userName": name, name: value})
        if profile == "strict":
            assert_error(answer, 400, "invalidValue", name)
        else:
            assert answer.status_code == 201 and answer.data[name] == value


def test_cas_07_sorting_without_a_locale(scim):
    for number, name in enumerate(("b", "\u00e4", "Z", "a", "\u0434")):
        scim.make_user(f"u{number}", displayName=name)
    params = {"sortBy": "displayName"}
    shown = [user["displayName"] for user in scim.get("/Users", params).data["Resources"]]
    assert shown == ["a", "b", "Z", "\u00e4", "\u0434"]


@pytest.mark.parametrize("profile", ["strict", "default"])
@pytest.mark.parametrize("op", ["add", "Add", "ADD", "replace", "Replace"])
def test_cas_08_keywords_of_patch(connect, profile, op):
    scim = connect(profile)
    user = scim.make_user()
    body = {
        "Schemas": [PATCH.upper()],
        "operations": [{"OP": op, "Path": "title", "VALUE": "Guide"}],
    }
    answer = scim.request("PATCH", f"/Users/{user['id']}", body)
    assert answer.data["title"] == "Guide"
