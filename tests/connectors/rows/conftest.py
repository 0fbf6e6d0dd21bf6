import pytest

from django_scim.protocol.tolerances import PROFILES


@pytest.fixture(params=[name for name in PROFILES if name != "strict"])
def lenient(request, connect):
    return connect(request.param)


@pytest.fixture
def strict(connect):
    return connect("strict")
