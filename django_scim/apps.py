from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _

from .conf import settings


class DjangoScimConfig(AppConfig):
    name = "django_scim"
    verbose_name = _("SCIM provisioning")
    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, *args: Any) -> None:
        """Load the settings before any app's models are imported and any ``ready`` is called."""
        super().__init__(*args)
        settings.load()

    def ready(self) -> None:
        from . import checks, receivers  # noqa: F401 - registers the system checks
        from .contrib import change_history
        from .query import text_functions  # noqa: F401 - adds functions to SQLite connections
        from .username_validators import accept_provisioned_names

        for package in ("drf_spectacular",):
            if find_spec(package):
                import_module(f"django_scim.contrib.{package.removeprefix('drf_')}")
        if apps.is_installed("allauth.socialaccount"):
            import_module("django_scim.contrib.allauth")
        receivers.connect()
        change_history.connect()
        accept_provisioned_names()
