"""Each layer of the package imports only the ones below it."""

import ast
from pathlib import Path

import django_scim

ROOT = Path(django_scim.__file__).parent
LAYERS = [
    {"protocol", "compat"},
    {"conf", "models", "signals", "transactions"},
    {"adapters", "query", "audit"},
    {"api", "argument_validation", "connections", "receivers", "username_validators"},
    {"admin", "management", "contrib", "checks", "apps", "urls", "testing"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def imports(path: Path):
    """Yield the top-level package parts that a file imports, and foreign modules as they are."""
    package = ["django_scim", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            names = [".".join([*base, *(node.module or "").split(".")]).strip(".")]
            if node.level and not node.module:
                names = [".".join([*base, alias.name]) for alias in node.names]
            yield from names
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_imports_point_downwards():
    wrong = []
    for path in ROOT.rglob("*.py"):
        own = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if own not in RANK:
            continue
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "django_scim" and len(parts) > 1 and parts[1] in RANK:
                if RANK[parts[1]] > RANK[own]:
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_the_protocol_knows_no_django():
    foreign = [
        f"{path.name}: {name}"
        for path in (ROOT / "protocol").rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] in ("django", "rest_framework", "django_filters")
    ]
    assert not foreign
