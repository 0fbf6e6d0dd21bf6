import itertools
from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from django_scim import connections
from tests.client import ScimClient

ENDPOINT = "/oauth/token/"
SECRET = "the secret of the client"
_numbers = itertools.count(1)


@pytest.fixture
def make_application(db):
    """Return a function that creates an application for client credentials."""

    def make_application(**options):
        return apps.get_model("oauth2_provider.Application").objects.create(
            **{
                "name": "Identity provider",
                "client_type": "confidential",
                "authorization_grant_type": "client-credentials",
                "client_secret": SECRET,
            }
            | options
        )

    return make_application


@pytest.fixture
def make_token(db):
    """Return a function that stores an access token and returns its secret."""

    def make_token(application, **options):
        secret = f"token-{next(_numbers)}"
        expires = timezone.now() + timedelta(hours=1)
        apps.get_model("oauth2_provider.AccessToken").objects.create(
            **{"application": application, "token": secret, "scope": "scim", "expires": expires}
            | options
        )
        return secret

    return make_token


@pytest.fixture
def fetch(db):
    """Return a function that gets an access token from the token endpoint."""

    def fetch(application, **parameters):
        body = {
            "grant_type": "client_credentials",
            "client_id": application.client_id,
            "client_secret": SECRET,
        }
        answer = Client().post(ENDPOINT, body | parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()["access_token"]

    return fetch


@pytest.fixture
def bind(make_application):
    """Return a function that creates a connection and an application bound to it."""

    def bind(**options):
        application = make_application()
        connection = connections.create(
            f"Bound {next(_numbers)}", oauth_client_id=application.client_id, **options
        )
        return connection, application

    return bind


@pytest.fixture
def oauth(bind, fetch):
    """Return a client with an access token from the token endpoint."""
    connection, application = bind()
    client = ScimClient(connection, fetch(application, scope="scim"))
    client.application = application
    return client
