"""Build bodies and paths of devices."""

import json
from pathlib import Path

COMPANY = Path(__file__).parents[3] / "testproject" / "company"
DOCUMENT = json.loads((COMPANY / "schemas" / "device.json").read_text("utf-8"))
DEVICE = DOCUMENT["id"]
LABEL = {"op": "replace", "path": "displayName", "value": "Renamed"}


def body(serial, **attributes):
    return {"schemas": [DEVICE], "serialNumber": serial, **attributes}


def make(scim, serial="SN-1", **attributes):
    return scim.make("/Devices", body(serial, **attributes))


def at(resource):
    return f"/Devices/{resource['id']}"


def set_to(path, value):
    return {"op": "replace", "path": path, "value": value}


def ids(resources):
    return [each["id"] for each in resources]
