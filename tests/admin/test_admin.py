"""The list and the pages of events."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_scim.models import Event, UserLink

from ..client import USER

EVENTS = "/admin/django_scim/event/"
CONNECTIONS = "/admin/django_scim/connection/"


@pytest.fixture
def history(scim):
    """Create events of several types."""
    user = scim.make_user("bjensen", title="<b>Guide</b>")
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    scim.post("/Users", {"schemas": [USER], "userName": "BJENSEN", "nickName": "<script>x"})
    scim.get("/Users", authorization="Bearer wrong")
    scim.delete(f"/Users/{user['id']}")
    return scim


def test_list(history, admin_client):
    page = admin_client.get(EVENTS).content.decode()
    assert page.count('class="scim-badge') == 6
    for words in ("created bjensen", "the name is taken", "No change", "deactivated bjensen"):
        assert words in page


def test_list_search(history, admin_client):
    found = admin_client.get(EVENTS, {"q": "BJen"}).context["cl"].result_list
    assert {event.object_name for event in found} == {"bjensen", "BJENSEN"}
    assert not admin_client.get(EVENTS, {"q": "jensen"}).context["cl"].result_list
    event = Event.objects.filter(outcome="failure").first()
    answer = admin_client.get(EVENTS, {"correlation_id": event.correlation_id})
    assert list(answer.context["cl"].result_list) == [event]


def test_list_has_a_constant_number_of_queries(history, admin_client):
    def count():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(EVENTS)
        return len(captured)

    few = count()
    Event.objects.bulk_create([Event(action="read", outcome="success") for _ in range(200)])
    assert count() == few


def test_every_detail_page(history, admin_client):
    for event in Event.objects.all():
        page = admin_client.get(f"{EVENTS}{event.pk}/change/")
        assert page.status_code == 200
        assert "<b>Guide</b>" not in page.content.decode()
        assert "<script>x" not in page.content.decode()
    failure = Event.objects.get(scim_type="uniqueness")
    page = admin_client.get(f"{EVENTS}{failure.pk}/change/").content.decode()
    assert "link the account to the connection again" in page
    created = Event.objects.get(action="create", outcome="success")
    page = admin_client.get(f"{EVENTS}{created.pk}/change/").content.decode()
    assert f"/admin/auth/user/{User.objects.get(username='bjensen').pk}/change/" in page
    assert "&lt;b&gt;Guide&lt;/b&gt;" in page


def test_detail_page_of_a_deleted_object(history, admin_client):
    User.objects.filter(username="bjensen").delete()
    event = Event.objects.filter(object_name="bjensen").first()
    page = admin_client.get(f"{EVENTS}{event.pk}/change/").content.decode()
    assert "bjensen" in page and "/admin/auth/user/" + event.object_key not in page


def test_events_cannot_be_edited(history, admin_client):
    event = Event.objects.first()
    assert admin_client.get(f"{EVENTS}add/").status_code == 403
    assert admin_client.post(f"{EVENTS}{event.pk}/change/", {"detail": "x"}).status_code == 403
    assert admin_client.post(f"{EVENTS}{event.pk}/delete/", {"post": "yes"}).status_code == 403


def test_other_pages(history, admin_client):
    for name in ("connection", "token", "userlink", "grouplink"):
        assert admin_client.get(f"/admin/django_scim/{name}/").status_code == 200
    link = UserLink.objects.first()
    assert admin_client.get(f"/admin/django_scim/userlink/{link.pk}/change/").status_code == 200


def test_permissions(history, client):
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(EVENTS).status_code == 403
    url = f"{CONNECTIONS}{history.connection.pk}/issue-token/"
    assert client.post(url).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_event"))
    assert client.get(EVENTS).status_code == 200
    assert client.post(url).status_code == 403
