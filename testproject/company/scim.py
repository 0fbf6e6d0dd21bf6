"""The resource type that this site publishes beside users and groups."""

from pathlib import Path

from django_scim.adapters import Field, Members, Reference, ResourceAdapter, Schema

from .models import Device, DeviceLink


class DeviceAdapter(ResourceAdapter):
    """What the company hands out, each attribute in a column or a relation of ``Device``."""

    name, endpoint, description = "Device", "Devices", "What the company hands out."
    schema = Schema.load(Path(__file__).parent / "schemas" / "device.json")
    model, link = Device, DeviceLink
    attributes = {
        "serialNumber": Field("serial_number"),
        "displayName": Field("label"),
        "kind": Field("kind"),
        "purchased": Field("purchased"),
        "keeper": Reference("keeper", to="User", pending="link.keeper_value"),
        "users": Members("users", to="User"),
    }
