"""Build operations of a bulk request and read its response."""

from tests.client import ENTERPRISE, GROUP, PATCH, USER

SECRET = "Correct-horse-7-battery"


def user(name, bulk_id="", /, **attributes):
    data = {"schemas": [USER], "userName": name, **attributes}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id or name, "data": data}


def group(name, *members, bulk_id=""):
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": m} for m in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id or name, "data": data}


def managed(by):
    return {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": by}}}


def patch(path, op, target, value=None):
    operation = {"op": op, "path": target} | ({} if value is None else {"value": value})
    data = {"schemas": [PATCH], "Operations": [operation]}
    return {"method": "PATCH", "path": path, "data": data}


def statuses(response):
    assert response.status_code == 200, response.data
    return [each["status"] for each in response.data["Operations"]]


def details(response):
    return [each["response"]["detail"] for each in response.data["Operations"]]
