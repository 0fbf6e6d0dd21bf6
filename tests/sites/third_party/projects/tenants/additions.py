"""django-tenants: a schema for each customer, chosen by the host; accounts in each schema."""

from base import *  # noqa: F403
from base import INSTALLED_APPS, MIDDLEWARE
from postgresql import NAME, PARTS

SHARED_APPS = ["django_tenants", "shop", *INSTALLED_APPS, "django_scim"]
TENANT_APPS = [*INSTALLED_APPS, "django_scim"]
INSTALLED_APPS = SHARED_APPS + [each for each in TENANT_APPS if each not in SHARED_APPS]
MIDDLEWARE[:0] = ["django_tenants.middleware.main.TenantMainMiddleware"]
TENANT_MODEL = "shop.Customer"
TENANT_DOMAIN_MODEL = "shop.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": NAME,
        "USER": PARTS.username,
        "PASSWORD": PARTS.password or "",
        "HOST": PARTS.hostname,
        "PORT": PARTS.port or 5432,
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
    }
}
ALLOWED_HOSTS = [".example.com"]
