from django.db.models import Value
from django.db.models.functions import Concat, Left

from django_scim.adapters import (
    Computed,
    Constant,
    Custom,
    Field,
    GroupAdapter,
    Json,
    Members,
    Memberships,
    Reference,
    ResourceAdapter,
    Rows,
    UserAdapter,
)

from .models import (
    ACommonDeviceOfOurWarehouseLink,
    Badge,
    BadgeLink,
    Device,
    Office,
    Organisation,
    Squad,
    SquadLink,
)
from .schemas import ACCESS, ACME, OWNER, access, acme, badge, device, owner


class OfficeName(Custom):
    """Map an office by its name; the office must exist."""

    select = {"name": "employee__office__name"}
    writes = ("employee.office",)

    def read(self, name):
        return name

    def write(self, value):
        return {"employee.office": value and Office.objects.get(name=value)}

    def filter(self, op, value, sub=""):
        from django.db.models import Q

        if op == "pr":
            return Q(employee__office__isnull=False)
        lookup = {"eq": "iexact", "co": "icontains", "sw": "istartswith", "ew": "iendswith"}
        if op not in lookup:
            raise NotImplementedError
        return Q(**{f"employee__office__name__{lookup[op]}": value})

    def order(self, sub=""):
        from django.db.models.functions import Lower

        return Lower("employee__office__name")


class AcmeUserAdapter(UserAdapter):
    extensions = [*UserAdapter.extensions, acme]
    attributes = UserAdapter.attributes | {
        "groups": Memberships("membership_set", to="Group", member="squad", kind="direct"),
        f"{ACME}:badge": Field("employee.badge"),
        f"{ACME}:nickname": Field("employee.nickname", key="employee.nickname_key"),
        f"{ACME}:level": Field("employee.level"),
        f"{ACME}:rate": Field("employee.rate"),
        f"{ACME}:hired": Field("employee.hired"),
        f"{ACME}:seen": Field("employee.seen"),
        f"{ACME}:contractor": Field("employee.is_contractor"),
        f"{ACME}:reference": Field("employee.reference"),
        f"{ACME}:size": Field("employee.size"),
        f"{ACME}:city": Field("employee.office.city"),
        f"{ACME}:initials": Computed(
            Concat(Left("first_name", 1), Left("last_name", 1), Value(""))
        ),
        f"{ACME}:employer": Constant("Acme"),
        f"{ACME}:colour": Json("employee.extras", "colour"),
        f"{ACME}:floor": Json("employee.extras", "place", "floor"),
        f"{ACME}:remote": Json("employee.extras", "remote"),
        f"{ACME}:reviewed": Json("employee.extras", "reviewed"),
        f"{ACME}:desk": Json("employee.extras", "place", "desk"),
        f"{ACME}:labels": Json("employee.labels"),
        f"{ACME}:links": Json("employee.extras", "links"),
        f"{ACME}:phones": Rows(
            "phones",
            value="number",
            type="kind",
            primary="is_main",
            since="since",
            keys={"value": "number_key"},
        ),
        f"{ACME}:skills": Rows("skills", value="name"),
        f"{ACME}:office": OfficeName(),
        f"{ACME}:mentor": Reference("employee.mentor", to="User"),
        f"{ACME}:devices": Memberships("shared_devices", to="Device"),
    }


class SquadAdapter(GroupAdapter):
    model, link = Squad, SquadLink
    attributes = GroupAdapter.attributes | {
        "members": Members("membership_set", to="User", member="person"),
    }

    def before_save(self, unit):
        super().before_save(unit)
        if unit.is_new:
            organisation, _ = Organisation.objects.get_or_create(name=self.connection.name)
            unit.put("organisation", organisation)


class DeviceAdapter(ResourceAdapter):
    name, endpoint, description = "Device", "Devices", "Equipment from the warehouse."
    schema = device
    model, link = Device, ACommonDeviceOfOurWarehouseLink
    attributes = {
        "serialNumber": Field("serial"),
        "displayName": Field("label"),
        "keeper": Reference("keeper", to="User", pending="link.keeper_value"),
        "users": Members("users", to="User"),
    }


class BadgeAdapter(ResourceAdapter):
    """Has required extensions, attributes that are returned on request, and a binary one."""

    name, endpoint, description = "Badge", "Badges", "A badge."
    schema = badge
    extensions = required_extensions = [access, owner]
    model, link = Badge, BadgeLink
    attributes = {
        "number": Field("number"),
        "note": Field("note"),
        "picture": Json("extras", "picture"),
        f"{ACCESS}:level": Field("level"),
        f"{ACCESS}:door": Json("extras", "door"),
        f"{OWNER}:department": Json("extras", "department"),
        f"{OWNER}:room": Json("extras", "room"),
    }
