"""The adapters of this site's users and devices."""

from pathlib import Path
from typing import Any

from django_scim.adapters import (
    Field,
    Members,
    Reference,
    ResourceAdapter,
    Schema,
    UnitOfWork,
    UserAdapter,
)

from .models import Device, DeviceLink, Membership


class PersonAdapter(UserAdapter):
    """Users. The users that an organisation's connection creates are members of it."""

    def place(self, unit: UnitOfWork, tenant: Any) -> None:
        Membership.objects.get_or_create(organisation=tenant, user=unit.target)

    def belongs_to(self, user: Any, tenant: Any) -> bool:
        return list(user.organisations.all()) == [tenant]


class DeviceAdapter(ResourceAdapter):
    """Devices. Each attribute is a column or a relation of the model ``Device``."""

    name, endpoint, description = "Device", "Devices", "The company's devices."
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
