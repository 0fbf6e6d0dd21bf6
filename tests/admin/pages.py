"""Helpers to request pages of the admin."""

import re
from html import unescape

from django.contrib.admin.models import LogEntry
from django.core import serializers

from django_scim.models import Connection, Event, GroupLink, Guard, Token, UserLink

ROOT = "/admin/django_scim/"
FORM = {
    "name": "Okta",
    "profile": "okta",
    "scope": "own",
    "adoption": "none",
    "deletion": "deactivate",
    "passwords": "ignore",
    "networks": "",
    "guard_count": "20",
    "guard_percent": "10",
    "oauth_client_id": "",
    "is_active": "on",
    # the section for single sign-on, left empty
    "single_sign_on-TOTAL_FORMS": "0",
    "single_sign_on-INITIAL_FORMS": "0",
}


class Pages:
    """The browser of one admin."""

    def __init__(self, client):
        self.client = client

    def get(self, path, **query):
        return self.client.get(ROOT + path, query)

    def post(self, path, follow=False, **data):
        return self.client.post(ROOT + path, data, follow=follow)

    def read(self, path, **query):
        """Return the visible text of a page."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.status_code
        return text_of(answer)

    def do(self, path, **data):
        """Press a button and return the messages on the next page."""
        answer = self.post(path, follow=True, **data)
        assert answer.status_code == 200
        return " ".join(str(each) for each in answer.context["messages"])

    def act(self, model, action, *objects):
        """Run an action of a list on some of its rows."""
        keys = [each.pk for each in objects]
        return self.do(f"{model}/", action=action, _selected_action=keys)


def of(connection, name="change", *arguments):
    """Return the path of a connection's page or button."""
    return "/".join(["connection", str(connection.pk), name, *map(str, arguments), ""])


def text_of(answer):
    content = answer.content.decode()
    main = content.partition('<main id="content-start"')[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split()).replace("\xa0", " ")


def everything():
    """Return everything that is stored, to detect changes."""
    models = (Connection, Token, Guard, UserLink, GroupLink, Event, LogEntry)
    rows = [row for model in models for row in model._default_manager.order_by("pk")]
    return serializers.serialize("json", rows)
