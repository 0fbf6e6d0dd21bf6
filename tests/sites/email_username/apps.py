from django.apps import AppConfig


class EmailUsernameConfig(AppConfig):
    name = "tests.sites.email_username"
    label = "email_username"
    default_auto_field = "django.db.models.BigAutoField"
