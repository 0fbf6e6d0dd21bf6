import pytest


@pytest.fixture
def used(events):
    """Return the tolerances that the last event of a client's connection names."""

    def used(client):
        return set(events(connection=client.connection)[-1].tolerances)

    return used


@pytest.fixture
def members():
    """Return the ids of a group's members."""

    def members(client, group):
        data = client.get(f"/Groups/{group['id']}").data
        return {member["value"] for member in data.get("members", [])}

    return members
