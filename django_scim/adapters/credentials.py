"""What lets somebody in beside a session, and ends with the account."""

from typing import Any

from django.apps import apps

#: App and model of credentials that belong to a user, in a column ``user``.
CREDENTIALS = (
    ("authtoken", "Token"),
    ("knox", "AuthToken"),
    ("oauth2_provider", "AccessToken"),
    ("oauth2_provider", "RefreshToken"),
    ("oauth2_provider", "IDToken"),
    ("oauth2_provider", "Grant"),
)


def end_credentials(user: Any) -> None:
    """Delete the tokens of an account, of every package that is installed."""
    for app, name in CREDENTIALS:
        if apps.is_installed(_module(app)):
            apps.get_model(app, name)._base_manager.filter(user=user.pk).delete()


def _module(app: str) -> str:
    return "rest_framework.authtoken" if app == "authtoken" else app
