"""Tokens that are deleted when an account is deactivated."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant, IDToken, RefreshToken
from rest_framework.authtoken.models import Token

from tests.client import USER

MODELS = (Token, AccessToken, RefreshToken, Grant, IDToken)


def give_credentials(user):
    """Give a user one credential of every model."""
    application = Application.objects.create(
        name="App", client_type="public", authorization_grant_type="authorization-code"
    )
    soon = timezone.now() + timedelta(hours=1)
    common = {"user": user, "application": application}
    Token.objects.create(user=user)
    access = AccessToken.objects.create(token=f"a{user.pk}", expires=soon, **common)
    RefreshToken.objects.create(token=f"r{user.pk}", access_token=access, **common)
    Grant.objects.create(code=f"g{user.pk}", expires=soon, redirect_uri="https://x/", **common)
    IDToken.objects.create(expires=soon, **common)


@pytest.fixture
def two_users(scim):
    """Return a client with two_users provisioned users, who have every credential."""
    scim.leaver = scim.make_user("leaver")
    scim.make_user("stayer")
    for user in User.objects.all():
        give_credentials(user)
    return scim


def owners():
    """Return the names of the users with a credential, by model."""
    rows = {model: model.objects.order_by("user__username") for model in MODELS}
    return {kind.__name__: [each.user.username for each in rows[kind]] for kind in MODELS}


@pytest.mark.parametrize(
    "end",
    [
        lambda scim, path: scim.patch(path, {"op": "replace", "path": "active", "value": False}),
        lambda scim, path: scim.put(
            path, {"schemas": [USER], "userName": "leaver", "active": False}
        ),
        lambda scim, path: scim.delete(path),
    ],
)
def test_deactivation_deletes_tokens_for_good(two_users, end):
    path = f"/Users/{two_users.leaver['id']}"
    assert set(map(len, owners().values())) == {2}
    assert end(two_users, path).status_code in (200, 204)
    assert set(map(tuple, owners().values())) == {("stayer",)}
    two_users.patch(path, {"op": "replace", "path": "active", "value": True})
    assert set(map(tuple, owners().values())) == {("stayer",)}


def test_api_key_stops_working(two_users):
    from rest_framework.authentication import TokenAuthentication
    from rest_framework.exceptions import AuthenticationFailed

    key = Token.objects.get(user__username="leaver").key
    assert TokenAuthentication().authenticate_credentials(key)
    path = f"/Users/{two_users.leaver['id']}"
    two_users.patch(path, {"op": "replace", "path": "active", "value": False})
    two_users.patch(path, {"op": "replace", "path": "active", "value": True})
    with pytest.raises(AuthenticationFailed):
        TokenAuthentication().authenticate_credentials(key)


def test_other_changes_delete_nothing(two_users):
    path = f"/Users/{two_users.leaver['id']}"
    two_users.patch(path, {"op": "replace", "path": "title", "value": "Guide"})
    assert set(map(len, owners().values())) == {2}
