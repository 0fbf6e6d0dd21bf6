"""Settings with a faulty DJANGO_SCIM, which tests/test_checks.py passes as JSON."""

import json
import os

from tests.settings import *  # noqa: F403

DJANGO_SCIM = json.loads(os.environ["BROKEN_DJANGO_SCIM"])
