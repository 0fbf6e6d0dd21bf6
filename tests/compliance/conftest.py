import pytest
from django.core.signals import request_started

HOME = {"value": "home@example.com", "type": "home"}
WORK = {"value": "work@example.com", "type": "work", "display": "W", "primary": True}


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


@pytest.fixture
def strict(connect):
    return connect("strict")


@pytest.fixture
def user(strict):
    return strict.make_user(
        title="old", emails=[WORK, HOME], name={"givenName": "Babs", "familyName": "Jensen"}
    )


@pytest.fixture
def patch(strict, user):
    """Send operations on the user; the client is strict."""
    return lambda *operations: strict.patch(f"/Users/{user['id']}", *operations)


@pytest.fixture
def unchanged(strict, user):
    """Check after the test that it changed nothing of the user."""
    yield
    assert strict.get(f"/Users/{user['id']}").data == user


@pytest.fixture
def extra(settings, scim):
    """Users with an extension that has an attribute of every kind."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.adapters.ExtraUserAdapter"}}
    return scim
