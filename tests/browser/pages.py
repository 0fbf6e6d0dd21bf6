"""Every page of the admin that this app adds or extends, with content on each of them."""

import os
from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, Token, UserLink
from tests.client import USER, ScimClient

from .browser import ROOT


@dataclass
class Page:
    """A page: its name and path, the button on it that leads further, and our part of it."""

    name: str
    path: str
    root: str = ROOT
    button: str = ""
    part: str = "html"
    #: The sections that are closed at first.
    closed: str = "main fieldset summary"

    def open(self, browser):
        """Open the page with all its sections."""
        browser.open(self.path, root=self.root)
        if self.button:
            browser.press(self.button)
        for summary in browser.find_all(self.closed):
            summary.click()
        browser.run("scrollTo(0, 0)")


class ChoiceOfConnections(Page):
    """The page behind the action in the list of users."""

    def open(self, browser):
        super().open(browser)
        browser.find("input[name=_selected_action]").click()
        browser.find("select[name=action] option[value=assign_to_connection]").click()
        browser.press(browser.find("button[name=index]"))


def every_page(scim):
    """Return all pages, with the connection of a client that the guard has stopped."""
    connection = scim.connection
    connection.name, connection.adoption = "Entra", "username"
    connection.save()
    Event.objects.filter(connection=connection).update(connection_name="Entra")
    User.objects.create_user("amy", "amy@example.com")
    for _ in range(2):  # the second one is rejected
        scim.post("/Users", {"schemas": [USER], "userName": "amy", "externalId": "NW-1"})
    group = scim.make_group("Readers")
    Token.objects.filter(connection=connection).update(
        expires=timezone.now() + timedelta(days=5), last_used=timezone.now()
    )
    other = ScimClient(connections.create("Okta", profile="okta"))
    other.post("/Users", {"schemas": [USER], "userName": "amy"})
    _make_history(connection, other.connection)
    refused = Event.objects.filter(status=409, connection=connection).latest("pk")
    created = Event.objects.filter(outcome="success", action="create").earliest("pk")
    taken = Event.objects.filter(connection=other.connection, status=409).latest("pk")
    user, own = User.objects.get(username="amy"), f"connection/{connection.pk}"
    below = ("change", "scope", "close", "assign/User", "assign/Group", "history", "delete")
    return [
        Page("overview", "overview/"),
        Page("overview-tables", "overview/", closed=".scim-card summary"),
        Page("connections", "connection/"),
        Page("events", "event/"),
        Page("events-none", "event/?q=nobody"),
        Page("events-of-a-day", f"event/?requests_on={timezone.localdate()}"),
        Page("tokens", "token/"),
        Page("token", f"token/{Token.objects.earliest('pk').pk}/change/"),
        Page("user-links", "userlink/"),
        Page("user-link", f"userlink/{UserLink.objects.earliest('pk').pk}/change/"),
        Page("group-links", "grouplink/"),
        Page("connection-add", "connection/add/"),
        *(Page(f"connection-{name.replace('/', '-')}", f"{own}/{name}/") for name in below),
        Page("token-issued", f"{own}/change/", button="Issue a token"),
        Page("event-refused", f"event/{refused.pk}/change/"),
        Page("event-created", f"event/{created.pk}/change/"),
        Page("event-link", f"event/{taken.pk}/link/"),
        Page("site-users", "", root="/admin/auth/user/"),
        Page("site-user", f"{user.pk}/change/", root="/admin/auth/user/", part=".scim-links"),
        Page(
            "site-group",
            f"{Group.objects.get(scim_links__scim_id=group['id']).pk}/change/",
            root="/admin/auth/group/",
            part=".scim-links",
        ),
        ChoiceOfConnections("site-choose", "", root="/admin/auth/user/"),
    ]


def _make_history(*own):
    """Create events of the last thirty days, for the bars of the overview."""
    now, events = timezone.now(), []
    for days in range(1, 30):
        created = now - timedelta(days=days)
        counts = {"success": days * 7 % 19, "no_change": days * 5 % 8, "failure": days % 4 // 3}
        for outcome, count in counts.items() if days % 7 > 1 else ():
            event = {"action": "update", "outcome": outcome, "created": created}
            if outcome == "failure":
                event |= {"refused": created, "status": 400, "reason": "invalid_value"}
            for connection in own:
                named = {"connection": connection, "connection_name": connection.name}
                events += [Event(**event, **named, object_name="bob") for _ in range(count)]
    Event.objects.bulk_create(events)


def keep_picture(browser, name):
    """Store a picture of the whole page in the folder SCIM_SCREENSHOTS, if it is set."""
    if folder := os.environ.get("SCIM_SCREENSHOTS"):
        width, height = browser.run(
            "const page = document.documentElement; return [innerWidth, page.scrollHeight]"
        )
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        options = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        picture = browser.driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"]
        Path(folder, f"{name}.png").write_bytes(b64decode(picture))
