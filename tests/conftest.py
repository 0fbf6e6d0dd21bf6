import itertools

import pytest

from django_scim import connections
from django_scim.models import Event

from .client import ScimClient

pytest_plugins = ["tests.sites.collector"]

#: Run the longest tests first, so that no worker is left with them at the end.
LONGEST = ("tests/sites/hostile/test_requests.py", "tests/docs/test_examples.py")

_numbers = itertools.count(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture
def connect(db):
    """Return a function that creates a connection and returns a client with a token."""

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
    """Return a function that returns events in their order."""
    return lambda **wanted: list(Event.objects.filter(**wanted).order_by("pk"))
