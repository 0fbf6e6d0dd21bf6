"""Set up real sites with other packages, and drive each through the life cycles of two providers.

    python -m tests.sites.third_party.run                    # all sites
    python -m tests.sites.third_party.run simple_history     # some of them

Each site gets a virtual environment and a fresh project. The environments are kept in
``.sites`` (or the folder in SITES_FOLDER) for the next run. The exit status is 1 if a request or a
check of a site failed.
"""

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

from .admin_pages import PASSWORD, Browser

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PROJECTS = sorted(each.name for each in (HERE / "projects").iterdir() if each.is_dir())
#: The sites of the short form, which CI runs.
SHORT = ("allauth", "crum", "simple_history")
URLS = """
from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("scim/", include("django_scim.urls"))]
"""


def life_cycles():
    """Return the life cycles by provider, and their client. The package's payloads need Django."""
    import django

    sys.path.append(str(ROOT / "testproject"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from .life_cycle import LIFE_CYCLES, Client

    return LIFE_CYCLES, Client


class Result(NamedTuple):
    name: str
    requests: int
    failures: list[str]


class Options(NamedTuple):
    """The keys of a project's ``site.toml``. Every key has a default."""

    #: Further arguments of scim_connect.
    connect: list[str] = []
    #: The host of each tenant, by the name of its schema. The life cycles run once for each.
    tenants: dict[str, str] = {"": "127.0.0.1"}
    #: The URL of Django's admin.
    admin: str = "/admin/"
    #: Pages of the site that the superuser must see too.
    pages: list[str] = []


class Site:
    """A project in a temporary folder, with the packages of its environment.

    A project has the settings ``additions.py`` and ``requirements.txt``; if it needs them, an app
    ``shop``, the URLs ``site_urls.py`` and scripts: ``first.py`` before the migrations,
    ``migrated.py`` after them, ``afterwards.py`` after the life cycles, and ``last.py`` at the end.
    """

    def __init__(self, name, environments):
        self.name, self.source = name, HERE / "projects" / name
        self.environment = environments / name
        self.python = self.environment / "bin" / "python"
        self.folder = Path(tempfile.mkdtemp(prefix=f"scim-{name}-"))
        path = self.source / "site.toml"
        self.options = Options(**tomllib.loads(path.read_text() if path.exists() else ""))
        self.variables = os.environ | {
            "DJANGO_SETTINGS_MODULE": "additions",
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)]),
        }

    def install(self):
        """Create the virtual environment, or complete an existing one."""
        requirements = (self.source / "requirements.txt").read_text().split()
        django = os.environ.get("SITES_DJANGO", "Django>=5.2,<5.3")
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", self.environment], check=True)
        packages = [django, "djangorestframework>=3.16", "django-filter", *requirements]
        command = [self.python, "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    def write(self):
        """Write the project: the settings, the URLs and the site's own app."""
        (self.folder / "site_urls.py").write_text(URLS)
        shutil.copytree(self.source, self.folder, dirs_exist_ok=True)
        shutil.copy(HERE / "base.py", self.folder / "base.py")

    def run(self, *arguments):
        done = subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
        return done.stdout

    def manage(self, command, *arguments, tenant=""):
        """Run a command of the site, or of one of its tenants."""
        if tenant:
            command, *arguments = "tenant_command", command, "--schema", tenant, *arguments
        return self.run("-m", "django", command, *arguments)

    def script(self, name):
        """Run a script of the project, if it has one of this name."""
        if (self.source / name).exists():
            self.run("-c", f"import django; django.setup(); exec(open({name!r}).read())")

    def prepare(self, providers):
        """Migrate, check, and return the tokens of a connection for each tenant and provider."""
        if (self.folder / "shop" / "models.py").exists():
            self.manage("makemigrations", "shop", "-v", "0")
        self.manage("migrate", "-v", "0")
        self.script("migrated.py")
        self.manage("check", "--fail-level", "WARNING", "--tag", "django_scim")
        return {
            (tenant, name): self.manage(
                *("scim_connect", name, "--profile", name, "--quiet", *self.options.connect),
                tenant=tenant,
            ).strip()
            for tenant in self.options.tenants
            for name in providers
        }

    def superuser(self, tenant):
        """Create a superuser and return the name with which it signs in."""
        text = (
            "from django.contrib.auth import get_user_model as model\n"
            "fields = [model().USERNAME_FIELD, *model().REQUIRED_FIELDS]\n"
            "values = {each: 'root' for each in fields} | {'email': 'root@example.com'}\n"
            f"model().objects.create_superuser(**values, password={PASSWORD!r})\n"
            "print('NAME', values[fields[0]])\n"
        )
        return self.manage("shell", "-c", text, tenant=tenant).split("NAME ")[1].strip()

    @contextlib.contextmanager
    def served(self):
        """Serve the site on a free port, and yield it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [self.python, "-m", "django", "runserver", "--noreload", f"127.0.0.1:{port}"]
        with open(self.folder / "server.log", "wb") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.variables, stdout=log, stderr=log
            )
        try:
            self._wait(process, port)
            yield port
        finally:
            process.terminate()
            process.wait(30)

    def _wait(self, process, port):
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            if process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError((self.folder / "server.log").read_text())

    def drive(self):
        """Send every request of the life cycles, and check the site afterwards."""
        cycles, client_class = life_cycles()
        clients = []
        failures = []
        try:
            self.install()
            self.write()
            self.script("first.py")
            tokens = self.prepare(cycles)
            with self.served() as port:
                for (tenant, provider), token in tokens.items():
                    for other, host in self.options.tenants.items():
                        title = f"{tenant} {provider} at {other}" if tenant else provider
                        client = client_class(port, token, title, host)
                        clients.append(client)
                        if tenant == other:
                            cycles[provider](client)
                        else:
                            client.send("GET", "/Users", expected=401)
                self.script("afterwards.py")
                for tenant, host in self.options.tenants.items():
                    self.manage("scim_doctor", tenant=tenant)  # fails if it finds anything
                    browser = Browser(port, host, f"{tenant} admin".strip(), self.options.admin)
                    clients.append(browser)
                    browser.visit(self.superuser(tenant), self.options.pages)
        except (RuntimeError, subprocess.CalledProcessError, OSError) as error:
            failures.append(str(error)[-3000:])
        finally:
            with contextlib.suppress(RuntimeError):
                self.script("last.py")
            shutil.rmtree(self.folder, ignore_errors=True)
        failures = [each for client in clients for each in client.failures] + failures
        return Result(self.name, sum(each.requests for each in clients), failures)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sites", nargs="*", metavar="SITE", help=f"of {', '.join(PROJECTS)}")
    parser.add_argument("--short", action="store_true", help=f"only {', '.join(SHORT)}")
    options = parser.parse_args(arguments)
    if unknown := set(options.sites) - set(PROJECTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    folder = Path(os.environ.get("SITES_FOLDER", ROOT / ".sites"))
    chosen = options.sites or (SHORT if options.short else PROJECTS)
    failed = False
    for name in chosen:
        result = Site(name, folder).drive()
        failed |= bool(result.failures)
        print(f"{name:20} {result.requests:4} requests, {len(result.failures)} failures")
        for each in result.failures:
            print(f"    {each}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
