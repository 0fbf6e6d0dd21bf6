"""The demo site under a Content-Security-Policy that lets nothing inline through."""

from testproject.settings import *  # noqa: F403
from testproject.settings import BASE_DIR, DATABASES, MIDDLEWARE

MIDDLEWARE = ["tests.browser.policy.content_security_policy", *MIDDLEWARE]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file: in memory the server's threads and the test would share one connection.
    DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "test_browser.sqlite3"}
