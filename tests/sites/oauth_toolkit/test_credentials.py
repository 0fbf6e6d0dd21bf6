"""The end of an account at django-oauth-toolkit: no new token, and no other's end."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from .conftest import ENDPOINT, SECRET

KINDS = ["AccessToken", "RefreshToken", "IDToken", "Grant"]
URI = "https://app.example.com/"


def active(value):
    return {"op": "replace", "path": "active", "value": value}


def held(user):
    """Return how many of each kind of credential stand for a user."""
    return {
        kind: apps.get_model("oauth2_provider", kind).objects.filter(user=user).count()
        for kind in KINDS
    }


@pytest.fixture
def web(make_application):
    """An application of the site that people sign in to."""
    return make_application(authorization_grant_type="authorization-code", redirect_uris=URI)


@pytest.fixture
def give(web):
    """Give a user one of each credential, as a sign-in to an application leaves them."""

    def give(user):
        get, expires = apps.get_model, timezone.now() + timedelta(hours=1)
        common = {"user": user, "application": web}
        dated = common | {"expires": expires, "scope": "users:read"}
        id_token = get("oauth2_provider.IDToken").objects.create(**dated)
        access = get("oauth2_provider.AccessToken").objects.create(
            token=f"access of {user}", id_token=id_token, **dated
        )
        get("oauth2_provider.RefreshToken").objects.create(
            token=f"refresh of {user}", access_token=access, **common
        )
        get("oauth2_provider.Grant").objects.create(
            code=f"code of {user}", redirect_uri=URI, **dated
        )

    return give


@pytest.fixture
def leaver(scim, give):
    """Somebody provisioned who has signed in to an application."""
    scim.path = f"/Users/{scim.make_user('leaver')['id']}"
    user = User.objects.get(username="leaver")
    give(user)
    return user


@pytest.mark.parametrize(
    "body",
    [
        {"grant_type": "refresh_token", "refresh_token": "refresh of leaver"},
        {"grant_type": "authorization_code", "code": "code of leaver", "redirect_uri": URI},
    ],
)
@pytest.mark.parametrize("leaves", [False, True])
def test_no_new_token_is_issued(scim, leaver, web, settings, body, leaves):
    settings.OAUTH2_PROVIDER = settings.OAUTH2_PROVIDER | {"PKCE_REQUIRED": False}
    if leaves:
        scim.patch(scim.path, active(False))
    client = {"client_id": web.client_id, "client_secret": SECRET}
    answer = Client().post(ENDPOINT, body | client)
    assert answer.status_code == (400 if leaves else 200), answer.content
    assert answer.json().get("error") == ("invalid_grant" if leaves else None)


def test_applications_and_their_own_tokens_stay(scim, leaver, oauth, web):
    """An identity provider's token stands for nobody, whoever made its application."""
    oauth.application.user = leaver
    oauth.application.save()
    scim.patch(scim.path, active(False))
    assert oauth.get("/Users").status_code == 200
    web.refresh_from_db()


def test_what_is_refused_ends_nothing(scim, leaver):
    answer = scim.patch(scim.path, active(False), {"op": "replace", "path": "no", "value": "x"})
    assert answer.status_code == 400
    assert held(leaver) == dict.fromkeys(KINDS, 1)
