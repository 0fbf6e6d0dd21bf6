import pytest

from .life_cycle import live


@pytest.fixture
def lives(connect):
    """Return a function that runs the life cycle with a client."""
    return lambda connector: live(connector(connect(connector.profile)))
