"""Check the installed wheel: its requirements, its files, and a new site that uses it.

Run it with the Python of an environment in which nothing but the wheel is installed.
"""

import subprocess
import sys
import tempfile
from importlib import metadata, resources
from pathlib import Path

import django_scim

REQUIRED = {"Django>=5.2", "djangorestframework>=3.16", "django-filter"}
FILES = (
    "py.typed",
    "protocol/schemas/User.json",
    "protocol/schemas/Group.json",
    "protocol/schemas/EnterpriseUser.json",
    "migrations/0001_initial.py",
    "templates/admin/django_scim/event/change_form.html",
    "locale/de/LC_MESSAGES/django.po",
    "locale/de/LC_MESSAGES/django.mo",
)
SETTINGS = """
INSTALLED_APPS += ["rest_framework", "django_filters", "django_scim"]
"""
URLS = """
from django.urls import include

urlpatterns += [path("scim/", include("django_scim.urls"))]
"""


def check_requirements() -> None:
    lines = metadata.requires("django-scim-provisioning") or []
    required = {line.split(";")[0].strip() for line in lines if "extra ==" not in line}
    assert required == REQUIRED, required


def check_files() -> None:
    root = resources.files(django_scim)
    missing = [name for name in FILES if not root.joinpath(name).is_file()]
    assert not missing, missing


def check_new_site() -> None:
    with tempfile.TemporaryDirectory() as folder:

        def run(*command: str) -> None:
            subprocess.run([sys.executable, *command], cwd=folder, check=True)

        run("-m", "django", "startproject", "newsite", ".")
        for name, text in (("settings.py", SETTINGS), ("urls.py", URLS)):
            with Path(folder, "newsite", name).open("a") as file:
                file.write(text)
        run("manage.py", "check", "--fail-level", "WARNING")
        run("manage.py", "migrate", "--verbosity", "0")
        run("manage.py", "scim_connect", "okta", "--profile", "okta")
        run("manage.py", "scim_token", "list")


if __name__ == "__main__":
    check_requirements()
    check_files()
    check_new_site()
    print("The wheel has its requirements and files, and a new site works with it.")
