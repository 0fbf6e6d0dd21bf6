"""The table of reasons, the reasons that the code uses, and the reference page agree."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import django_scim
from django_scim.audit.explanations import REASONS
from django_scim.audit.explanations.reasons import BY_STATUS
from django_scim.audit.explanations.steps import ANSWERED, STEPS
from django_scim.protocol.errors import ScimError

PACKAGE = Path(django_scim.__file__).parent
PAGE = PACKAGE.parent / "docs" / "reference" / "events.md"
SECTION = re.compile(
    r"^### `(?P<code>\w+)`\n\n\*\*(?P<title>.+?)\*\* \((?P<step>\w+)\): (?P<why>.+(?:\n.+)*)\n\n"
    r"\*\*What to do:\*\* (?P<remedy>.+(?:\n.+)*)",
    re.MULTILINE,
)
DOTS = defaultdict(lambda: "…")


def test_page_has_every_reason():
    page = [
        tuple(" ".join(each[name].split()) for name in ("code", "title", "step", "why", "remedy"))
        for each in SECTION.finditer(PAGE.read_text("utf-8"))
    ]
    assert page == [
        (code, str(r.title) % DOTS, r.step, str(r.why) % DOTS, str(r.remedy) % DOTS)
        for code, r in REASONS.items()
    ]


def codes_in_the_code():
    """Return the codes of errors: those of the classes, and those given where one is made."""
    codes, pending = set(), [ScimError]
    while pending:
        error = pending.pop()
        codes.add(error.reason)
        pending += error.__subclasses__()
    names = {each.__name__ for each in all_errors()}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in names and len(node.args) > 1:
                second = node.args[1]
                if isinstance(second, ast.Constant) and isinstance(second.value, str):
                    codes.add(second.value)
            elif isinstance(node, ast.FunctionDef) and node.name == "_why_rejected":
                constants = (
                    each.value for each in ast.walk(node) if isinstance(each, ast.Constant)
                )
                codes |= {each for each in constants if isinstance(each, str) and "_" in each}
            elif isinstance(node, ast.Assign) and _name(node.targets[0]) == "reason":
                if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                    codes.add(node.value.value)
    return {code for code in codes if re.fullmatch(r"[a-z_]+", code)}


def all_errors():
    found, pending = [], [ScimError]
    while pending:
        found.append(pending.pop())
        pending += found[-1].__subclasses__()
    return found


def _name(node):
    return getattr(node, "attr", getattr(node, "id", ""))


def test_code_uses_every_reason_of_the_table_and_no_other():
    assert codes_in_the_code() == set(REASONS)


def test_every_reason_is_complete():
    for code, reason in REASONS.items():
        assert len(code) <= 30 and reason.step in set(STEPS) - {ANSWERED}
        for text in (reason.title, reason.why, reason.remedy):
            assert str(text), code
        assert str(reason.title)[0].islower() or str(reason.title).startswith("%"), code
    assert set(BY_STATUS.values()) <= set(REASONS)
