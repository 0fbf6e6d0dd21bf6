"""django-crum with its middleware, and a column with the account that changed a row."""

from base import *  # noqa: F403
from base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += ["shop", "django_scim"]
AUTH_USER_MODEL = "shop.Account"
MIDDLEWARE += ["crum.CurrentRequestUserMiddleware"]
