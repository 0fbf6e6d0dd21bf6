"""Tokens that must be deleted when an account is deactivated."""

from typing import Any

from django.apps import apps
from django.conf import settings as site_settings

#: Package, model, and the setting that swaps the model for another. Each has a column ``user``.
CREDENTIALS = (
    ("rest_framework.authtoken", "authtoken.Token", ""),
    ("knox", "knox.AuthToken", "KNOX_TOKEN_MODEL"),
    ("oauth2_provider", "oauth2_provider.AccessToken", "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL"),
    ("oauth2_provider", "oauth2_provider.RefreshToken", "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL"),
    ("oauth2_provider", "oauth2_provider.IDToken", "OAUTH2_PROVIDER_ID_TOKEN_MODEL"),
    ("oauth2_provider", "oauth2_provider.Grant", "OAUTH2_PROVIDER_GRANT_MODEL"),
    ("oauth2_provider", "oauth2_provider.DeviceGrant", "OAUTH2_PROVIDER_DEVICE_GRANT_MODEL"),
)


def end_credentials(user: Any) -> None:
    """Delete an account's tokens of every package that is installed.

    A new account has none. It must not be asked about: without a key, the condition would match
    tokens that belong to no user at all.
    """
    if user._state.adding:
        return
    for package, label, setting in CREDENTIALS:
        if not apps.is_installed(package):
            continue
        try:
            model = apps.get_model(getattr(site_settings, setting, label) if setting else label)
        except LookupError:
            continue  # this release of the package does not have the model
        model._base_manager.filter(user=user.pk).delete()
