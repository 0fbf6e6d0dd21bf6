from django.apps import AppConfig


class OwnCodeConfig(AppConfig):
    name = "tests.sites.own_code"
    label = "own_code"
    default_auto_field = "django.db.models.BigAutoField"
