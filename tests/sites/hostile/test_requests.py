"""Run the tests of requests again with settings that conflict with the needs of SCIM."""

import os
import subprocess
import sys

import pytest

from tests.sites.processes import IS_SQLITE, ROOT, database_name

TESTS = [
    "tests/adapters",
    "tests/api",
    "tests/audit",
    "tests/connectors",
    "tests/query",
    "tests/test_signals.py",
]
DECLARATION_TESTS = ("adapters/test_declaration_checks", "adapters/test_declaration_errors")
SLOW_TESTS = ("api/test_read_only", "api/test_two_connections")

# APPEND_SLASH and ATOMIC_REQUESTS; PostgreSQL is affected most by the latter.
COMBINATIONS = [("1", "0")] if IS_SQLITE else [("0", "1")]
IGNORED = [*DECLARATION_TESTS, *SLOW_TESTS]
if os.environ.get("SCIM_LONG"):
    COMBINATIONS = [(slash, atomic) for slash in "01" for atomic in "01"]
    IGNORED = DECLARATION_TESTS


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("append_slash", "atomic_requests"), COMBINATIONS)
def test_passes_with_hostile_settings(append_slash, atomic_requests):
    name = f"hostile_{append_slash}{atomic_requests}"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist",
         "--ds=tests.sites.hostile.settings", *TESTS,
         *(f"--ignore=tests/{name}.py" for name in IGNORED)],
        cwd=ROOT,
        env=os.environ
        | {
            "TEST_DATABASE_NAME": database_name(name),
            "HOSTILE_APPEND_SLASH": append_slash,
            "HOSTILE_ATOMIC_REQUESTS": atomic_requests,
        },
        capture_output=True,
        text=True,
        timeout=850,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert " passed" in result.stdout
