import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

# A site without the admin, whose user model is not PermissionsMixin.
INSTALLED_APPS = [
    "tests.sites.own_teams.apps.OwnTeamsConfig",
    *(each for each in INSTALLED_APPS if each != "django.contrib.admin"),
]
MIDDLEWARE = [each for each in MIDDLEWARE if "messages" not in each]
ROOT_URLCONF = "tests.sites.own_teams.urls"
AUTH_USER_MODEL = "own_teams.Person"
if not os.environ.get("OWN_TEAMS_BARE"):
    DJANGO_SCIM = {
        "ADAPTERS": {"Group": "tests.sites.own_teams.adapters.TeamAdapter"},
        "EXCLUDED_USERS": "tests.sites.own_teams.adapters.ROBOTS",
    }
