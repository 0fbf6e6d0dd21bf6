import pytest


@pytest.fixture(params=["default", "entra", "okta", "keycloak", "ping"])
def lenient(request, connect):
    return connect(request.param)


@pytest.fixture
def strict(connect):
    return connect("strict")
