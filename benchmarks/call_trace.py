"""Count the calls inside the package that one request makes, and how often they change file.

A reader who follows a request through the code makes the same jumps. Each request is sent twice,
and the second one is counted, when everything that is built once per process is there.

    python benchmarks/call_trace.py            a line for each request
    python benchmarks/call_trace.py --files    with the calls in each file
"""

import os
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = f"{ROOT / 'django_scim'}{os.sep}"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
QUERY = {"filter": 'userName sw "a"', "sortBy": "userName", "count": 3}
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def trace(request: Callable[[], Any]) -> list[str]:
    """Return the file of every call inside the package while ``request`` runs, in order."""
    files: list[str] = []

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            name = frame.f_code.co_name
            if not name.startswith("<"):
                files.append(frame.f_code.co_filename.removeprefix(PACKAGE))

    sys.setprofile(note)
    try:
        answer = request()
    finally:
        sys.setprofile(None)
    assert answer.status_code < 300, answer.data
    return files


def person(number: int) -> dict[str, Any]:
    """Return the body of a new user."""
    name = f"amy{number}@example.com"
    return {
        "schemas": [USER],
        "externalId": f"e-{number}",
        "userName": name,
        "active": True,
        "displayName": f"Amy {number}",
        "emails": [{"value": name, "type": "work", "primary": True}],
    }


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def requests(scim: Any) -> dict[str, Callable[[int], Any]]:
    """Return the requests by name; each takes a number that makes its content new."""
    amy = scim.post("/Users", person(0)).data
    group = scim.post("/Groups", {"schemas": [f"{USER[:-4]}Group"], "displayName": "A"}).data
    members = [scim.post("/Users", person(n)).data["id"] for n in (1, 2)]

    def patch_email(n: int) -> Any:
        path = 'emails[type eq "work"].value'
        operation = {"op": "Replace", "path": path, "value": f"new{n}@example.com"}
        return scim.patch(f"/Users/{amy['id']}", operation)

    def create(n: int) -> Any:
        return scim.post("/Users", person(10 + n))

    def search(n: int) -> Any:
        return scim.get(f"/Users?{urlencode(QUERY)}")

    def bulk(n: int) -> Any:
        operation = {"op": "Replace", "path": "title", "value": f"Chief {n}"}
        body = patch(operation)
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": "new", "data": person(100 + n)},
            {"method": "PATCH", "path": f"/Users/{amy['id']}", "data": body},
        ]
        return scim.post("/Bulk", {"schemas": [BULK], "Operations": operations})

    def add_member(n: int) -> Any:
        operation = {"op": "Add", "path": "members", "value": [{"value": members[n]}]}
        return scim.patch(f"/Groups/{group['id']}", operation)

    return {
        'PATCH emails[type eq "work"].value': patch_email,
        "POST a user": create,
        "list with filter and sortBy": search,
        "bulk: a POST and a PATCH": bulk,
        "add a member": add_member,
    }


def main() -> None:
    sys.path[:0] = [str(ROOT), str(ROOT / "testproject")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    from django_scim import connections
    from django_scim.testing.client import ScimClient

    setup_test_environment()
    databases = setup_databases(0, interactive=False)
    try:
        connection = connections.create("Entra", profile="entra")
        scim = ScimClient(connection, connections.issue_token(connection).secret)
        for name, request in requests(scim).items():
            request(0)
            files = trace(lambda request=request: request(1))
            changes = sum(one != other for one, other in pairwise(files))
            print(f"{name:40} {len(files):5} calls {changes:5} changes of file")
            if "--files" in sys.argv:
                for file, count in Counter(files).most_common():
                    print(f"    {count:5} {file}")
    finally:
        teardown_databases(databases, 0)


if __name__ == "__main__":
    main()
