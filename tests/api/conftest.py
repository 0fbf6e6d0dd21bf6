import pytest


@pytest.fixture
def five_users(scim):
    for number in range(5):
        scim.make_user(f"u{number}", displayName=f"Person {number}")
    return scim
