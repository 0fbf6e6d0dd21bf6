"""Helpers to use an organisation's settings page."""

import re

from django.contrib.auth.models import User
from django.test import Client

from company.models import Membership
from django_scim.models import Connection, Guard, Token
from tests.client import ScimClient

SECRET = re.compile(r"scim_[\w-]{30,}")


def page(organisation):
    return f"/organisations/{organisation.slug}/provisioning/"


def browser_of(organisation, name="boss", is_admin=True, **options):
    """Return the browser of a signed-in member."""
    user, _ = User.objects.get_or_create(username=f"{name}@{organisation.slug}")
    Membership.objects.get_or_create(
        organisation=organisation, user=user, defaults={"is_admin": is_admin}
    )
    browser = Client(**options)
    browser.force_login(user)
    return browser


def stored():
    """Return everything that the page could change."""
    return [list(model.objects.order_by("pk").values()) for model in (Connection, Token, Guard)]


class SettingsPage:
    """An organisation's page in the browser of one of its admins."""

    def __init__(self, organisation):
        self.organisation = organisation
        self.browser = browser_of(organisation)

    @property
    def connection(self):
        return self.organisation.connections.get()

    def read(self):
        answer = self.browser.get(page(self.organisation))
        assert answer.status_code == 200
        return answer.content.decode()

    def press(self, action, status=302, **fields):
        """Press a button and return the text of the response."""
        answer = self.browser.post(page(self.organisation), {"action": action, **fields})
        assert answer.status_code == status
        return answer.content.decode()

    def connect(self, profile="default"):
        """Connect with the page and return a client with the token that it shows."""
        return self.client(self.press("connect", 200, profile=profile))

    def client(self, text):
        (secret,) = SECRET.findall(text)
        return ScimClient(self.connection, secret)
