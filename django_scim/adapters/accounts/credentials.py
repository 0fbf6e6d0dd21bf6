"""What lets somebody in beside a session, and ends with the account."""

from typing import Any

from django.apps import apps
from django.conf import settings as site_settings

#: Package, model, and the setting by which a site swaps the model for its own. Every one of them
#: has a column ``user``.
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
    """Delete the tokens of an account, of every package that is installed."""
    for package, label, setting in CREDENTIALS:
        if not apps.is_installed(package):
            continue
        try:
            model = apps.get_model(getattr(site_settings, setting, label) if setting else label)
        except LookupError:
            continue  # a release of the package that does not have it
        model._base_manager.filter(user=user.pk).delete()
