import pytest
from django.core.signals import request_started

HOME = {"value": "home@example.com", "type": "home"}
WORK = {"value": "work@example.com", "type": "work", "display": "W", "primary": True}


@pytest.fixture(autouse=True)
def requests_made(db):
    """Fail a test that makes no request: the table of compliance is shown by requests."""
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
    """Return a function that sends operations on the user with a strict client."""
    return lambda *operations: strict.patch(f"/Users/{user['id']}", *operations)


@pytest.fixture
def unchanged(strict, user):
    """Assert after the test that the user has not changed."""
    yield
    assert strict.get(f"/Users/{user['id']}").data == user


@pytest.fixture
def extra(settings, scim):
    """Use an extension with an attribute of every type."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.adapters.ExtraUserAdapter"}}
    return scim
