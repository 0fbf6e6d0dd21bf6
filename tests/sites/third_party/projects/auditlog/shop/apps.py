from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        from auditlog.registry import auditlog
        from django.contrib.auth.models import Group, User

        auditlog.register(User)
        auditlog.register(Group)
