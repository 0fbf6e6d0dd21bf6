from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.sites.email_username.apps.EmailUsernameConfig", *INSTALLED_APPS]
AUTH_USER_MODEL = "email_username.Person"
