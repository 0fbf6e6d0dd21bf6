"""Wagtail as ``wagtail start`` sets it up, and Django's admin at another address."""

from base import *  # noqa: F403
from base import FOLDER, INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS[:0] = [
    "shop",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
]
INSTALLED_APPS += ["django_scim"]
MIDDLEWARE += [
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]
AUTH_USER_MODEL = "shop.Account"
MEDIA_ROOT = FOLDER / "media"
MEDIA_URL = "/media/"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
WAGTAIL_SITE_NAME = "Shop"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAILADMIN_BASE_URL = "http://127.0.0.1"
