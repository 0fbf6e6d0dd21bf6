"""Delete the tokens of an account when it is deactivated."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings as site_settings

#: App, model, and the setting that replaces the model. Each model has a foreign key ``user``.
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
    """Delete an account's tokens in every installed app of ``CREDENTIALS``.

    A new account is skipped: it has no primary key yet, so that the condition would match tokens
    without a user.
    """
    if user._state.adding:
        return
    for model in credential_models():
        model._base_manager.filter(user=user.pk).delete()


def credential_models() -> Iterator[Any]:
    """Yield the models of ``CREDENTIALS`` whose apps are installed."""
    for package, label, setting in CREDENTIALS:
        if not apps.is_installed(package):
            continue
        try:
            yield apps.get_model(getattr(site_settings, setting, label) if setting else label)
        except LookupError:
            continue  # the installed version of the app does not have this model
