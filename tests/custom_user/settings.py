from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.custom_user.apps.PeopleConfig", *INSTALLED_APPS]
AUTH_USER_MODEL = "people.Person"
