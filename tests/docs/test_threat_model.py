"""Every attack in the threat model names an existing test."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<attack>.+?) \| .+? \| `(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)` \|$")


def rows():
    text = (ROOT / "docs" / "explanation" / "threat-model.md").read_text("utf-8")
    table = text[text.index("| attack |") :]
    lines = [line for line in table.splitlines() if line.startswith("| ")][2:]
    return [ROW.match(line) or line for line in lines]


def test_every_attack_names_a_test():
    found = rows()
    assert not [row for row in found if isinstance(row, str)]
    attacks = [row["attack"] for row in found]
    assert len(attacks) == len(set(attacks)) >= 40
    missing = []
    for row in found:
        tree = ast.parse((ROOT / row["path"]).read_text("utf-8"))
        functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        function = functions.get(row["name"])
        checks = ("Assert(", "assert_error", "raises")
        if function is None or not any(word in ast.dump(function) for word in checks):
            missing.append(f"{row['path']}::{row['name']}")
    assert not missing
