"""The demo site with a Content-Security-Policy that blocks everything inline."""

from testproject.settings import *  # noqa: F403
from testproject.settings import BASE_DIR, DATABASES, MIDDLEWARE

MIDDLEWARE = ["tests.browser.policy.content_security_policy", *MIDDLEWARE]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # In memory, the threads of the server and the test would share one connection.
    DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "test_browser.sqlite3"}
