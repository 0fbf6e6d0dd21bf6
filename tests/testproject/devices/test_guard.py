"""The guard also counts additional resource types, each separately."""

from datetime import timedelta

from django.utils import timezone

from company.models import Device
from django_scim.models import Connection, UserLink
from tests.client import assert_error

from .client import at, make


def age(model):
    model.objects.update(created=timezone.now() - timedelta(minutes=90))


def test_deleted_devices_count(scim):
    Connection.objects.filter(pk=scim.connection.pk).update(guard_count=2, guard_percent=10)
    for number in range(30):  # users do not raise the total of devices
        scim.make_user(f"user{number}")
    devices = [make(scim, f"LT-{number:04}") for number in range(5)]
    age(UserLink)
    age(type(Device.objects.first().scim_links.get()))
    answers = [scim.delete(at(device)) for device in devices]
    assert [answer.status_code for answer in answers] == [204, 204, 403, 403, 403]
    assert_error(answers[2], 403, None, "2 resources of the type Device", "(3 of 5)")
    assert Device.objects.count() == 3
    count = scim.connection.guard_counts.get()
    assert (count.kind, count.lost, count.total) == ("Device", 3, 5)
