from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        import reversion
        from django.contrib.auth.models import Group, User

        reversion.register(User)
        reversion.register(Group)
