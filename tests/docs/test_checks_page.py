"""The page of the system checks."""

import re
from pathlib import Path

from django_scim import checks


def test_every_check_has_a_section():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "reference" / "checks.md").read_text("utf-8")
    sections = re.findall(r"^### ([EW]\d{3})", page, re.MULTILINE)
    assert sorted(sections) == sorted(checks.HINTS)
    source = "".join(p.read_text("utf-8") for p in (root / "django_scim").rglob("*.py"))
    assert set(re.findall(r"""(?:DeclarationError|message)\(\s*"([EW]\d{3})\"""", source)) <= set(sections)
