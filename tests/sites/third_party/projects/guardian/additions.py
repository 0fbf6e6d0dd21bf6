"""django-guardian with its anonymous account, django-axes and django-otp."""

from base import *  # noqa: F403
from base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += ["guardian", "axes", "django_otp", "django_otp.plugins.otp_totp", "django_scim"]
MIDDLEWARE += ["django_otp.middleware.OTPMiddleware", "axes.middleware.AxesMiddleware"]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
