"""django-auditlog with its middleware, and entries about accounts and groups."""

from base import *  # noqa: F403
from base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += ["auditlog", "shop", "django_scim"]
MIDDLEWARE += ["auditlog.middleware.AuditlogMiddleware"]
