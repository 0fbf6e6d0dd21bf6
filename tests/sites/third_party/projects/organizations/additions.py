"""django-organizations: the organisation that owns a connection gets the people whom it creates."""

from base import *  # noqa: F403
from base import INSTALLED_APPS

INSTALLED_APPS += ["organizations", "shop", "django_scim"]
ORGS_SLUGFIELD = "django_extensions.db.fields.AutoSlugField"
DJANGO_SCIM = {"ADAPTERS": {"User": "shop.scim.MemberAdapter"}}
