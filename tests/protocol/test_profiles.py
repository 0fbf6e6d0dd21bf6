"""Declarations of profiles."""

import pytest

from django_scim.protocol.profiles import ANSWERS, KEYS, ProfileError, declared_profile
from django_scim.protocol.tolerances import PROFILES, Tolerance

T = Tolerance
DEFAULT, STRICT = PROFILES["default"], PROFILES["strict"]
ALL = frozenset(T)


def shown(name, declaration):
    """Return the tolerances and the answers of a declared profile."""
    profile = declared_profile(name, declaration)
    assert profile.name == name
    return profile.tolerances, [getattr(profile, key) for key in ANSWERS[:2]]


@pytest.mark.parametrize(
    ("name", "declaration", "tolerances", "answers"),
    [
        # a new profile starts from default
        ("acme", {}, DEFAULT.tolerances, [False, True]),
        ("acme", {"based_on": "keycloak", "add": ["keep-members"]}, ALL, [False, True]),
        ("acme", {"remove": ["json-text"]}, DEFAULT.tolerances - {T.JSON_TEXT}, [False, True]),
        # or from the one that it names
        ("acme", {"based_on": "entra"}, frozenset(T), [False, True]),
        ("acme", {"based_on": "strict"}, frozenset(), [True, False]),
        ("acme", {"based_on": "strict", "add": {T.JSON_TEXT}}, {T.JSON_TEXT}, [True, False]),
        # a list is exact
        ("acme", ["json-text", "path-keys"], {T.JSON_TEXT, T.PATH_KEYS}, [True, False]),
        ("okta", ("json-text",), {T.JSON_TEXT}, [True, False]),
        ("acme", [], frozenset(), [True, False]),
        # the name of a built-in profile changes it
        ("keycloak", {"add": ["keep-members"]}, ALL, [False, True]),
        ("strict", {"add": ["json-text"]}, {T.JSON_TEXT}, [True, False]),
        ("strict", {"based_on": "okta"}, DEFAULT.tolerances, [False, True]),
        # answers
        ("acme", {"returns_patched_groups": True}, DEFAULT.tolerances, [True, True]),
        ("acme", {"returns_bulk_ids": False}, DEFAULT.tolerances, [False, False]),
        # remove wins over add
        ("acme", {"add": ["json-text"], "remove": ["json-text"]},
         DEFAULT.tolerances - {T.JSON_TEXT}, [False, True]),
    ],
)  # fmt: skip
def test_declarations(name, declaration, tolerances, answers):
    assert shown(name, declaration) == (tolerances, answers)


def test_the_built_in_profiles_stay_as_they_are():
    declared_profile("okta", {"add": ["unknown-schema"], "returns_patched_groups": True})
    assert PROFILES["okta"].tolerances == DEFAULT.tolerances
    assert not PROFILES["okta"].returns_patched_groups


@pytest.mark.parametrize(
    ("name", "declaration", "words"),
    [
        ("acme", None, "it must be a dict or a list"),
        ("acme", "json-text", "it must be a dict or a list"),
        ("acme", 5, "it must be a dict or a list"),
        ("acme", {"added": []}, "'added' is not one of its keys, which are based_on, add"),
        ("acme", {5: []}, "5 is not one of its keys"),
        ("acme", {"based_on": "acme"}, f"'based_on' must be one of {', '.join(PROFILES)}"),
        ("acme", {"based_on": ["okta"]}, "'based_on' must be one of"),
        ("acme", {"based_on": None}, "'based_on' must be one of"),
        ("acme", {"add": ["json-texts"]}, "'json-texts' in 'add' is not a tolerance"),
        ("acme", {"remove": [["json-text"]]}, "in 'remove' is not a tolerance"),
        ("acme", ["JSON_TEXT"], "'JSON_TEXT' in 'add' is not a tolerance"),
        ("acme", {"add": "json-text"}, "'add' must be a list"),
        ("acme", {"remove": {"json-text": True}}, "'remove' must be a list"),
        ("acme", {"returns_bulk_ids": 1}, "'returns_bulk_ids' must be True or False"),
        ("", {}, "the name must be a string of 1 to 40 characters"),
        ("x" * 41, {}, "the name must be a string of 1 to 40 characters"),
        (5, {}, "the name must be a string"),
    ],
)
def test_wrong_declarations(name, declaration, words):
    with pytest.raises(ProfileError, match=words):
        declared_profile(name, declaration)


def test_the_keys_are_those_of_the_documentation():
    assert KEYS == (
        "based_on", "add", "remove", "returns_patched_groups", "returns_bulk_ids", "offers_cursors",
        "shows_empty_members", "types_empty_answers",
    )  # fmt: skip
