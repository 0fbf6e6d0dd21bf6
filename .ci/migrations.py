"""Check that no site lacks a migration: the example project, and every site of the tests.

``makemigrations --check`` also runs the system checks of each site.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def settings_modules() -> list[str]:
    """Return the settings modules of the example project and of all sites below tests/."""
    files = sorted(ROOT.glob("tests/**/settings.py"))
    sites = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return ["testproject.settings", *sites]


def main() -> int:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "testproject")])
    lacking = []
    for module in settings_modules():
        print(f"{module}: ", end="", flush=True)
        command = ["-m", "django", "makemigrations", "--check", "--dry-run", "--settings", module]
        environment = os.environ | {"PYTHONPATH": paths, "DATABASE_URL": ""}
        result = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment)
        if result.returncode:
            lacking.append(module)
    print(f"{len(settings_modules())} sites checked, {len(lacking)} failed.", *lacking)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
