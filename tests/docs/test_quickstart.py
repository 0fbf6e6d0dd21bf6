"""The set-up of the README and of the tutorial, from their own text, on a fresh project (S2)."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/tutorial/quickstart.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: The settings of a site before its owner follows the page.
BEFORE = {
    "a fresh project": "",
    "a site with REST framework": 'INSTALLED_APPS += ["rest_framework", "django_filters"]\n',
}
#: Further versions of Django, which SCIM_LONG adds, each in a virtual environment.
VERSIONS = ("6.0", "6.1") if os.environ.get("SCIM_LONG") else ()


@pytest.fixture(scope="module", params=["as installed", *VERSIONS])
def python(request, tmp_path_factory):
    """Return a Python that has a version of Django."""
    if request.param == "as installed":
        return sys.executable
    base = next(filter(_runs, ("python3.13", "python3.12")), None)
    if base is None:
        pytest.skip("Django 6 needs Python 3.12 or 3.13")
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([base, "-m", "venv", folder], check=True)
    packages = [f"Django=={request.param}.*", "djangorestframework>=3.16", "django-filter"]
    python = folder / "bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def _runs(command):
    """Return whether a Python starts. pyenv has commands for versions that are switched off."""
    path = shutil.which(command)
    return path and not subprocess.run([path, "--version"], capture_output=True).returncode


def lines_of(page):
    """Return the lines that the page adds to settings.py and urls.py, and its commands."""
    added, commands = {"settings.py": "", "urls.py": ""}, []
    for language, text in BLOCK.findall((ROOT / page).read_text("utf-8")):
        if language == "python" and "INSTALLED_APPS" in text and "django_scim" in text:
            settings, _, urls = text.partition("# urls.py\n")
            added["settings.py"] += settings
            added["urls.py"] += urls
        elif language == "python" and "urlpatterns" in text and not added["urls.py"]:
            added["urls.py"] += text
        elif not language:
            commands += re.findall(r"^python (manage\.py .+)$", text, re.MULTILINE)
    return added, commands


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("page", PAGES)
def test_s2_the_page_is_enough(tmp_path, python, page, before):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    del environment["DJANGO_SETTINGS_MODULE"]

    def run(*arguments):
        done = subprocess.run(
            [python, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("-m", "django", "startproject", "mysite", ".")
    added, commands = lines_of(page)
    assert added["urls.py"] and "manage.py migrate" in commands
    assert any("scim_connect" in each for each in commands)
    for name, text in added.items():
        path = tmp_path / "mysite" / name
        start = BEFORE[before] if name == "settings.py" else ""
        path.write_text(f"{path.read_text()}\n{start}{text}", "utf-8")
    assert "no issues" in run("manage.py", "check", "--fail-level", "WARNING")
    token = ""
    for command in commands:
        output = run(*command.split())
        token = next(iter(re.findall(r"scim_[\w-]{40,}", output)), token)
    script = tmp_path / "request.py"
    script.write_text(
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "body = {'schemas': ['urn:ietf:params:scim:schemas:core:2.0:User'], 'userName': 'amy'}\n"
        "c = Client(headers={'Authorization': 'Bearer TOKEN'})\n"
        "r = c.post('/scim/v2/Users', body, content_type='application/scim+json',\n"
        "           headers={'Host': 'localhost'})\n"
        "print(r.status_code, r.json())\n".replace("TOKEN", token)
    )
    environment["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
    assert run("request.py").startswith("201 ")


# The tutorial, as a reader follows it

TUTORIAL = (ROOT / PAGES[1]).read_text("utf-8")


def scripts():
    """Return the scripts of the page, by a word that each contains."""
    found = [text for language, text in BLOCK.findall(TUTORIAL) if language == "bash"]
    words = ("startproject", "createsuperuser", "export TOKEN", "eq%20", "externalId", "export ID",
             "PATCH", '"BJensen"', "scim_events")  # fmt: skip
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))
    return dict(zip(words, found, strict=True))


@pytest.fixture
def project(tmp_path):
    """Return a function that runs a script in a project that the page has set up."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DJANGO_SUPERUSER_PASSWORD": "a-long-password",
        "PYTHONUNBUFFERED": "1",
    }
    del environment["DJANGO_SETTINGS_MODULE"]

    def run(script, **more):
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=tmp_path,
            env=environment | more,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("django-admin startproject mysite .")
    for name, text in lines_of(PAGES[1])[0].items():
        path = tmp_path / "mysite" / name
        path.write_text(f"{path.read_text()}\n{text}", "utf-8")
    run("python manage.py migrate")
    run.environment, run.folder = environment, tmp_path
    return run


@pytest.fixture
def server(project):
    """Run the project with runserver on a free port; return the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "manage.py", "runserver", "--noreload", port]
    process = subprocess.Popen(
        command, cwd=project.folder, env=project.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def test_tutorial_from_the_first_to_the_last_command(project, server):
    steps = scripts()
    start, serve = steps["createsuperuser"].strip().splitlines()
    project(f"{start} --noinput")
    assert serve == "python manage.py runserver"
    connected = project("python manage.py scim_connect okta --profile okta")
    shown = re.search(r"^```text\n(Connection.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)[1]
    without_secret = re.compile(r"scim_[\w-]{40,}")
    assert without_secret.sub("", connected) == without_secret.sub("", shown)
    secret = without_secret.search(connected)[0]
    settings = without_secret.sub(secret, steps["export TOKEN"]).replace("8000", server)

    def do(word):
        return project(settings + steps[word])

    assert json.loads(do("eq%20"))["totalResults"] == 0
    created = json.loads(do("externalId"))
    assert created["userName"] == "bjensen" and created["active"]
    settings += steps["export ID"]
    assert project(settings + "echo $ID").strip() == created["id"]
    assert json.loads(do("PATCH"))["active"] is False
    refused = json.loads(do('"BJensen"'))
    assert (refused["status"], refused["scimType"]) == ("409", "uniqueness")
    assert "[request " in refused["detail"]
    columns = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|^\d+ *| +$", re.MULTILINE)
    shown = re.search(r"^```text\n(ID  TIME.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)[1]
    assert columns.sub("", do("scim_events")) == columns.sub("", shown)
    look = (
        "from django.contrib.auth.models import User; u = User.objects.get(username='bjensen'); "
        "print(u.is_active, u.has_usable_password(), u.first_name, u.email)"
    )
    output = project(f'python manage.py shell --no-imports -v 0 -c "{look}" 2>/dev/null || '
                     f'python manage.py shell -v 0 -c "{look}"')  # fmt: skip
    assert output.strip().endswith("False False Barbara bjensen@example.com")
