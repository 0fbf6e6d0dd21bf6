"""Filters on a complex attribute with a custom mapping."""

import pytest
from django.db.models import Q

from django_scim.adapters import Custom, UserAdapter


class Name(Custom):
    """Map both parts of the name in one mapping."""

    select = {"family": "last_name", "given": "first_name"}
    writes = ("last_name", "first_name")

    def read(self, family, given):
        return {name: text for name, text in (("familyName", family), ("givenName", given)) if text}

    def write(self, value):
        value = value or {}
        return {
            "last_name": value.get("familyName", ""),
            "first_name": value.get("givenName", ""),
        }

    def filter(self, op, value, sub=""):
        columns = {"familyName": "last_name", "givenName": "first_name"}
        if op == "pr":
            wanted = [columns[sub]] if sub else list(columns.values())
            return ~Q(**dict.fromkeys(wanted, ""))
        if op != "eq":
            raise NotImplementedError
        return Q(**{columns[sub]: value})


class NameAdapter(UserAdapter):
    attributes = {
        path: mapping
        for path, mapping in UserAdapter.attributes.items()
        if not path.startswith("name.")
    } | {"name": Name()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name[familyName eq "Jensen"]', "a"),
        ('name[familyName ne "Jensen"]', "b"),  # a user without a name does not match
        ('not (name[familyName ne "Jensen"])', "ac"),
        ('name[not (familyName eq "Jensen")]', "b"),
        ('name[not (givenName pr)]', "a"),
        ("name pr", "ab"),
        ('name.familyName ne "Jensen"', "bc"),
        ('name[familyName eq "Jensen" or givenName eq "Bob"]', "ab"),
    ],
)  # fmt: skip
def test_value_filter_requires_a_value(scim, settings, text, expected):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.NameAdapter"}}
    scim.make_user("a", name={"familyName": "Jensen"})
    scim.make_user("b", name={"givenName": "Bob"})
    scim.make_user("c")
    assert {each["userName"] for each in scim.find(text)} == set(expected)
