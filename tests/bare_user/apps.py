from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "tests.bare_user"
    label = "accounts"
    default_auto_field = "django.db.models.AutoField"
