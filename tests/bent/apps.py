from django.apps import AppConfig


class BentConfig(AppConfig):
    name = "tests.bent"
    label = "bent"
    default_auto_field = "django.db.models.BigAutoField"
