"""What lets somebody in beside a session ends with the account; run by
``tests/test_other_sites.py``."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant, IDToken, RefreshToken
from rest_framework.authtoken.models import Token

from tests.client import USER

MODELS = (Token, AccessToken, RefreshToken, Grant, IDToken)


def give_credentials(user):
    """Give a user one credential of every kind."""
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
def two(scim):
    """A leaver and somebody who stays, each with every credential."""
    scim.leaver = scim.make_user("leaver")
    scim.make_user("stayer")
    for user in User.objects.all():
        give_credentials(user)
    return scim


def held():
    """Return who has a credential, by its kind."""
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
def test_they_end_with_the_account_and_do_not_come_back(two, end):
    path = f"/Users/{two.leaver['id']}"
    assert set(map(len, held().values())) == {2}
    assert end(two, path).status_code in (200, 204)
    assert set(map(tuple, held().values())) == {("stayer",)}
    two.patch(path, {"op": "replace", "path": "active", "value": True})
    assert set(map(tuple, held().values())) == {("stayer",)}


def test_a_key_opens_nothing_any_more(two):
    from rest_framework.authentication import TokenAuthentication
    from rest_framework.exceptions import AuthenticationFailed

    key = Token.objects.get(user__username="leaver").key
    assert TokenAuthentication().authenticate_credentials(key)
    path = f"/Users/{two.leaver['id']}"
    two.patch(path, {"op": "replace", "path": "active", "value": False})
    two.patch(path, {"op": "replace", "path": "active", "value": True})
    with pytest.raises(AuthenticationFailed):
        TokenAuthentication().authenticate_credentials(key)


def test_any_other_change_ends_nothing(two):
    path = f"/Users/{two.leaver['id']}"
    two.patch(path, {"op": "replace", "path": "title", "value": "Guide"})
    assert set(map(len, held().values())) == {2}
