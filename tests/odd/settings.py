from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.odd.apps.OddConfig", *INSTALLED_APPS]
DJANGO_SCIM = {"ADAPTERS": {"Thing": "tests.odd.adapters.ThingAdapter"}}
