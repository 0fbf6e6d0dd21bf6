from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.mail_user.apps.MembersConfig", *INSTALLED_APPS]
AUTH_USER_MODEL = "mailing.Member"
