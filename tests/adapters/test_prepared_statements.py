"""Prepared SELECT statements: shared text, with parameters for each connection."""

import pytest

from django_scim.adapters import Registry
from django_scim.adapters.reading.prepared_statements import Statements
from django_scim.protocol.projection import FULL
from django_scim.protocol.tolerances import PROFILES, Tolerances
from tests.client import ENTERPRISE, USER


def test_connections_share_text_but_not_parameters(connect):
    first, second = connect(), connect()
    bodies = []
    for scim in (first, second):
        boss = scim.make_user(f"boss{scim.connection.pk}", displayName="Boss")
        manager = {ENTERPRISE: {"manager": {"value": boss["id"]}}, "schemas": [USER, ENTERPRISE]}
        bodies.append(scim.make_user(f"user{scim.connection.pk}", **manager))
    for scim, mine, other in ((first, *bodies), (second, *reversed(bodies))):
        for _ in range(2):
            assert scim.get(f"/Users/{mine['id']}").data == mine
            assert scim.get(f"/Users/{other['id']}").status_code == 404
        assert mine[ENTERPRISE]["manager"]["displayName"] == "Boss"


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_returns_the_same_rows_as_django(scim, kind):
    made = scim.make_user(title="Guide", active=False, emails=[{"value": "a@example.com"}])
    made = made if kind == "User" else scim.make_group("Guides", made)
    adapter = Registry(scim.connection, Tolerances(PROFILES["default"]), "").adapter(kind)
    plan = adapter._plan(FULL)
    for scim_id in (made["id"], "nobody", made["id"]):
        links = adapter.queryset().filter(scim_id=scim_id)
        plain = plan.fetch(links, adapter)
        assert [tuple(row) for row in plan.fetch_one(links, adapter)] == plain
        assert len(plain) == (scim_id == made["id"])


def test_statement_is_built_once(connect, monkeypatch):
    """A second request, also of another connection, reuses the statement."""
    first, second = connect(), connect()
    users = [scim.make_user(f"user{scim.connection.pk}") for scim in (first, second)]
    assert first.get(f"/Users/{users[0]['id']}").data == users[0]
    monkeypatch.setattr(Statements, "_build", lambda *args: pytest.fail("built again"))
    for scim, user in zip((first, second), users, strict=True):
        assert scim.get(f"/Users/{user['id']}").data == user
