import pytest
from django.core.signals import request_started


@pytest.fixture(autouse=True)
def requests_made(db):
    """A row of the table is shown by requests: a test that makes none fails."""
    seen = []

    def count(**kwargs):
        seen.append(kwargs)

    request_started.connect(count)
    yield seen
    request_started.disconnect(count)
    assert seen, "this test made no request"
