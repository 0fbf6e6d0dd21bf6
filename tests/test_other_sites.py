"""The HTTP tests again on other host sites, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
IS_SQLITE = os.environ.get("DATABASE_URL", "sqlite:").startswith("sqlite:")


def run_tests(settings, name, *paths, **environment):
    """Run tests under other settings, on a test database of that name."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist",
         f"--ds={settings}", *paths],
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE_NAME": database(name)} | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert " passed" in result.stdout


def run_checks(site, *names):
    paths = [f"tests/{site}/check_{name}.py" for name in names]
    run_tests(f"tests.{site}.settings", site, *paths)


def database(name):
    return "" if IS_SQLITE else f"test_scim_{name}"


#: Each of the two both ways. A transaction around the request is what PostgreSQL minds.
COMBINATIONS = [("1", "0")] if IS_SQLITE else [("0", "1")]
SLOW = [f"--ignore=tests/http/test_{name}.py" for name in ("two_connections", "read_only")]
if os.environ.get("SCIM_LONG"):
    COMBINATIONS = [(slash, atomic) for slash in "01" for atomic in "01"]
    SLOW = []


@pytest.mark.parametrize(("append_slash", "atomic_requests"), COMBINATIONS)
def test_a_hostile_host(append_slash, atomic_requests):
    run_tests(
        "tests.hostile_settings",
        f"hostile_{append_slash}{atomic_requests}",
        "tests/http",
        "tests/idp",
        *SLOW,
        HOSTILE_APPEND_SLASH=append_slash,
        HOSTILE_ATOMIC_REQUESTS=atomic_requests,
    )


def test_a_custom_user_model():
    run_checks("custom_user", "custom_user", "bulk", "contract", "migrations")


def test_the_least_of_user_models():
    run_checks("bare_user", "bare_user", "bulk", "migrations")


def test_an_address_that_nobody_else_may_have():
    run_checks("mail_user", "mail_user", "bulk")


def test_every_kind_of_mapping():
    run_checks("bent", "activation", "bulk", "contract", "documents", "edges", "site", "statements")


def test_access_tokens_of_django_oauth_toolkit():
    run_checks("oauth", "tokens", "door", "leavers", "ends", "site")


def test_a_resource_type_of_the_sites_own():
    paths = ("tests/devices/check_devices.py", "tests/devices/check_access.py")
    run_tests("testproject.settings", "devices", *paths)


def test_a_site_with_two_customers():
    names = ("isolation", "page", "permissions", "docs")
    paths = [f"tests/organisations/check_{name}.py" for name in names]
    run_tests("testproject.settings", "organisations", *paths)


def test_migrations_of_the_stock_models():
    run_tests("tests.settings", "stock", "tests/stock/check_migrations.py")


def test_migrations_of_a_group_model_of_the_sites_own():
    run_tests("tests.bent.settings", "bent_migrations", "tests/bent/check_migrations.py")
