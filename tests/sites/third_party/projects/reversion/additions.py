"""django-reversion with its middleware, and versions of the accounts and groups."""

from base import *  # noqa: F403
from base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += ["reversion", "shop", "django_scim"]
MIDDLEWARE += ["reversion.middleware.RevisionMiddleware"]
