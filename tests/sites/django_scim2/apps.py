from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tests.sites.django_scim2"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
