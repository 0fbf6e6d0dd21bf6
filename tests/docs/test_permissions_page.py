"""The page about permissions, compared with those of the models and of the admin."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission

from django_scim.admin.connections import ACCESS_FIELDS
from django_scim.models import Connection

from .test_profiles_page import ROOT, table

PAGE = (ROOT / "docs" / "reference" / "permissions.md").read_text("utf-8")


@pytest.mark.django_db
def test_every_permission_exists():
    named = set(re.findall(r"`django_scim\.(\w+)`", PAGE))
    named |= {
        name
        for row in table("reference/permissions.md", "what")
        for name in re.findall("`(\\w+)`", row["also needs"])
    }
    known = Permission.objects.filter(content_type__app_label="django_scim")
    assert named <= set(known.values_list("codename", flat=True))


def test_every_permission_of_this_package_is_described():
    for model in apps.get_app_config("django_scim").get_models():
        for codename, _ in model._meta.permissions:
            assert f"`django_scim.{codename}`" in PAGE
        if model in admin.site._registry and not model._meta.proxy:
            assert f"`django_scim.view_{model._meta.model_name}`" in PAGE


def test_every_field_that_needs_the_permission_is_listed():
    listed = ", ".join(row["what"] for row in table("reference/permissions.md", "what")).lower()
    for name in ACCESS_FIELDS:
        label = str(Connection._meta.get_field(name).verbose_name).lower()
        assert label in listed, name
