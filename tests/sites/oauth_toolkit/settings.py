"""A site that issues access tokens with django-oauth-toolkit, as in docs/how-to/oauth.md."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

ROOT_URLCONF = "tests.sites.oauth_toolkit.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider", "rest_framework.authtoken"]
OAUTH2_PROVIDER = {
    "SCOPES": {
        "scim": "Provision users and groups",
        "users:read": "Read users",
        "users:write": "Write users",
        "groups:read": "Read groups",
        "groups:write": "Write groups",
        "audit:read": "Read the events of the connection",
        "audit:read-all": "Read all events; this package never grants it",
        "invoices:read": "Another API of the site",
    },
    "DEFAULT_SCOPES": ["scim"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}
DJANGO_SCIM = {
    "TOKEN_FINDERS": [
        "django_scim.api.authentication.find_token",
        "django_scim.contrib.oauth2_provider.find_token",
    ]
}
