import pytest


@pytest.fixture
def used(events):
    """Return a function that returns the tolerances in a connection's last event."""

    def used(client):
        return set(events(connection=client.connection)[-1].tolerances)

    return used


@pytest.fixture
def members():
    """Return a function that returns the ids of a group's members."""

    def members(client, group):
        data = client.get(f"/Groups/{group['id']}").data
        return {member["value"] for member in data.get("members", [])}

    return members
