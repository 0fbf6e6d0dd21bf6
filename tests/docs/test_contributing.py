"""Compare CONTRIBUTING.md with the tools, the tox environments and the code."""

import re
from configparser import ConfigParser
from itertools import product
from pathlib import Path

import pytest
import yaml

from django_scim import adapters
from django_scim.adapters import GroupAdapter, Mapping, UserAdapter

ROOT = Path(__file__).parents[2]
GUIDES = "\n".join(
    path.read_text("utf-8")
    for folder in ("tutorial", "how-to", "reference")
    for path in sorted((ROOT / "docs" / folder).rglob("*.md"))
)
MAPPINGS = sorted(
    name
    for name in adapters.__all__
    if isinstance(kind := getattr(adapters, name), type)
    and issubclass(kind, Mapping)
    and kind is not Mapping
)
COMMANDS = sorted(
    path.stem for path in (ROOT / "django_scim/management/commands").glob("scim_*.py")
)


def text(path):
    return (ROOT / path).read_text("utf-8")


def tox_environments():
    """Return the names in tox.ini, with {a,b} expanded."""
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "tox.ini")
    names = []
    for line in config["tox"]["env_list"].split():
        parts = [part.split(",") for part in re.split(r"[{}]", line)]
        names += ["".join(each) for each in product(*parts)]
    return names


# The tools


def test_hooks_and_requirements_have_the_same_versions():
    pinned = dict(re.findall(r"^([\w-]+)==(.+)$", text(".ci/requirements.txt"), re.MULTILINE))
    hooks = {}
    for repository in yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]:
        name = repository["repo"].rpartition("/")[2]
        hooks[name.removesuffix("-pre-commit").removeprefix("mirrors-")] = repository["rev"]
        for hook in repository["hooks"]:
            for requirement in hook.get("additional_dependencies", ()):
                if "==" in requirement:
                    package, _, version = requirement.partition("==")
                    hooks[package] = version
    assert {name: version.removeprefix("v") for name, version in hooks.items()} == pinned


def test_workflow_has_a_job_for_each_tox_environment():
    workflow = yaml.safe_load(text(".github/workflows/ci.yml"))
    jobs = {
        each["env"]: each["python"]
        for each in workflow["jobs"]["tox"]["strategy"]["matrix"]["include"]
    }
    assert set(jobs) == set(tox_environments())
    for name, python in jobs.items():
        if name.startswith("py"):
            assert name.startswith(f"py{python.replace('.', '')}-")


def test_each_site_has_a_tox_environment():
    sites = {path.parent.name for path in (ROOT / "tests/sites").glob("*/settings.py")}
    environments = {name.removeprefix("site-") for name in tox_environments() if "site-" in name}
    assert environments == sites | {"testproject"}


def test_each_named_path_exists():
    page = text("CONTRIBUTING.md")
    folders = r"(?:django_scim|docs|tests|benchmarks|scripts|\.ci|\.github)"
    paths = set(re.findall(rf"(?<![\w/])({folders}/[\w./-]+)", page))
    missing = [path for path in sorted(paths) if "NAME" not in path and not (ROOT / path).exists()]
    assert len(paths) > 20 and not missing


# The ends of the recipes


@pytest.mark.parametrize("adapter", [UserAdapter, GroupAdapter])
def test_each_attribute_of_a_schema_has_a_mapping(adapter):
    declaration = adapter.declaration()
    names = [path.name for path in declaration.resource_schema.paths()]
    assert set(names) - set(declaration.by_name) == {"schemas"}


@pytest.mark.parametrize("name", MAPPINGS)
def test_each_kind_of_mapping_is_documented_and_tested(name):
    assert re.search(rf"`{name}\b", text("docs/reference/mappings.md"))
    tests = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert any(re.search(rf"\b{name}\(|\({name}\)", each) for each in tests)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented_and_tested(name):
    assert re.search(rf"\b{name}\b", GUIDES)
    tests = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert any(f'"{name}"' in each for each in tests)
