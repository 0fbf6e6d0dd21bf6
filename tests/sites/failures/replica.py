"""A read replica: settings with a router like the example of Django's documentation."""

import os
from pathlib import Path

from testproject.database import from_url
from tests.sites.failures.site_settings import *  # noqa: F403
from tests.sites.failures.site_settings import DATABASES

DATABASES["replica"] = from_url(os.environ["REPLICA_URL"], Path.cwd())
DATABASE_ROUTERS = ["tests.sites.failures.routers.PrimaryReplicaRouter"]
DJANGO_SCIM = {"READ_FROM_REPLICA": int(os.environ.get("READ_FROM_REPLICA", "0"))}
