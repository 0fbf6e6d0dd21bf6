"""The recipes for packages other than allauth, with the real packages."""

import importlib

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import clear_url_caches

from django_scim import connections
from tests.client import ScimClient

from . import recipes, saml
from .identity_provider import CLIENT_ID, CLIENT_SECRET


@pytest.fixture
def scim(db):
    return ScimClient(connections.create("Keycloak"))


@pytest.fixture
def use(settings):
    """Return a function that installs a recipe with further settings."""

    def use(package, has_settings=True, **options):
        recipes.load(package)
        for name, value in (
            (recipes.settings_of(package) if has_settings else {}) | options
        ).items():
            setattr(settings, name, value)
        importlib.reload(importlib.import_module("tests.sites.single_sign_on.recipe_urls"))
        settings.ROOT_URLCONF = "tests.sites.single_sign_on.recipe_urls"
        clear_url_caches()

    return use


def sign_in_by_oidc(provider_url, name, method, start):
    """Sign a person in. Return the name of the user, or "" if the sign-in was rejected."""
    browser, site = requests.Session(), Client()
    assert browser.get(f"{provider_url}/sign-in/{name}", timeout=30).status_code == 204
    location = site.generic(method, start)["Location"]
    answer = browser.get(location, allow_redirects=False, timeout=30)
    site.raise_request_exception = False
    site.get(answer.headers["Location"].removeprefix("http://testserver"))
    return site.get("/me/").content.decode()


@pytest.fixture
def by_mozilla(use, provider_url, person):
    use(
        "mozilla-django-oidc",
        OIDC_RP_CLIENT_ID=CLIENT_ID,
        OIDC_RP_CLIENT_SECRET=CLIENT_SECRET,
        OIDC_RP_SIGN_ALGO="RS256",
        OIDC_OP_AUTHORIZATION_ENDPOINT=f"{provider_url}/o/authorize/",
        OIDC_OP_TOKEN_ENDPOINT=f"{provider_url}/o/token/",
        OIDC_OP_USER_ENDPOINT=f"{provider_url}/o/userinfo/",
        OIDC_OP_JWKS_ENDPOINT=f"{provider_url}/o/.well-known/jwks.json",
    )
    return lambda name: sign_in_by_oidc(provider_url, name, "GET", "/oidc/authenticate/")


@pytest.fixture
def by_social_auth(use, provider_url, person):
    use(
        "social-auth-app-django",
        AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
        SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=f"{provider_url}/o",
        SOCIAL_AUTH_OIDC_KEY=CLIENT_ID,
        SOCIAL_AUTH_OIDC_SECRET=CLIENT_SECRET,
        SOCIAL_AUTH_ALLOWED_REDIRECT_HOSTS=["testserver"],
    )
    return lambda name: sign_in_by_oidc(provider_url, name, "POST", "/social/login/oidc/")


@pytest.fixture
def by_saml(use, person):
    consumer, audience = "http://testserver/saml/consume/", "http://testserver/saml/"
    use("python3-saml", has_settings=False, SAML=saml.settings_for(consumer, audience))

    def sign_in(name):
        site = Client(headers={"host": "testserver"}, raise_request_exception=False)
        start = site.get("/saml/start/")
        subject = {"maria": "7", "mallory": "8"}[name]
        site.post(consumer, saml.respond(start["Location"], subject, consumer, audience))
        return site.get("/me/").content.decode()

    return sign_in


@pytest.fixture(params=["by_mozilla", "by_social_auth", "by_saml"])
def sign_in(request, person):
    person("maria", sub="7", email="maria@example.com", email_verified=True)
    person("mallory", sub="8", email="maria@example.com", email_verified=True)
    return request.getfixturevalue(request.param)


def test_provisioned_person_gets_the_provisioned_account(scim, sign_in):
    scim.make_user("maria.rossi", externalId="7", emails=[{"value": "maria@example.com"}])
    assert sign_in("maria") == "maria.rossi"
    assert sign_in("maria") == "maria.rossi"
    assert sign_in("mallory") == ""
    assert User.objects.count() == 1


def test_deactivated_and_deleted_people_cannot_sign_in(scim, sign_in):
    resource = scim.make_user("maria.rossi", externalId="7", active=False)
    assert sign_in("maria") == ""
    assert scim.delete(f"/Users/{resource['id']}").status_code == 204
    assert sign_in("maria") == ""


def test_account_of_the_site_is_not_taken_over(scim, sign_in):
    User.objects.create_user("maria", "maria@example.com", "secret")
    assert sign_in("maria") == ""
    assert User.objects.count() == 1
