"""The site that docs/how-to/single-sign-on.md describes, and a site without django-allauth."""

import io
import subprocess
import sys
from pathlib import Path

from django.conf import settings as site
from django.core.management import call_command

from .recipes import PAGE

ROOT = Path(__file__).parents[3]


def test_page_describes_this_site():
    assert f'SOCIALACCOUNT_ADAPTER = "{site.SOCIALACCOUNT_ADAPTER}"' in PAGE


def test_checks_pass(db):
    out = io.StringIO()
    call_command("check", stdout=out, stderr=out)
    assert "no issues" in out.getvalue()


def test_starts_without_the_package():
    code = (
        "import sys; sys.modules['allauth'] = None;"
        "import django; django.setup();"
        "import django_scim.urls, django_scim.admin;"
        "assert 'django_scim.contrib.allauth' not in sys.modules"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "testproject:."}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
