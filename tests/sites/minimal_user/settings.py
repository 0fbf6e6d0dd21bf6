"""A service without Django's admin, sessions and messages, and without groups."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.sites.minimal_user.urls"
INSTALLED_APPS = [
    "tests.sites.minimal_user.apps.MinimalUserConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "django_filters",
    "django_scim",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
TEMPLATES = []
AUTH_USER_MODEL = "minimal_user.Account"
DJANGO_SCIM = {"ADAPTERS": {"Group": None}}
