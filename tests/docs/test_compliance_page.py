"""The table of compliance: every row has a verdict, and its tests exist."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "compliance"
ROWS = tomllib.loads((FOLDER / "rows.toml").read_text("utf-8"))["row"]
#: Areas of optional features, whose requirements apply only to servers that offer them.
OPTIONAL = ("EVT", "DRF")
OBLIGED = ("MUST", "SHALL", "REQUIRED")
IDS = re.compile(r"(?<![a-z])(?:[a-z]{2,3}[-_]\d\d|t\d{1,2})(?!\d)")


@pytest.fixture(scope="module")
def collected():
    """Return the node IDs of the tests in tests/compliance."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", str(FOLDER)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    lines = result.stdout.splitlines()
    return {line.removeprefix("tests/compliance/") for line in lines if "::" in line}


def ids_in(name):
    """Return the row ids in a test's name or parameters."""
    return {found.replace("_", "-") for found in IDS.findall(name.partition("::")[2].lower())}


def names_of(test, collected):
    """Return the tests that an entry of the table names: one, or all with its parameters."""
    return {each for each in collected if each == test or each.startswith(f"{test}[")}


def test_every_row_has_a_verdict():
    assert len(ROWS) == 445
    assert len({row["id"] for row in ROWS}) == 445
    for row in ROWS:
        assert row["verdict"] in ("done", "choice", "unsupported"), row["id"]
        assert row["tests"] or row["verdict"] != "done", f"{row['id']}: done without a test"
        assert row["reason"] or row["verdict"] == "done", f"{row['id']}: without a reason"


def test_mandatory_requirements_are_done():
    for row in ROWS:
        obliged = any(word in row["level"] for word in OBLIGED) and "client" not in row["level"]
        if row["id"].startswith(OPTIONAL):
            assert row["tests"] or not obliged, row["id"]
        elif obliged or re.match(r"T\d", row["id"]):
            assert row["verdict"] == "done", row["id"]


def test_nine_tenths_of_the_others_are_done():
    rest = [row for row in ROWS if not any(word in row["level"] for word in OBLIGED)]
    assert sum(row["verdict"] == "done" for row in rest) >= 0.9 * len(rest)


def test_tests_of_a_row_exist_and_have_its_id(collected):
    wrong = []
    for row in ROWS:
        for test in row["tests"]:
            found = names_of(test, collected)
            if not found or any(row["id"].lower() not in ids_in(each) for each in found):
                wrong.append((row["id"], test))
    assert not wrong


def test_every_test_with_an_id_is_in_its_row(collected):
    named = {
        (row["id"].lower(), each)
        for row in ROWS
        for test in row["tests"]
        for each in names_of(test, collected)
    }
    missing = [(row, each) for each in collected for row in ids_in(each)]
    assert not [pair for pair in missing if pair not in named]


def test_page_is_generated_from_the_rows():
    assert subprocess.run([ROOT / "scripts" / "compliance", "--check"]).returncode == 0
