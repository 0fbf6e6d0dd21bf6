"""Google Workspace: automatic provisioning of a SAML app."""

import pytest
from django.contrib.auth.models import User

from ..client import USER

CREATE = {
    "schemas": [USER],
    "userName": "ada@example.com",
    "externalId": "106479123",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
    "active": True,
}


def test_connection(scim):
    data = scim.get("/Users?count=1").data
    assert (data["totalResults"], data["itemsPerPage"], data["Resources"]) == (0, 0, [])
    scim.make_user("one")
    scim.make_user("two")
    data = scim.get("/Users?count=1").data
    assert (data["totalResults"], data["itemsPerPage"]) == (2, 1)


@pytest.mark.parametrize("active", [True, False])
def test_suspended_user_is_created_inactive(active, scim, events):
    answer = scim.post("/Users", CREATE | {"active": active})
    assert answer.status_code == 201 and answer.data["active"] is active
    assert User.objects.get().is_active is active
    assert [(event.action, event.outcome) for event in events()] == [("create", "success")]


def test_suspend_and_restore(scim):
    user = scim.post("/Users", CREATE).data
    for active in (False, True):
        operation = {"op": "replace", "path": "active", "value": active}
        assert scim.patch(f"/Users/{user['id']}", operation).data["active"] is active
        assert User.objects.get().is_active is active


def test_deprovision_by_delete(scim):
    user = scim.post("/Users", CREATE).data
    assert scim.delete(f"/Users/{user['id']}").status_code == 204
    assert scim.get(f"/Users/{user['id']}").status_code == 404
    assert not User.objects.get().is_active
