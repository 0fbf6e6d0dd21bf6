from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = ["tests.sites.own_code.apps.OwnCodeConfig", *INSTALLED_APPS]
AUTH_USER_MODEL = "own_code.Account"
MIDDLEWARE = [*MIDDLEWARE, "tests.sites.own_code.middleware.CurrentUser"]
# The columns are those of a site that was made long ago.
USE_TZ = False
TIME_ZONE = "America/Chicago"
