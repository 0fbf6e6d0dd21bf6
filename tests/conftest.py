import importlib.util
import itertools

import pytest

from django_scim import connections
from django_scim.models import Event

from .client import ScimClient

#: The browser's tests need an extra of their own, and are run by themselves.
collect_ignore = [] if importlib.util.find_spec("selenium") else ["browser"]
_numbers = itertools.count(1)


@pytest.fixture
def connect(db):
    """Make a connection with a token, and return a client that calls with it."""

    def connect(profile="default", scope="own", scopes=None, **options):
        connection = connections.create(
            f"Provider {next(_numbers)}", profile=profile, scope=scope, **options
        )
        return ScimClient(connection, connections.issue_token(connection, scopes=scopes).secret)

    return connect


@pytest.fixture
def scim(connect):
    return connect()


@pytest.fixture
def events(db):
    """Return the events of a test in their order."""
    return lambda **wanted: list(Event.objects.filter(**wanted).order_by("pk"))
