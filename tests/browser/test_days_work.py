"""A day of an admin: connect two providers, find out why Maria is missing, and look after both."""

import csv
import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_scim.models import Connection, Event, UserLink
from tests.client import PATCH
from tests.connectors.test_entra import CREATE as ENTRA_CREATE
from tests.connectors.test_okta import CREATE as OKTA_CREATE

from .api import call
from .browser import PATIENCE, WebDriverWait

MARIA = OKTA_CREATE | {
    "userName": "maria.rossi@example.com",
    "name": {"givenName": "Maria", "familyName": "Rossi"},
    "emails": [{"primary": True, "value": "maria.rossi@example.com", "type": "work"}],
    "displayName": "Maria Rossi",
    "externalId": "00ujl29u0le5T6Aj10h8",
}
#: From the index of the admin to the reason why somebody is missing.
MOST_CLICKS = 4


class Provider:
    """Sends the recorded requests of an identity provider over HTTP."""

    def __init__(self, base, secret):
        self.base, self.secret = base, secret

    def send(self, method, path, body=None):
        return call(self.base, self.secret, method, path, body)

    def find(self, name):
        """Look a user up by name, as Okta and Entra do before they create one."""
        text = quote(f'userName eq "{name}"')
        status, page = self.send("GET", f"/Users?filter={text}&startIndex=1&count=100")
        assert status == 200
        return page["Resources"][0] if page["totalResults"] else None

    def create(self, body):
        """Look a user up and create them. Return the status and the answer."""
        assert self.find(body["userName"]) is None
        return self.send("POST", "/Users", body)

    def set_active(self, user, active):
        operation = {"op": "replace", "value": {"active": active}}
        body = {"schemas": [PATCH], "Operations": [operation]}
        return self.send("PATCH", f"/Users/{user['id']}", body)[0]


class Admin:
    """The admin ada, whose clicks are counted."""

    def __init__(self, browser):
        self.browser, self.clicks = browser, 0

    def click(self, button):
        self.clicks += 1
        return self.browser.press(button)

    def copied(self, number):
        """Press a button that copies a text, and return the text from the clipboard."""
        self.clicks += 1
        button = self.browser.find_all("[data-scim-copy]")[number]
        button.click()
        WebDriverWait(self.browser.driver, PATIENCE).until(
            lambda _: button.text == button.get_attribute("data-done")
        )
        return self.browser.driver.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0], arguments[0])"
        )

    def begin(self):
        """Go to the index of the admin, from where clicks count."""
        self.browser.open("", root="/admin/")
        self.clicks = 0


@pytest.fixture
def admin(ada, live_server):
    names = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    permissions = {"origin": live_server.url, "permissions": names}
    ada.driver.execute_cdp_cmd("Browser.grantPermissions", permissions)
    return Admin(ada)


@pytest.fixture
def downloads(ada, tmp_path):
    options = {"behavior": "allow", "downloadPath": str(tmp_path)}
    ada.driver.execute_cdp_cmd("Browser.setDownloadBehavior", options)
    return tmp_path


def connect(admin, name, profile):
    """Create a connection in the admin; return a provider with the URL and token it copies."""
    browser = admin.browser
    admin.begin()
    admin.click("Connections")
    admin.click("Add connection")
    browser.fill("Name", name)
    browser.choose("Profile", profile)
    browser.fill("Guard count", "2")
    assert "was added successfully" in admin.click("Save and continue editing")
    assert "Only this page shows the token" in admin.click("Issue a token")
    return Provider(admin.copied(0), admin.copied(1))


def why_is_maria_missing(admin):
    """Search for Maria from the index of the admin, and return the page with the reason."""
    admin.begin()
    admin.click("Events")
    admin.browser.find("#searchbar").send_keys("maria")
    admin.click(admin.browser.find("#changelist-search input[type=submit]"))
    return admin.click(admin.browser.find("#result_list tbody tr td a"))


