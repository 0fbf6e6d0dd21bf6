"""A site whose database is a server of the test's own, named by DATABASE_URL."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 2, "options": "-c lock_timeout=1000"}
elif DATABASES["default"]["ENGINE"].endswith("mysql"):
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 2,
        "init_command": "SET innodb_lock_wait_timeout = 1",
    }
DJANGO_SCIM = {"LAST_USED_INTERVAL": 0}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"class": "tests.sites.failures.logged.Lines"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    # The default handlers of Django would print to the pipe, or mail to the admins.
    "loggers": {"django": {"handlers": [], "propagate": True}},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # tests.settings replaces the name of the file; the variables say what the test needs.
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SQLITE_NAME", ":memory:"),
        "OPTIONS": {"timeout": 2, "uri": True}
        | ({"init_command": init} if (init := os.environ.get("SQLITE_INIT")) else {}),
    }
