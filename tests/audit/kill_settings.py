"""The settings of tests.settings, with a database that survives the death of a process."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["KILL_DATABASE"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # The process dies, not the machine: nothing has to reach the disk.
    DATABASES["default"]["OPTIONS"] = {"init_command": "PRAGMA synchronous=OFF"}
