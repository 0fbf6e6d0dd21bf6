"""The table of errors, compared with the classes of errors and their reasons."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

import django_scim
from django_scim.api import exceptions, permissions  # noqa: F401 - defines further errors
from django_scim.audit.explanations import REASONS
from django_scim.protocol.errors import ScimError

from .test_profiles_page import table

PACKAGE = Path(django_scim.__file__).parent


def classes():
    found, pending = [], ScimError.__subclasses__()
    while pending:
        error = pending.pop()
        if error.__module__.startswith("django_scim."):
            found.append(error)
        pending += error.__subclasses__()
    return found


def rows():
    """Return the reasons of each row, by status and scimType."""
    return {
        (int(row["status"]), row["scimType"].strip("`")): re.findall(r"\[`(\w+)`\]", row["events"])
        for row in table("reference/errors.md", "status")
    }


def test_every_error_has_a_row():
    assert len(rows()) == len(table("reference/errors.md", "status"))
    assert set(rows()) == {(error.status, error.scim_type) for error in classes()}


def test_every_reason_is_in_a_row():
    assert {reason for reasons in rows().values() for reason in reasons} == set(REASONS) - {
        "unknown"
    }


def reasons_in_the_code():
    """Return the reasons of each class: that of the class, and those given where one is made."""
    found = defaultdict(set)
    by_name = {error.__name__: error for error in classes()}
    for error in classes():
        found[error.status, error.scim_type].add(error.reason)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            error = by_name.get(getattr(node.func, "attr", getattr(node.func, "id", "")))
            if error and isinstance(getattr(node.args[1], "value", None), str):
                found[error.status, error.scim_type].add(node.args[1].value)
    return found


@pytest.mark.parametrize("key", sorted(reasons_in_the_code()))
def test_reasons_are_those_of_the_code(key):
    assert reasons_in_the_code()[key] - {"unknown"} <= set(rows()[key])
