from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.sites.declaration_errors.apps.DeclarationErrorsConfig", *INSTALLED_APPS]
DJANGO_SCIM = {"ADAPTERS": {"Thing": "tests.sites.declaration_errors.adapters.ThingAdapter"}}
