"""A site whose DJANGO_SCIM is wrong; run by tests/test_checks.py in a process of its own."""

import json
import os

from tests.settings import *  # noqa: F403

DJANGO_SCIM = json.loads(os.environ["BROKEN_DJANGO_SCIM"])
