"""django-unfold, the theme of the admin, with its optional apps."""

from base import *  # noqa: F403
from base import INSTALLED_APPS

INSTALLED_APPS[:0] = ["unfold", "unfold.contrib.filters", "unfold.contrib.forms"]
INSTALLED_APPS += ["shop", "django_scim"]
UNFOLD = {"SITE_TITLE": "Shop", "SITE_HEADER": "Shop", "SHOW_HISTORY": True}
