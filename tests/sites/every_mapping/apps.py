from django.apps import AppConfig


class EveryMappingConfig(AppConfig):
    name = "tests.sites.every_mapping"
    label = "every_mapping"
    default_auto_field = "django.db.models.BigAutoField"
