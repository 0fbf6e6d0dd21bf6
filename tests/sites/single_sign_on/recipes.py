"""The recipes of docs/how-to/single-sign-on.md, from the page's own text."""

import re
import sys
from pathlib import Path
from types import ModuleType

PAGE = (Path(__file__).parents[3] / "docs/how-to/single-sign-on.md").read_text("utf-8")


def code(file, package):
    """Return the code that the page shows for a file and a package."""
    found = re.search(rf"```python\n# {re.escape(file)}, for {package}\n(.*?)```", PAGE, re.DOTALL)
    return found[1]


def load(package):
    """Run a recipe as the module ``single_sign_on``, where its settings expect it."""
    module = ModuleType("single_sign_on")
    exec(compile(code("single_sign_on.py", package), package, "exec"), module.__dict__)
    sys.modules["single_sign_on"] = module
    return module


def settings_of(package):
    """Return the settings of a recipe."""
    found = {}
    exec(code("settings.py", package), found)
    return {name: value for name, value in found.items() if name.isupper()}
