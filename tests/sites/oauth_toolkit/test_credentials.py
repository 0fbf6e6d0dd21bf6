"""Deactivation revokes the credentials of a user, and no others."""

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


def count_credentials(user):
    """Return the number of credentials of a user by model."""
    return {
        kind: apps.get_model("oauth2_provider", kind).objects.filter(user=user).count()
        for kind in KINDS
    }


@pytest.fixture
def web(make_application):
    """Return an application of the site to which users sign in."""
    return make_application(authorization_grant_type="authorization-code", redirect_uris=URI)


@pytest.fixture
def grant_credentials(web):
    """Return a function that gives a user one credential of each model, as a sign-in does."""

    def grant_credentials(user):
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

    return grant_credentials


@pytest.fixture
def leaver(scim, grant_credentials):
    """Return a provisioned user who has signed in to an application."""
    scim.path = f"/Users/{scim.make_user('leaver')['id']}"
    user = User.objects.get(username="leaver")
    grant_credentials(user)
    return user


@pytest.mark.parametrize(
    "body",
    [
        {"grant_type": "refresh_token", "refresh_token": "refresh of leaver"},
        {"grant_type": "authorization_code", "code": "code of leaver", "redirect_uri": URI},
    ],
)
@pytest.mark.parametrize("leaves", [False, True])
def test_deactivated_user_gets_no_new_token(scim, leaver, web, settings, body, leaves):
    settings.OAUTH2_PROVIDER = settings.OAUTH2_PROVIDER | {"PKCE_REQUIRED": False}
    if leaves:
        scim.patch(scim.path, active(False))
    client = {"client_id": web.client_id, "client_secret": SECRET}
    answer = Client().post(ENDPOINT, body | client)
    assert answer.status_code == (400 if leaves else 200), answer.content
    assert answer.json().get("error") == ("invalid_grant" if leaves else None)


def test_applications_and_client_tokens_are_kept(scim, leaver, oauth, web):
    """A client token belongs to no user, even if the user owns the application."""
    oauth.application.user = leaver
    oauth.application.save()
    scim.patch(scim.path, active(False))
    assert oauth.get("/Users").status_code == 200
    web.refresh_from_db()


def test_rejected_request_revokes_nothing(scim, leaver):
    answer = scim.patch(scim.path, active(False), {"op": "nonsense"})
    assert answer.status_code == 400
    assert count_credentials(leaver) == dict.fromkeys(KINDS, 1)
