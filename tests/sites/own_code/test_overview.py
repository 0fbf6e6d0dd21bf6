"""The start page of a site without USE_TZ: its days are those of the stored times."""

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_scim.audit.totals import activity, bounds, roll_up, today
from django_scim.models import Event


@pytest.fixture
def ada(db):
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("ada", "ada@example.com", "secret")
    )
    return client


@pytest.mark.parametrize("is_counted", [True, False])
def test_days(scim, is_counted):
    for moment in (datetime(2026, 3, 7, 23, 59, 59), datetime(2026, 3, 8)):
        Event.objects.create(
            connection=scim.connection, outcome="success", action="update", created=moment
        )
    if is_counted:
        roll_up()
    found, _ = activity([scim.connection.pk], date(2026, 3, 1))
    assert set(found[scim.connection.pk].days) == {date(2026, 3, 7), date(2026, 3, 8)}


def test_bounds():
    assert bounds(date(2026, 3, 8)) == (datetime(2026, 3, 8), datetime(2026, 3, 9))


def test_pages_with_times(scim, ada):
    scim.make_user("amy@example.com")
    event, connection = Event.objects.get(), scim.connection
    for page in ("event/", f"event/{event.pk}/change/", f"connection/{connection.pk}/change/",
                 "connection/", "token/", "userlink/"):  # fmt: skip
        assert ada.get(f"/admin/django_scim/{page}").status_code == 200, page
    for kind in ("csv", "jsonl"):
        answer = ada.post(f"/admin/django_scim/event/export/{kind}/")
        assert "amy@example.com" in answer.getvalue().decode()


def test_the_page_and_its_filter(scim, ada):
    scim.make_user("amy@example.com")
    page = ada.get("/admin/django_scim/overview/").content.decode()
    assert "created amy@example.com" in page and "1 success," in page
    for days, count in ((0, 1), (1, 0)):
        day = today() - timedelta(days=days)
        answer = ada.get("/admin/django_scim/event/", {"requests_on": day.isoformat()})
        assert answer.content.decode().count("created amy@example.com") == count