def test_a_days_work(admin, downloads):
    browser = admin.browser
    User.objects.create_user("maria.rossi@example.com", "maria.rossi@example.com")
    User.objects.create_user("hana")

    # Two providers are connected, and send their first requests.
    okta, entra = connect(admin, "Okta", "okta"), connect(admin, "Entra", "entra")
    assert okta.base == entra.base == f"{browser.base}/scim/v2"
    for path in ("/Users?startIndex=1&count=2", "/Groups?startIndex=1&count=100"):
        assert okta.send("GET", path)[0] == 200
    assert okta.create(OKTA_CREATE)[0] == 201
    assert entra.create(ENTRA_CREATE)[0] == 201
    assert okta.create(MARIA)[0] == 409

    # Why is Maria missing?
    shown = why_is_maria_missing(admin)
    assert admin.clicks <= MOST_CLICKS
    assert "Okta could not create maria.rossi@example.com: the name is taken" in shown
    assert "no connection manages" in shown and "not yet" in browser.find(".field-settled").text
    refused = browser.path.partition("?")[0]
    # The start page leads there as well.
    admin.begin()
    admin.click("Overview")
    admin.click("Okta could not create maria.rossi@example.com: the name is taken")
    assert browser.path == refused and admin.clicks <= MOST_CLICKS

    # Her account is linked, and Okta's next attempt finds it.
    admin.click("Link this account to the connection")
    assert "is linked to" in admin.click("Link the account")
    found = okta.find(MARIA["userName"])
    assert okta.send("PUT", f"/Users/{found['id']}", MARIA)[0] == 200
    browser.driver.get(browser.base + refused)
    assert "yes, at" in browser.find(".field-settled").text
    assert User.objects.get(username=MARIA["userName"]).last_name == "Rossi"

    # Another account is assigned from the list of users.
    browser.open("", root="/admin/auth/user/")
    key = User.objects.get(username="hana").pk
    browser.find(f"input[name=_selected_action][value='{key}']").click()
    browser.find("select[name=action] option[value=assign_to_connection]").click()
    admin.click(browser.find("button[name=index]"))
    entra_connection = Connection.objects.get(name="Entra")
    browser.find(f"input[name=scim_connection][value='{entra_connection.pk}']").click()
    admin.click("Continue")
    assert "Assigned to Entra: hana." in admin.click("Assign")
    assert entra.find("hana")

    # Entra deactivates too many people, and the guard stops it.
    people = [entra.create(ENTRA_CREATE | person(number))[1] for number in range(4)]
    # The guard compares with what there was an hour ago.
    UserLink.objects.update(created=timezone.now() - timedelta(hours=2))
    assert [entra.set_active(each, False) for each in people] == [200, 200, 403, 403]
    admin.begin()
    admin.click("Overview")
    first = browser.find(".scim-card")
    assert first.find_element("css selector", "h2").text == "Entra"
    assert "The guard stopped it" in first.text
    admin.click(first.find_element("css selector", ".scim-problems a"))
    shown = admin.click("Show the rejected requests")
    assert "Entra could not deactivate person2@example.com" in shown
    browser.driver.back()
    assert "The guard is overridden until" in admin.click("Override the guard for an hour")
    assert [entra.set_active(each, False) for each in people[2:]] == [200, 200]

    # The token is rotated; both work until the old one ends.
    admin.click("Rotate")
    rotated = Provider(okta.base, admin.copied(1))
    assert rotated.secret != entra.secret
    assert [each.send("GET", "/Users")[0] for each in (rotated, entra)] == [200, 200]

    # The log of a day is exported.
    admin.begin()
    admin.click("Events")
    browser.button("Export as CSV").click()
    rows = read(downloads)
    assert {"Okta", "Entra"} <= {row["connection"] for row in rows}
    assert any(row["name"] == MARIA["userName"] and row["outcome"] == "failure" for row in rows)
    assert Event.objects.filter(detail__startswith="events exported").exists()

    # What the day was like.
    admin.begin()
    shown = admin.click("Overview")
    # Entra created five people and deactivated four; Okta created one and updated Maria.
    assert "9 successes, 0 without a change, 2 failures" in shown
    assert "2 successes, 0 without a change, 1 failure" in shown


def person(number):
    return {
        "userName": f"person{number}@example.com",
        "externalId": f"{number}a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "emails": [{"primary": True, "type": "work", "value": f"person{number}@example.com"}],
    }


def read(folder):
    """Return the rows of the only file that is downloaded to a folder."""
    end = time.monotonic() + PATIENCE
    while not (files := list(folder.glob("*.csv"))) and time.monotonic() < end:
        time.sleep(0.1)
    (file,) = files
    return list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
