"""Compare the state that the events of a connection describe with the state that its client sees.

The two are equal if all changes were made over SCIM.
"""

import json

from django_scim.models import Event
from tests.client import ENTERPRISE

#: Attributes that no client writes.
READ_ONLY = {"schemas", "id", "meta", "groups"}


def state_of_events(connection):
    """Return the attributes of each resource by its id, according to the events."""
    resources = {}
    done = Event.objects.filter(connection=connection, outcome="success").exclude(
        action__in=("administration", "read")
    )
    for event in done.order_by("pk"):
        if event.action == "create":
            assert event.scim_id not in resources, "created twice"
            resources[event.scim_id] = {"active": True} if event.resource_type == "User" else {}
        if event.action == "delete":
            del resources[event.scim_id]
            continue
        values = resources[event.scim_id]
        for change in event.changes:
            _apply(values, change["path"], change["old"], change["new"])
    return {key: _visible(values, resources) for key, values in resources.items()}


def _apply(values, path, old, new):
    if path == "members":  # the event has the members that came and went, not all of them
        members = values.setdefault("members", set())
        members -= {each["value"] for each in old or ()}
        members |= {each["value"] for each in new or ()}
    elif new is None:
        values.pop(path, None)
    else:
        values[path] = new


def _visible(values, resources):
    """Return the values without references to resources that no longer exist."""
    shown = {
        path: value
        for path, value in values.items()
        if not (path.endswith(":manager") and value not in resources)
    }
    if shown.pop("active unassigned", False):  # the client removed the attribute
        del shown["active"]
    if "members" in shown:
        shown["members"] = {each for each in shown["members"] if each in resources}
    return {path: value for path, value in shown.items() if value not in (set(), [], "")}


def state_of_site(scim):
    """Return the attributes of each resource by its id, as the client sees them."""
    found = [*_all(scim, "/Users"), *_all(scim, "/Groups")]
    return {resource["id"]: dict(_flat(resource)) for resource in found}


def _all(scim, endpoint):
    """Yield the resources of every page."""
    page = {"count": 1000, "startIndex": 1}
    while resources := scim.get(endpoint, page).data["Resources"]:
        yield from resources
        page["startIndex"] += len(resources)


def _flat(resource):
    for name, value in resource.items():
        if name in READ_ONLY:
            continue
        if name == "members":
            if value:
                yield name, {each["value"] for each in value}
        elif name == ENTERPRISE:
            for each, inner in value.items():
                yield f"{name}:{each}", inner["value"] if each == "manager" else inner
        elif isinstance(value, dict):
            for each, inner in value.items():
                yield f"{name}.{each}", inner
        else:
            yield name, value


def differences(one, other):
    """Return the attributes that differ, as (id, path, one, other). Lists have no order."""
    found = []
    for key in sorted(one.keys() | other.keys()):
        first, second = one.get(key, {}), other.get(key, {})
        found += [
            (key, path, first.get(path), second.get(path))
            for path in sorted(first.keys() | second.keys())
            if _text(first.get(path)) != _text(second.get(path))
        ]
    return found


def _text(value):
    if isinstance(value, set):
        value = sorted(value)
    elif isinstance(value, list):
        value = sorted(value, key=_text)
    return json.dumps(value, sort_keys=True)
