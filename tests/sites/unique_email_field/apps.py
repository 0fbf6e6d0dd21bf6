from django.apps import AppConfig


class UniqueEmailFieldConfig(AppConfig):
    name = "tests.sites.unique_email_field"
    label = "unique_email_field"
    default_auto_field = "django.db.models.BigAutoField"
