"""django-allauth whose users sign in by e-mail."""

from base import *  # noqa: F403
from base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS += ["allauth", "allauth.account", "shop", "django_scim"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
AUTH_USER_MODEL = "shop.Account"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
