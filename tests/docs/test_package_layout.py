"""docs/explanation/package-layout.md lists every module, and the order of imports."""

import re
from pathlib import Path

import pytest

import django_scim
from tests.test_layers import ORDERS

ROOT = Path(django_scim.__file__).parent
PAGE = ROOT.parent / "docs" / "explanation" / "package-layout.md"
BLOCKS = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
TREE, *LISTS = BLOCKS


def listed_modules():
    """Yield the paths of the modules in the page's tree."""
    folders = []
    for line in filter(None, TREE.splitlines()):
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        folders[depth:] = [name.rstrip("/")]
        if name.endswith(".py"):
            yield Path(*folders[1:]).as_posix()


def test_page_lists_every_module():
    paths = [path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path.name != "__init__.py"]
    modules = [path.as_posix() for path in paths if "migrations" not in path.parts]
    assert sorted(listed_modules()) == sorted(modules)


@pytest.mark.parametrize(("shown", "folder"), list(zip(LISTS, ORDERS, strict=True)))
def test_page_shows_the_order_of_imports(shown, folder):
    lines = [set(line.split(", ")) for line in shown.splitlines()]
    assert lines == ORDERS[folder]
