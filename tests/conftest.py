import itertools
import re

import pytest
from django.core.cache import cache
from django.test.utils import CaptureQueriesContext

from django_scim import connections
from django_scim.api import throttling
from django_scim.models import Event

from .client import ScimClient

pytest_plugins = ["tests.sites.collector"]

#: Run the longest tests first, so that no worker is left with them at the end.
LONGEST = ("tests/sites/hostile/test_requests.py", "tests/docs/test_examples.py")

_numbers = itertools.count(1)

#: The SQL that QUERY_TIMEOUT adds to a read. It varies, because it contains the remaining time.
LIMIT = re.compile(
    r"^SET STATEMENT max_statement_time=[\d.]+ FOR |"
    r"^(BEGIN|SAVEPOINT scim_read); SET LOCAL statement_timeout = \d+; |"
    r"; (COMMIT|ROLLBACK TO SAVEPOINT scim_read; RELEASE SAVEPOINT scim_read)$"
)


@pytest.fixture(autouse=True, scope="session")
def queries_without_limit():
    """Let captured queries have the text that they would have without QUERY_TIMEOUT."""
    captured = CaptureQueriesContext.captured_queries
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            CaptureQueriesContext,
            "captured_queries",
            property(
                lambda self: [q | {"sql": LIMIT.sub("", q["sql"])} for q in captured.fget(self)]
            ),
        )
        yield


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


class Clock:
    """A clock that stands still until a test changes its ``time``."""

    def __init__(self):
        self.time = 1_000_000.0

    def __call__(self):
        return self.time


@pytest.fixture(autouse=True)
def clock_of_throttles(monkeypatch):
    """Stop the clock of the throttles, so that no window ends during a test."""
    stopped = Clock()
    monkeypatch.setattr(throttling, "now", stopped)
    monkeypatch.setattr(throttling.Allowance, "cache_fails", False)
    return stopped


@pytest.fixture(autouse=True)
def no_earlier_counts():
    """Begin each test without the requests that earlier ones made, which throttling counts."""
    cache.clear()
