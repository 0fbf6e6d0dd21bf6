from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "tests.mail_user"
    label = "mailing"
    default_auto_field = "django.db.models.BigAutoField"
