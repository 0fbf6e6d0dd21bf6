import subprocess
import sys
from pathlib import Path

import pytest
import requests
from django.test import Client

from django_scim import connections
from django_scim.models import SingleSignOn

from .identity_provider import CLIENT_ID, CLIENT_SECRET

PROVIDER = "keycloak"
CALLBACK = f"http://testserver/accounts/oidc/{PROVIDER}/login/callback/"
CALLBACKS = (
    CALLBACK,
    "http://testserver/oidc/callback/",
    "http://testserver/social/complete/oidc/",
)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def provider_url():
    """Start the identity provider and return its URL."""
    command = [sys.executable, "-m", "tests.sites.single_sign_on.identity_provider", *CALLBACKS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


@pytest.fixture
def person(provider_url, settings):
    """Return a function that sets the claims of a person at the identity provider."""
    app = {
        "provider_id": PROVIDER,
        "name": "Keycloak",
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "settings": {"server_url": f"{provider_url}/o/.well-known/openid-configuration"},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}

    def person(name, **claims):
        answer = requests.put(f"{provider_url}/people/{name}", json=claims, timeout=30)
        assert answer.status_code == 204

    return person


@pytest.fixture
def sign_in(provider_url, db):
    """Return a function that signs a person in through the identity provider.

    It returns the name of the user that is signed in then, or the text of the last page.
    """

    def sign_in(name):
        browser, site = requests.Session(), Client()
        assert browser.get(f"{provider_url}/sign-in/{name}", timeout=30).status_code == 204
        start = site.post(f"/accounts/oidc/{PROVIDER}/login/")
        assert start.status_code == 302, start.content
        answer = browser.get(start["Location"], allow_redirects=False, timeout=30)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(CALLBACK), answer.headers["Location"]
        page = site.get(answer.headers["Location"].removeprefix("http://testserver"), follow=True)
        assert page.status_code == 200
        user = page.wsgi_request.user
        return user.get_username() if user.is_authenticated else page.content.decode()

    return sign_in


@pytest.fixture
def single_sign_on(scim):
    """Return a function that sets up single sign-on for the connection of ``scim``."""

    def single_sign_on(**options):
        return SingleSignOn.objects.create(connection=scim.connection, provider=PROVIDER, **options)

    return single_sign_on


@pytest.fixture
def other_connection(db):
    return connections.create("Another")
