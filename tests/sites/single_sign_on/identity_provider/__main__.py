"""Serve on a free port, which is printed. The arguments are the redirect URIs of the site."""

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from . import CLIENT_ID, CLIENT_SECRET


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, serialization.NoEncryption()).decode()


settings.configure(
    SECRET_KEY="identity provider",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=f"{__package__}.urls",
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": private_key(),
        "SCOPES": {"openid": "", "profile": "", "email": ""},
        "PKCE_REQUIRED": False,
        "OAUTH2_VALIDATOR_CLASS": f"{__package__}.validators.ClaimsValidator",
    },
)
django.setup()
call_command("migrate", verbosity=0)

from oauth2_provider.models import Application  # noqa: E402 - needs the settings

Application.objects.create(
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    client_type=Application.CLIENT_CONFIDENTIAL,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    redirect_uris=" ".join(sys.argv[1:]),
    skip_authorization=True,
    algorithm=Application.RS256_ALGORITHM,
)
server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=QuietHandler)
print(server.server_port, flush=True)
server.serve_forever()
