"""The structure of the package: which part may import which, and how large a part may be."""

import ast
from pathlib import Path

import pytest

import django_scim
from django_scim.adapters import Mapping

ROOT = Path(django_scim.__file__).parent
#: The parts of a folder, in an order in which each imports only from those before it, and from
#: those in its own set. docs/explanation/package-layout.md shows the same.
ORDERS = {
    "": [
        {"protocol"},
        {
            "conf",
            "signals",
            "models",
            "compat",
            "transactions",
            "argument_validation",
            "site_code",
            "availability",
            "current",
            "primary",
        },
        {"query"},
        {"adapters"},
        {"audit"},
        {"api"},
        {"connections", "receivers", "username_validators"},
        {"admin", "management", "contrib", "checks", "apps", "urls", "testing", "diagnosis"},
    ],
    "adapters": [
        {"interfaces", "model_paths"},
        {"writing"},
        {"behaviours"},
        {"subjects"},
        {"mappings"},
        {"declaration_checks"},
        {"declaration"},
        {"reading"},
        {"base"},
        {"accounts", "reserved_names"},
        {"users", "groups"},
        {"registry"},
        {"linking"},
        {"bulk_linking", "batch_create"},
    ],
    "api": [
        {"http"},
        {"authentication", "parsers", "renderers", "negotiation", "permissions", "throttling"},
        {"exceptions", "serializers"},
        {"resource_writer"},
        {"outcome_events"},
        {"views"},
        {"pagination"},
        {"viewsets"},
        {"endpoints", "bulk"},
        {"routers"},
    ],
}
LONGEST, LARGEST_FOLDER, MOST_TYPE_CHECKING = 350, 14, 4


def modules():
    """Return the source of every module by its dotted name, without migrations."""
    found = {}
    for path in ROOT.rglob("*.py"):
        if "migrations" not in path.parts:
            parts = path.relative_to(ROOT.parent).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports(path):
    """Yield the dotted names that a module imports, those for type checkers too."""
    package = path.relative_to(ROOT.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                name = f"{module}.{alias.name}"
                yield name if name in MODULES else module


def part_of(name, folder):
    """Return the part of a folder that a module is in; None for one elsewhere."""
    prefix = ".".join(["django_scim", *filter(None, [folder])]) + "."
    return name.removeprefix(prefix).split(".")[0] if name.startswith(prefix) else None


@pytest.mark.parametrize("folder", ORDERS)
def test_imports_point_to_earlier_parts(folder):
    rank = {part: number for number, parts in enumerate(ORDERS[folder]) for part in parts}
    wrong, unknown = [], set()
    for name, path in MODULES.items():
        own = part_of(name, folder)
        if own is None:
            continue
        unknown |= {own} - rank.keys()
        for imported in imports(path):
            part = part_of(imported, folder)
            if part in rank and own in rank and rank[part] > rank[own]:
                wrong.append(f"{name} imports {imported}")
    assert not wrong
    assert not unknown, "name their place in ORDERS"


def test_no_modules_import_each_other():
    graph = {
        name: {each for each in imports(path) if each in MODULES and each != name}
        for name, path in MODULES.items()
    }
    # A package's __init__ gathers names for those outside; its own modules do not import it.
    waiting = dict(graph)
    while free := {name for name, needed in waiting.items() if not needed & waiting.keys()}:
        for name in free:
            del waiting[name]
    assert not waiting


def test_the_protocol_does_not_import_django():
    foreign = [
        f"{path.name}: {name}"
        for path in (ROOT / "protocol").rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] in ("django", "rest_framework", "django_filters")
    ]
    assert not foreign


def test_few_modules_import_for_type_checkers_alone():
    users = [name for name, path in MODULES.items() if "TYPE_CHECKING" in path.read_text("utf-8")]
    assert len(users) <= MOST_TYPE_CHECKING, users


def test_modules_and_folders_are_small():
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
    folders = {path.parent for path in MODULES.values()}
    counts = {folder: len(list(folder.glob("[!_]*.py"))) for folder in folders}
    assert {folder: n for folder, n in counts.items() if n > LARGEST_FOLDER} == {}


def subclasses(kind):
    """Return the classes of this package below a class."""
    own = [each for each in kind.__subclasses__() if each.__module__.startswith("django_scim.")]
    return {*own, *(below for each in own for below in subclasses(each))}


def test_only_mappings_know_the_kinds_of_mappings():
    """Other modules call methods of a mapping, so that mappings of a site work as well."""
    found, kinds = [], {each.__name__ for each in subclasses(Mapping)}
    assert {"Field", "Json", "Members", "Password", "RelatedRows"} <= kinds
    for name, path in MODULES.items():
        if name.startswith("django_scim.adapters.mappings."):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id == "isinstance":
                named = {each.id for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
                if named & kinds:
                    found.append(f"{name}:{node.lineno}")
    assert not found
