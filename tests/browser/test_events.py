"""Events of a connection."""

import pytest
from django.contrib.auth.models import User

from django_scim.models import Event

from .api import call, make_user
from .browser import NARROW, WIDE

PARTS = ["What happened", "What to do", "What changed", "Request and response, redacted"]


def test_events_of_a_created_user(ada, connect, live_server):
    scim, other = connect(), connect()
    other.make_user("zoe")
    base = f"{live_server.url}/scim/v2"
    _, made = make_user(base, scim.secret, "amy", name={"givenName": "Amy"}, password="s3cret-Pa55")
    rename = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    rename["Operations"] = [{"op": "replace", "path": "name.givenName", "value": "Amelie"}]
    assert call(base, scim.secret, "PATCH", f"/Users/{made['id']}", rename)[0] == 200
    assert "3 events" in ada.open("event/")
    for name in (str(scim.connection), "Update"):
        ada.press(name)
    (row,) = ada.find_all("#result_list tbody tr")
    assert "amy" in row.text
    badge = row.find_element("class name", "scim-badge")
    assert badge.text == "Success"
    ada.press(row.find_element("css selector", "th a"))
    assert [part.text for part in ada.find_all("main fieldset h2")] == PARTS
    changed = [cell.text for cell in ada.find_all(".scim-changes tr:last-child > *")]
    assert changed == ["Given name", "Amy", "→ Amelie"]
    assert "Nothing needs to be done." in ada.find(".field-remedy").text
    ada.press("amy")
    assert ada.path.startswith("/admin/auth/user/")
    for event in Event.objects.filter(scim_id=made["id"]):
        ada.open(f"event/{event.pk}/change/")
        assert "s3cret-Pa55" not in ada.driver.page_source


def test_rejected_request_is_explained(ada, connect, live_server):
    scim = connect()
    base = f"{live_server.url}/scim/v2"
    assert [make_user(base, scim.secret, "amy")[0] for _ in range(2)] == [201, 409]
    ada.open("event/")
    ada.press("Needs attention")
    (row,) = ada.find_all("#result_list tbody tr")
    assert row.find_element("class name", "scim-badge").text == "Failure"
    shown = ada.press(row.find_element("css selector", "th a"))
    for text in ("could not create amy: the name is taken", "userName: 'amy' is taken"):
        assert text in ada.find("fieldset").text
    assert "This connection has an account of that name already" in shown
    raw = ada.find(".field-request_json")
    assert not raw.is_displayed()
    ada.find("main summary").click()
    assert raw.is_displayed() and '"userName": "amy"' in raw.text
    # The request id links to all events of the request.
    assert "1 event" in ada.press(Event.objects.get(status=409).correlation_id)


def test_maria_is_found_and_linked(ada, connect, live_server):
    """From the start page of the admin to the reason in three clicks, and then one to the link."""
    scim = connect("okta")
    base = f"{live_server.url}/scim/v2"
    User.objects.create_user("maria.rossi@example.com", "maria@example.com")
    assert make_user(base, scim.secret, "maria.rossi@example.com", externalId="00u1")[0] == 409
    ada.open("", root="/admin/")
    ada.press("Events")
    ada.press("Needs attention")
    shown = ada.press(ada.find("#result_list tbody tr td a"))
    assert "no connection manages" in shown
    preview = ada.press("Link this account to the connection")
    assert "Link it only if it is the same person." in preview
    assert "is linked to" in ada.press("Link the account")
    assert scim.find('userName eq "maria.rossi@example.com"')


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_list_shows_everything_without_scrolling_sideways(size, ada, connect, live_server):
    scim = connect()
    base = f"{live_server.url}/scim/v2"
    names = ["maria.rossi-with-a-rather-long-name@subdomain.example.com", "x" * 140]
    for name in names * 2:
        make_user(base, scim.secret, name)
    ada.emulate(size)
    ada.open("event/")
    inner = "return arguments[0].scrollWidth - arguments[0].clientWidth"
    for css in ("html", "#changelist-form", "#changelist-form .results", "#result_list"):
        assert ada.run(inner, ada.find(css)) <= 1, css
    for badge in ada.find_all("#result_list .scim-badge"):
        assert badge.location["x"] + badge.size["width"] <= size[0]


MARKUP = "<img src=x onerror=document.title='owned'><b>bob</b>"


def test_markup_in_a_name_is_escaped(ada, connect, live_server):
    scim = connect(adoption="username")
    base = f"{live_server.url}/scim/v2"
    answers = [make_user(base, scim.secret, MARKUP, displayName=MARKUP) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 409]
    created, refused = Event.objects.order_by("pk")
    pages = ["event/", f"event/{created.pk}/change/", f"event/{refused.pk}/change/", "userlink/"]
    for path in pages:
        ada.open(path)
        for summary in ada.find_all("main summary"):
            summary.click()
        assert MARKUP in ada.text, path
        assert not ada.find_all("img[onerror]") and ada.driver.title != "owned", path
