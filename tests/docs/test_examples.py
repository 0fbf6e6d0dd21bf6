"""The examples of the documentation, run from the text of the pages."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

from django_scim.conf import Defaults

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```\{code-block\} \w+\n:caption: (.+?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ATTRIBUTES = "    attributes = UserAdapter.attributes | {\n"


def blocks(page):
    """Return the code blocks of a page as (caption, text)."""
    return BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))


#: The pages whose examples make one site, in the order in which they build on each other.
PAGES = (
    "how-to/adapters.md",
    "reference/mappings.md",
    "how-to/custom-users.md",
    "how-to/custom-groups.md",
    "how-to/custom-resource-types.md",
    "reference/hooks.md",
)


def assemble(pages):
    """Return the files that the blocks of some pages make, by name.

    Blocks of one file are joined. ``in attributes`` continues the dictionary of the first adapter,
    ``in NAME`` the body of that class; ``before NAME`` is inserted before it.
    """
    files, parts = {}, []
    for caption, text in (block for page in pages for block in blocks(page)):
        name, _, place = caption.partition(" (")
        if place:
            parts.append((name, place.rstrip(")"), text))
        else:
            files[name] = f"{files[name]}\n\n{text}" if name in files else text
    for name, place, text in parts:
        where, _, target = place.partition(" ")
        start = files[name].index(ATTRIBUTES if target == "attributes" else f"class {target}(")
        if where == "before":
            at = start
        else:
            at = files[name].index("\n    }\n", start) + (1 if target == "attributes" else 7)
        files[name] = files[name][:at] + text + files[name][at:]
    return files


def test_pages_about_adapters(tmp_path):
    files = assemble(PAGES)
    base = "from tests.settings import *\n\nINSTALLED_APPS = list(INSTALLED_APPS)\n"
    files["settings.py"] = base + files["settings.py"]
    files |= {"people/__init__.py": "", "people/migrations/__init__.py": ""}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT), str(ROOT / "testproject")]),
        "DJANGO_SETTINGS_MODULE": "settings",
        "TEST_DATABASE_NAME": os.environ.get("DATABASE_URL", "") and "test_scim_docs",
    }

    def run(*command):
        result = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-3000:]
        return result.stdout

    run("-m", "django", "makemigrations", "people")
    run("-m", "django", "check")
    names = [name for name in files if name.startswith("people/test_")]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={tmp_path}"]
    output = run("-m", "pytest", *options, *names)
    tests = sum(text.count("\ndef test_") for text in files.values())
    assert (
        int(re.search(r"(\d+) passed", output)[1]) > tests + 100
    )  # including those of the adapter contract


def test_every_setting_is_documented():
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    terms = [line for line in page.splitlines() if line.startswith("`") and not line.endswith(":")]
    named = [name for line in terms for name in re.findall(r"`([A-Z_]+)`", line)]
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(Defaults))
