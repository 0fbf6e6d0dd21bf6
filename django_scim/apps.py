from django.apps import AppConfig


class DjangoScimConfig(AppConfig):
    name = "django_scim"
    verbose_name = "SCIM provisioning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, receivers  # noqa: F401 - registers the system checks
        from .query import functions  # noqa: F401 - SQLite gets its function when it connects
        from .usernames import accept_provisioned_names

        receivers.connect()
        accept_provisioned_names()
