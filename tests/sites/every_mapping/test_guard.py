"""The guard counts losses of accounts and resources with every mapping and model."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Field, Values
from tests.client import assert_error
from tests.sites.every_mapping.adapters import AcmeUserAdapter
from tests.sites.every_mapping.models import Device
from tests.sites.every_mapping.schemas import ACME, DEVICE

LONG_AGO = "2020-01-01T00:00:00Z"


class AddressByNickname(AcmeUserAdapter):
    attributes = AcmeUserAdapter.attributes | {
        "emails": Values("emails"),
        f"{ACME}:nickname": Field("email"),
    }


class NameByNickname(AcmeUserAdapter):
    attributes = AcmeUserAdapter.attributes | {
        "userName": Field("employee.nickname"),
        f"{ACME}:nickname": Field("username"),
    }


class NameInAnotherColumn(AcmeUserAdapter):
    attributes = AcmeUserAdapter.attributes | {
        "userName": Field("employee.nickname"),
        f"{ACME}:nickname": Field("employee.shirt"),
    }


class ActiveByContractor(AcmeUserAdapter):
    attributes = AcmeUserAdapter.attributes | {
        "active": Field("employee.is_contractor"),
        f"{ACME}:contractor": Field("is_active"),
    }


@pytest.fixture
def site(settings, connect):
    def site(name):
        adapters = settings.DJANGO_SCIM["ADAPTERS"] | {"User": f"{__name__}.{name}"}
        settings.DJANGO_SCIM = {"ADAPTERS": adapters}
        scim = connect(guard_count=1, guard_percent=10)
        scim.users = [scim.make_user(f"user{n}") for n in range(3)]
        User.objects.update(email="someone@x.example")
        scim.connection.django_scim_userlinks.update(created=LONG_AGO)
        return scim

    return site


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("AddressByNickname", f"{ACME}:nickname"),
        ("NameByNickname", f"{ACME}:nickname"),
        ("NameInAnotherColumn", "userName"),
    ],
)
def test_sign_in_names_count_in_any_column(name, path, site):
    scim = site(name)
    answers = [
        scim.patch(
            f"/Users/{user['id']}", {"op": "replace", "path": path, "value": f"thief{n}@x.org"}
        )
        for n, user in enumerate(scim.users)
    ]
    assert [each.status_code for each in answers] == [200, 403, 403]
    assert_error(answers[1], 403, None, "1 user names or e-mail addresses", "(2 of 3)")


def test_deactivation_by_another_attribute_counts(site):
    scim = site("ActiveByContractor")
    operation = {"op": "replace", "path": f"{ACME}:contractor", "value": False}
    answers = [scim.patch(f"/Users/{user['id']}", operation) for user in scim.users]
    assert [each.status_code for each in answers] == [200, 403, 403]
    assert User.objects.filter(is_active=True).count() == 2


def test_members_of_a_deleted_resource_count(connect):
    scim = connect(guard_count=2, guard_percent=10)
    members = [{"value": scim.make_user(f"user{n}")["id"]} for n in range(3)]
    body = {"schemas": [DEVICE], "serialNumber": "S1", "users": members}
    made = scim.make("/Devices", body)
    scim.connection.django_scim_userlinks.update(created=LONG_AGO)
    scim.connection.every_mapping_acommondeviceofourwarehouselinks.update(created=LONG_AGO)
    answer = scim.delete(f"/Devices/{made['id']}")
    assert_error(answer, 403, None, "2 memberships", "costs 3", "(3 of 3)")
    assert Device.objects.count() == 1
