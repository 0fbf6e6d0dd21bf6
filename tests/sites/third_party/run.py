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
from pathlib import Path
from typing import NamedTuple

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


class Site:
    """A project in a temporary folder, with the packages of its environment."""

    def __init__(self, name, environments):
        self.name, self.source = name, HERE / "projects" / name
        self.environment = environments / name
        self.python = self.environment / "bin" / "python"
        self.folder = Path(tempfile.mkdtemp(prefix=f"scim-{name}-"))
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
        shutil.copytree(self.source, self.folder, dirs_exist_ok=True)
        shutil.copy(HERE / "base.py", self.folder / "base.py")
        (self.folder / "site_urls.py").write_text(URLS)

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

    def manage(self, *arguments):
        return self.run("-m", "django", *arguments)

    def prepare(self, providers):
        """Migrate, check, and return the token of a connection for each provider."""
        if (self.folder / "shop" / "models.py").exists():
            self.manage("makemigrations", "shop", "-v", "0")
        self.manage("migrate", "-v", "0")
        self.manage("check", "--fail-level", "WARNING", "--tag", "django_scim")
        path = self.source / "connect.txt"
        options = path.read_text().split() if path.exists() else []
        return {
            name: self.manage("scim_connect", name, "--profile", name, "--quiet", *options).strip()
            for name in providers
        }

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
        requests, failures = 0, []
        try:
            self.install()
            self.write()
            tokens = self.prepare(cycles)
            with self.served() as port:
                for provider, life_cycle in cycles.items():
                    client = client_class(port, tokens[provider], provider)
                    life_cycle(client)
                    requests += client.requests
                    failures += client.failures
            self.run("-c", f"import django; django.setup(); {_source('afterwards.py')}")
        except (RuntimeError, subprocess.CalledProcessError, OSError) as error:
            failures.append(str(error)[-3000:])
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return Result(self.name, requests, failures)


def _source(name):
    return f"exec(open({name!r}).read())"


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
