"""Every row of the compliance table has a verdict, and its tests are what it says they are."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "compliance"
ROWS = tomllib.loads((FOLDER / "rows.toml").read_text("utf-8"))["row"]
#: What only a server must do that offers what this one does not: it says so, and tests show it.
OPTIONAL = ("EVT", "DRF")
OBLIGED = ("MUST", "SHALL", "REQUIRED")
IDS = re.compile(r"(?<![a-z])(?:[a-z]{2,3}[-_]\d\d|t\d{1,2})(?!\d)")


@pytest.fixture(scope="module")
def collected():
    """The ids of the tests in tests/compliance as pytest itself sees them."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", str(FOLDER)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    lines = result.stdout.splitlines()
    return {line.removeprefix("tests/compliance/") for line in lines if "::" in line}


def ids_in(name):
    """The row ids that a test's name or parameters carry."""
    return {found.replace("_", "-") for found in IDS.findall(name.partition("::")[2].lower())}


def names_of(test, collected):
    """A test as it is named in the table: with its parameters, or all of them at once."""
    return {each for each in collected if each == test or each.startswith(f"{test}[")}


def test_every_row_has_a_verdict():
    assert len(ROWS) == 445
    assert len({row["id"] for row in ROWS}) == 445
    for row in ROWS:
        assert row["verdict"] in ("done", "choice", "unsupported"), row["id"]
        assert row["tests"] or row["verdict"] != "done", f"{row['id']}: done, and no test"
        assert row["reason"] or row["verdict"] == "done", f"{row['id']}: without a reason"


def test_what_a_server_must_do_is_done():
    for row in ROWS:
        obliged = any(word in row["level"] for word in OBLIGED) and "client" not in row["level"]
        if row["id"].startswith(OPTIONAL):
            assert row["tests"] or not obliged, row["id"]
        elif obliged or re.match(r"T\d", row["id"]):
            assert row["verdict"] == "done", row["id"]


def test_nine_tenths_of_the_rest_are_done():
    rest = [row for row in ROWS if not any(word in row["level"] for word in OBLIGED)]
    assert sum(row["verdict"] == "done" for row in rest) >= 0.9 * len(rest)


def test_every_test_of_a_row_is_there_and_carries_its_id(collected):
    wrong = []
    for row in ROWS:
        for test in row["tests"]:
            found = names_of(test, collected)
            if not found or any(row["id"].lower() not in ids_in(each) for each in found):
                wrong.append((row["id"], test))
    assert not wrong


def test_every_test_with_an_id_is_named_by_its_row(collected):
    named = {
        (row["id"].lower(), each)
        for row in ROWS
        for test in row["tests"]
        for each in names_of(test, collected)
    }
    missing = [(row, each) for each in collected for row in ids_in(each)]
    assert not [pair for pair in missing if pair not in named]


def test_the_page_says_what_the_rows_say():
    assert subprocess.run([ROOT / "scripts" / "compliance", "--check"]).returncode == 0
