"""The reference pages name every command, setting, signal and public name, and nothing else."""

import importlib
import pkgutil
import re
from dataclasses import fields
from pathlib import Path

import pytest
from django.dispatch import Signal

from django_scim import connections, models, signals
from django_scim.conf import Defaults
from django_scim.management import commands

DOCS = Path(__file__).parents[2] / "docs"
PYTHON = (DOCS / "reference/python.md").read_text("utf-8")


def section(title):
    """Return the section of the Python API page about a module."""
    return re.search(rf"^## `{re.escape(title)}`\n(.*?)(?=^## |\Z)", PYTHON, re.M | re.S)[1]


def test_every_command_has_a_section():
    page = (DOCS / "reference/commands.md").read_text("utf-8")
    names = {each.name for each in pkgutil.iter_modules(commands.__path__)}
    public = {name for name in names if not name.startswith("_")}
    assert sorted(re.findall(r"^## `(\w+)`$", page, re.M)) == sorted(public)


@pytest.mark.parametrize("name", sorted(item.name for item in fields(Defaults)))
def test_every_setting_has_a_description(name):
    page = (DOCS / "reference/settings.md").read_text("utf-8")
    assert re.search(rf"^`[^\n]*\b{name}\b[^\n]*`\n: ", page, re.M)


def test_every_function_of_connections_is_listed():
    listed = re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]+)\|", section(
        "django_scim.connections"), re.M)))  # fmt: skip
    assert set(listed) == set(connections.__all__)


def test_every_signal_is_listed():
    public = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    first = section("django_scim.signals").partition(":")[0]
    assert set(re.findall(r"`(\w+)`", first)) == public


def test_every_model_is_listed():
    terms = re.findall(r"^(`[^\n]+`)\n: ", section("django_scim.models"), re.M)
    assert set(re.findall(r"`(\w+)`", "".join(terms))) == set(models.__all__)


@pytest.mark.parametrize("path", re.findall(r"^`(contrib\.\w+\.\w+)`$", PYTHON, re.M))
def test_names_in_contrib_exist(path):
    if ".allauth." in path:
        pytest.importorskip("allauth")
        pytest.skip("its models need a site with allauth; tests/sites/single_sign_on")
    module, _, name = f"django_scim.{path}".rpartition(".")
    assert getattr(importlib.import_module(module), name)
