"""Which columns of a user model hold the names, the address, the state and the privileges."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AbstractBaseUser, Group, Permission
from django.db import models
from django.test.utils import isolate_apps

from django_scim.adapters.accounts.full_name import (
    FullName,
    full_name_attributes,
    full_name_behaviours,
    full_name_column,
)
from django_scim.adapters.accounts.user_models import has, privileges, user_attributes
from django_scim.adapters.accounts.usernames import second_name


def text(**options):
    return models.CharField(max_length=30, **options)


def user_model(signs_in_by="login", address="email", **fields):
    """Return a user model with these fields."""
    fields.setdefault(signs_in_by, text(unique=True))
    meta = type("Meta", (), {"app_label": "django_scim"})
    options = {"USERNAME_FIELD": signs_in_by, "EMAIL_FIELD": address, "Meta": meta}
    with isolate_apps("django_scim"):
        return type("Person", (AbstractBaseUser,), {"__module__": __name__, **options, **fields})


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({}, ""),
        ({"name": text()}, "name"),
        ({"full_name": text()}, "full_name"),
        ({"fullname": models.TextField()}, "fullname"),
        ({"fullname": text(), "full_name": text(), "name": text()}, "name"),
        ({"name": text(), "first_name": text()}, ""),
        ({"name": text(), "last_name": text()}, ""),
        ({"name": text(unique=True)}, ""),
        ({"name": text(unique=True), "full_name": text()}, "full_name"),
        ({"name": models.IntegerField()}, ""),
        ({"name": models.IntegerField(), "fullname": text()}, "fullname"),
    ],
)
def test_column_with_the_whole_name(fields, column):
    model = user_model(**fields)
    assert full_name_column(model) == column
    mapping = full_name_attributes(model)["name.formatted"]
    assert mapping.column == (column or "scim_profile.formatted_name")
    behaviours = full_name_behaviours(model)
    assert [type(each) for each in behaviours.values()] == [FullName] * bool(column)
    assert list(behaviours) == ["name.formatted"] * bool(column)
    for behaviour in behaviours.values():
        assert behaviour.filled_columns(SimpleNamespace(model=model)) == {column}


def test_column_with_which_people_sign_in_is_not_their_name():
    assert full_name_column(user_model(signs_in_by="name", full_name=text())) == "full_name"
    assert full_name_column(user_model(signs_in_by="name")) == ""
    assert full_name_column(user_model(signs_in_by="name", name=text())) == ""


@pytest.mark.parametrize(
    ("fields", "columns"),
    [
        ({"username": text(unique=True)}, ("username",)),
        ({"username": text()}, ()),
        ({"username": text(unique=True, null=True)}, ()),
        ({"nickname": text(unique=True)}, ()),
        ({}, ()),
    ],
)
def test_second_user_name_must_be_filled(fields, columns):
    assert second_name(user_model(**fields)) == columns


def test_user_name_is_not_a_second_one():
    assert second_name(user_model(signs_in_by="username")) == ()


def columns_of(model):
    """Return the column of each attribute, with the mirror of the e-mail addresses."""
    mappings = user_attributes(model)
    return {
        path: getattr(mapping, "column", getattr(mapping, "mirror", ""))
        for path, mapping in mappings.items()
    }


def test_attributes_without_columns_are_stored_by_this_app():
    assert columns_of(user_model()) == {
        "userName": "login",
        "name.familyName": "scim_profile.family_name",
        "name.givenName": "scim_profile.given_name",
        "emails": "",
    }


def test_columns_of_the_model_are_used():
    model = user_model(
        first_name=text(),
        last_name=text(),
        is_active=models.BooleanField(),
        email=models.EmailField(),
        groups=models.ManyToManyField(Group),
    )
    assert columns_of(model) == {
        "userName": "login",
        "name.familyName": "last_name",
        "name.givenName": "first_name",
        "active": "is_active",
        "emails": "email",
        "groups": "",
    }
    groups = user_attributes(model)["groups"]
    assert (groups.accessor, groups.to, groups.kind) == ("groups", "Group", "direct")
    name = user_attributes(model)["userName"]
    assert (name.key, name.validate) == ("scim_key.folded", False)
    assert user_attributes(model)["emails"].name == "emails"


def test_address_with_which_people_sign_in_is_not_written_by_the_addresses():
    assert columns_of(user_model(signs_in_by="email"))["emails"] == ""
    assert columns_of(user_model(address="mail", mail=text()))["emails"] == "mail"
    assert columns_of(user_model(address="mail", email_address=text()))["emails"] == ""


def test_fields_and_privileges_of_a_model():
    flag = models.BooleanField
    assert privileges(user_model()) == ()
    assert privileges(user_model(is_staff=flag())) == ("is_staff",)
    assert privileges(user_model(is_superuser=flag())) == ("is_superuser",)
    model = user_model(is_superuser=flag(), is_staff=flag())
    assert privileges(model) == ("is_staff", "is_superuser")
    assert has(model, "is_staff") is True and has(model, "is_active") is False
    assert has(Group, "permissions") and has(Permission, "codename")
