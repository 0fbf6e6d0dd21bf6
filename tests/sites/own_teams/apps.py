from django.apps import AppConfig


class OwnTeamsConfig(AppConfig):
    name = "tests.sites.own_teams"
    label = "own_teams"
    default_auto_field = "django.db.models.BigAutoField"
