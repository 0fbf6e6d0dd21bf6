from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.sites.unique_email_field.apps.UniqueEmailFieldConfig", *INSTALLED_APPS]
AUTH_USER_MODEL = "unique_email_field.Member"
