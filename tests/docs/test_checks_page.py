"""The table of the system checks, the ids that the code uses, and the reference page agree."""

import ast
import re
from pathlib import Path

import pytest
from django.core.checks import Error, Warning

import django_scim
from django_scim import checks
from django_scim.checks import CHECKS, message

PACKAGE = Path(django_scim.__file__).parent
ROOT = PACKAGE.parent
PAGE = ROOT / "docs" / "reference" / "checks.md"
SECTION = re.compile(
    r"^\((?P<anchor>\w+)\)=\n### (?P<id>\w+): (?P<title>.+)\n\n"
    r"\*\*What to do:\*\* (?P<advice>.+(?:\n.+)*)",
    re.MULTILINE,
)


def test_page_has_every_check_with_its_title_and_advice():
    sections = list(SECTION.finditer(PAGE.read_text("utf-8")))
    page = [
        (each["id"], each["anchor"], each["title"], " ".join(each["advice"].split()))
        for each in sections
    ]
    assert page == [
        (code, code.lower(), check.title, check.advice) for code, check in CHECKS.items()
    ]


def test_page_lists_errors_before_warnings():
    errors, warnings = PAGE.read_text("utf-8").split("\n## Warnings\n")
    assert re.findall("^### (.)", errors, re.MULTILINE) == ["E"] * errors.count("\n### ")
    assert re.findall("^### (.)", warnings, re.MULTILINE) == ["W"] * warnings.count("\n### ")


def test_level_follows_from_the_id():
    assert {code: check.level for code, check in CHECKS.items()} == {
        code: Error if code.startswith("E") else Warning for code in CHECKS
    }


def test_ids_are_in_order():
    assert list(CHECKS) == sorted(CHECKS)


def test_titles_and_advice_are_distinct():
    assert len({check.title for check in CHECKS.values()}) == len(CHECKS)
    assert len({check.advice for check in CHECKS.values()}) == len(CHECKS)


def test_code_uses_the_ids_of_the_table():
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "table.py"]
    code = "\n".join(path.read_text("utf-8") for path in sources)
    assert set(re.findall(r'"([EW]\d{3})"', code)) == set(CHECKS)


def test_every_id_is_tested():
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"\b[EW]\d{3}\b", tests))
    assert CHECKS.keys() - named == set()


def test_every_check_is_registered_by_the_package():
    """A module that the package does not import registers nothing."""
    defined = {
        node.name
        for path in (PACKAGE / "checks").glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    assert defined == {name for name in checks.__all__ if name.startswith("check_")}


def test_unknown_id_is_refused():
    with pytest.raises(KeyError):
        message("E999", "Something is wrong.")
    assert message("W003", "x").hint.startswith(CHECKS["W003"].advice)
