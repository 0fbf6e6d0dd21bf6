"""django-simple-history with its middleware, and a history of the accounts."""

from base import *  # noqa: F403
from base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += ["simple_history", "shop", "django_scim"]
AUTH_USER_MODEL = "shop.Account"
MIDDLEWARE += ["simple_history.middleware.HistoryRequestMiddleware"]
