"""The settings of the package."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_scim.conf import Defaults, settings
from django_scim.protocol.tolerances import PROFILES

ROOT = Path(__file__).parent.parent


def test_defaults():
    for name, value in vars(Defaults()).items():
        assert getattr(settings, name) == value


def test_every_setting_is_an_attribute_of_the_instance():
    assert {field.name for field in fields(Defaults)} <= vars(settings).keys()


def test_settings_follow_a_change():
    with override_settings(DJANGO_SCIM={"PAGE_SIZE": 7}):
        assert (settings.PAGE_SIZE, settings.MAX_PAGE_SIZE) == (7, 1_000)
        with override_settings(DJANGO_SCIM={"MAX_PAGE_SIZE": 9}):
            assert (settings.PAGE_SIZE, settings.MAX_PAGE_SIZE) == (100, 9)
        assert (settings.PAGE_SIZE, settings.MAX_PAGE_SIZE) == (7, 1_000)
    assert settings.PAGE_SIZE == 100


def test_settings_follow_the_fixture_of_pytest_django(request):
    site = request.getfixturevalue("settings")
    site.DJANGO_SCIM = {"PAGE_SIZE": 7}
    assert settings.PAGE_SIZE == 7
    site.DJANGO_SCIM = {}
    assert settings.PAGE_SIZE == 100


def test_the_dicts_of_the_site_are_added_to_the_defaults():
    given = {
        "ADAPTERS": {"Group": None, "Device": "company.scim.DeviceAdapter"},
        "ADOPTION_POLICIES": {"number": "acme.ByNumber"},
        "PROFILES": {"acme": ["json-text"]},
    }
    with override_settings(DJANGO_SCIM=given):
        assert list(settings.ADAPTERS) == ["User", "Device"]
        assert list(settings.ADOPTION_POLICIES) == ["username", "email", "number"]
        assert list(settings.PROFILES) == [*PROFILES, "acme"]


@pytest.mark.parametrize(
    ("given", "invalid"),
    [
        ({"PAGE_SIZE": "5"}, ["PAGE_SIZE"]),
        ({"PAGE_SIZE": True, "OPENAPI": 1}, ["PAGE_SIZE", "OPENAPI"]),
        ({"ADAPTERS": None, "PROFILES": ["acme"]}, ["ADAPTERS", "PROFILES"]),
        (None, ["DJANGO_SCIM"]),
        ([("PAGE_SIZE", 5)], ["DJANGO_SCIM"]),
    ],
)
def test_a_value_of_the_wrong_type_is_not_used_and_the_site_is_not_served(given, invalid):
    with override_settings(DJANGO_SCIM=given):
        assert sorted(settings.invalid) == sorted(invalid)
        assert settings.PAGE_SIZE == 100 and settings.PROFILES == PROFILES
        with pytest.raises(ImproperlyConfigured, match=invalid[0]):
            settings.adapter_classes()
    assert settings.invalid == []


def test_a_wrong_profile_is_left_out():
    given = {"okta": {"add": ["nothing"]}, "acme": {}, 5: {}}
    with override_settings(DJANGO_SCIM={"PROFILES": given}):
        assert list(settings.PROFILES) == [*PROFILES, "acme"]
        assert settings.PROFILES["okta"] == PROFILES["okta"]
        assert settings.profile_errors.keys() == {"okta", 5}
        assert settings.adapter_classes()


BEFORE_SETUP = """
from django_scim.conf import settings
assert settings.PAGE_SIZE == 100
import django
django.setup()
assert settings.PAGE_SIZE == 7
"""
IN_SETTINGS = """
from django_scim.conf import Defaults
from django_scim.protocol.tolerances import Tolerance
from tests.settings import *
DJANGO_SCIM = {"PAGE_SIZE": 7, "PROFILES": {"acme": [Tolerance.JSON_TEXT]}}
INSTALLED_APPS = ["early", *INSTALLED_APPS]
"""
EARLY = """
from django.apps import AppConfig
from django_scim.conf import settings

class Early(AppConfig):
    name = "early"

    def import_models(self):
        super().import_models()
        assert "acme" in settings.PROFILES

    def ready(self):
        assert settings.PAGE_SIZE == 7
"""


def test_importing_the_package_before_django_is_set_up(tmp_path):
    (tmp_path / "early_settings.py").write_text(IN_SETTINGS)
    (tmp_path / "early").mkdir()
    (tmp_path / "early" / "__init__.py").write_text("")
    (tmp_path / "early" / "apps.py").write_text(EARLY)
    path = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "testproject")))
    environment = {"DJANGO_SETTINGS_MODULE": "early_settings", "PYTHONPATH": path}
    result = subprocess.run(
        [sys.executable, "-c", BEFORE_SETUP],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
