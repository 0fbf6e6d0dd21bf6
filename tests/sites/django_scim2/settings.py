"""A site that moves from django-scim2, as in docs/how-to/django-scim2.md.

OLD_DATABASE is the file of a database that the real django-scim2 has filled.
"""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sites.django_scim2.apps.PeopleConfig"]
AUTH_USER_MODEL = "people.User"
DJANGO_SCIM = {
    "ADAPTERS": {
        "User": "tests.sites.django_scim2.adapters.PersonAdapter",
        "Group": "tests.sites.django_scim2.adapters.TeamAdapter",
    }
}
if file := os.environ.get("OLD_DATABASE"):
    DATABASES = DATABASES | {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": file}}
