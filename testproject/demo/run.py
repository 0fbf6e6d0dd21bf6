"""Start the site and provision it. ``scripts/demo`` prepares the environment and runs this."""

import argparse
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testproject.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")

CONNECTION = "Northwind directory"
CUSTOMERS = {"northwind-instruments": "Northwind Instruments", "contoso-labs": "Contoso Labs"}
ADMIN = "admin"


def main() -> int:
    parser = argparse.ArgumentParser(description="Provision a sample company over SCIM.")
    parser.add_argument("--once", action="store_true", help="verify the result and exit")
    once = parser.parse_args().once

    import django
    from django.core.management import call_command
    from rich.console import Console

    django.setup()
    console = Console()
    call_command("migrate", verbosity=0)
    password = make_admin()
    make_customers()
    token = issue_token()
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile("w+") as log, start_site(port, log) as server:
        try:
            if not wait_for(site, server):
                log.seek(0)
                console.print(log.read()[-4000:], markup=False)
                console.print("[red]The site did not start.[/red]")
                return 1
            ok = provision(console, site, token)
            if once or not ok:
                return 0 if ok else 1
            console.print(f"\nSite   {site}/\nAdmin  {site}/admin/   {ADMIN} / {password}")
            for slug in CUSTOMERS:
                console.print(f"       {site}/organisations/{slug}/provisioning/")
            console.print("The site is running. Press Ctrl-C to stop it.")
            server.wait()
        except KeyboardInterrupt:
            pass
        finally:
            server.terminate()
    return 0


def provision(console: object, site: str, token: str) -> bool:
    """Run the identity provider, print what it did, and verify the result.

    Return whether the result is correct.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Table

    from demo.provision import Provider
    from demo.verify import verify

    assert isinstance(console, Console)
    since = datetime.now(UTC)
    bar = Progress(
        TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), console=console
    )
    with bar:
        task = bar.add_task("Starting", total=Provider.steps())
        cleared = 0

        def step(doing: str) -> None:
            nonlocal cleared
            if doing.startswith("Clearing"):
                cleared += 1
                bar.update(task, description=doing, total=Provider.steps() + cleared)
            bar.update(task, advance=1, description=doing)

        outcome = Provider(f"{site}/scim/v2", token, step).run()
        bar.update(task, description="Done")
    table = Table("What happened", "", title="Northwind Instruments")
    for what, count in outcome.counts.items():
        table.add_row(what, str(count))
    for what, answer in outcome.rejections:
        table.add_row(f"rejected: {what}", answer)
    console.print(table)
    checks = verify(outcome, CONNECTION, since)
    for statement, is_true in checks:
        if not is_true:
            console.print(f"[red]Not true:[/red] {statement}")
    passed = sum(is_true for _, is_true in checks)
    console.print(f"Verified in the database: {passed} of {len(checks)} checks passed.")
    return passed == len(checks)


def make_admin() -> str:
    """Create the admin, or set a new password; return the password."""
    from django.contrib.auth.models import User

    password = secrets.token_urlsafe(9)
    admin, _ = User.objects.get_or_create(
        username=ADMIN, defaults={"is_staff": True, "is_superuser": True}
    )
    admin.set_password(password)
    admin.save()
    return password


def make_customers() -> None:
    """Create two organisations that the admin manages, the first with the connection."""
    from django.contrib.auth.models import User

    from company.models import Membership, Organisation
    from django_scim import connections
    from django_scim.models import Connection

    admin = User.objects.get(username=ADMIN)
    for slug, name in CUSTOMERS.items():
        organisation, _ = Organisation.objects.get_or_create(name=name, defaults={"slug": slug})
        Membership.objects.update_or_create(
            organisation=organisation, user=admin, defaults={"is_admin": True}
        )
    if not Connection.objects.filter(name=CONNECTION).exists():
        northwind = Organisation.objects.get(name="Northwind Instruments")
        connections.create(CONNECTION, tenant=northwind)


def issue_token() -> str:
    """Issue a token with ``manage.py scim_connect``, and revoke those of previous runs.

    Also override the guard, which would trip when the provider clears the previous run.
    """
    from io import StringIO

    from django.core.management import call_command

    from django_scim import connections
    from django_scim.models import Connection, Token

    if earlier := Connection.objects.filter(name=CONNECTION).first():
        connections.override_guard(earlier)
    for token in Token.objects.usable().filter(connection__name=CONNECTION):
        token.revoke()
    output = StringIO()
    call_command("scim_connect", CONNECTION, quiet=True, stdout=output)
    return output.getvalue().strip()


def free_port() -> int:
    """Return port 8000, or another port if it is in use."""
    for port in (8000, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("There is no free port on 127.0.0.1.")


def start_site(port: int, log: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "testproject.wsgi:application"]
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT, text=True
    )


def wait_for(site: str, server: "subprocess.Popen[str]") -> bool:
    """Return whether the site responds within 30 seconds."""
    for _ in range(150):
        if server.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"{site}/scim/v2/ServiceProviderConfig", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    return False


if __name__ == "__main__":
    sys.exit(main())
