"""The pages of profiles and connectors describe what the code does."""

import dataclasses
import re
from pathlib import Path

from django_scim.protocol.tolerances import PROFILES, Profile, Tolerance

ROOT = Path(__file__).parents[2]
WORDS = {"yes": True, "no": False}


def tables(page):
    """Return the tables of a page, each as a list of rows by column name."""
    found, head = [], None
    for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
        if not line.startswith("|"):
            head = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if head is None:
            head = cells
            found.append([])
        elif not set(line) <= set("|- "):
            assert len(cells) == len(head), line
            found[-1].append(dict(zip(head, cells, strict=True)))
    return found


def table(page, column):
    (rows,) = [rows for rows in tables(page) if rows and next(iter(rows[0])) == column]
    return rows


def test_every_profile_is_listed():
    named = [row["profile"].strip("`") for row in table("reference/profiles.md", "profile")]
    assert named == list(PROFILES)


def test_tolerances_of_each_profile():
    rows = {row["tolerance"].strip("`"): row for row in table("reference/profiles.md", "tolerance")}
    assert list(rows) == sorted(Tolerance)
    for name, row in rows.items():
        assert row["what is taken"] and row["sent by"], name
        documented = {profile for profile in PROFILES if WORDS[row[f"`{profile}`"]]}
        assert documented == {p.name for p in PROFILES.values() if name in p.tolerances}, name


def test_responses_of_each_profile():
    answers = {row["request"]: row for row in table("reference/profiles.md", "request")}
    for name, profile in PROFILES.items():
        assert answers["PATCH of a user"][f"`{name}`"] == "200"
        expected = "200" if profile.returns_patched_groups else "204"
        assert answers["PATCH of a group"][f"`{name}`"] == expected
        expected = "yes" if profile.returns_bulk_ids else "no"
        assert answers["Bulk: `id` beside `location` in a result"][f"`{name}`"] == expected
    # a new field needs a row and an assertion here
    fields = {field.name for field in dataclasses.fields(Profile)}
    assert fields == {"name", "tolerances", "returns_patched_groups", "returns_bulk_ids"}


def test_each_connector_has_a_profile_and_a_test_file():
    rows = table("how-to/connectors.md", "identity provider")
    assert {row["profile"].strip("`") for row in rows} <= set(PROFILES)
    named = {row["checked by"].strip("`") for row in rows}
    files = {
        f"tests/connectors/{path.name}"
        for path in (ROOT / "tests" / "connectors").glob("test_*.py")
    }
    assert named == files - {"tests/connectors/test_tolerances.py"}
    text = (ROOT / "docs" / "how-to" / "connectors.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    for row in rows:
        name = row["identity provider"]
        assert any(heading == name or name.startswith(heading) for heading in headings), name


def test_quickstart_names_the_same_profiles():
    said = {
        name: row["profile"]
        for row in table("tutorial/quickstart.md", "identity provider")
        for name in row["identity provider"].split(", ")
    }
    for row in table("how-to/connectors.md", "identity provider"):
        short = next(name for name in said if row["identity provider"].startswith(name))
        assert said[short] == row["profile"]
