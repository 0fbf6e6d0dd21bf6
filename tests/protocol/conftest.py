import pytest

from django_scim.protocol.attributes import load_schema
from django_scim.protocol.resource_schema import ResourceSchema
from django_scim.protocol.tolerances import PROFILES, Tolerances


@pytest.fixture
def user_schema():
    return ResourceSchema("User", load_schema("User"), (load_schema("EnterpriseUser"),))


@pytest.fixture
def group_schema():
    return ResourceSchema("Group", load_schema("Group"))


@pytest.fixture
def strict():
    return Tolerances(PROFILES["strict"])


@pytest.fixture
def entra():
    return Tolerances(PROFILES["entra"])
