"""Build operations of a bulk request and read its response."""

from tests.client import ENTERPRISE, GROUP, PATCH, USER

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def post_user(name="bjensen", bulk_id="1", **attributes):
    data = {"schemas": [USER], "userName": name, **attributes}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def post_group(name="Tour Guides", bulk_id="g", members=()):
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": m} for m in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def with_manager(manager):
    return {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": manager}}}


def patch(path, *operations, **members):
    data = {"schemas": [PATCH], "Operations": list(operations)}
    return {"method": "PATCH", "path": path, "data": data, **members}


def statuses(response):
    assert response.status_code == 200, response.data
    assert response.data["schemas"] == [RESPONSE]
    return [each["status"] for each in response.data["Operations"]]


def id_of(result):
    return result["location"].rpartition("/")[2]


def results(response):
    return response.data["Operations"]


def assert_rejected(response, status, scim_type=None):
    """Assert that the only operation failed, and return its error."""
    assert statuses(response) == [str(status)]
    error = results(response)[0]["response"]
    assert error["schemas"] == [ERROR]
    assert error["status"] == str(status)
    assert error.get("scimType") == scim_type
    assert error["detail"]
    return error
