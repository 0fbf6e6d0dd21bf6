from django.apps import AppConfig


class DeclarationErrorsConfig(AppConfig):
    name = "tests.sites.declaration_errors"
    label = "declaration_errors"
    default_auto_field = "django.db.models.BigAutoField"
