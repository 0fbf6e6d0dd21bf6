"""The texts of the admin's own pages can be translated."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, Guard, GuardCount, UserLink

from .pages import of, text_of

#: The parts of a message that no translation may change: placeholders, tags and entities.
KEPT = r"%\(\w+\)[sd]|%[sd%]|<[^>]*>|&\w+;"
#: Names of months are texts of Django.
MONTH = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"


def upper(message):
    """Return the translation of a message to a language that has only capitals."""
    return re.sub(rf"({KEPT})|(.)", lambda m: m[1] or m[2].upper(), str(message), flags=re.DOTALL)


@pytest.fixture
def capitals(monkeypatch):
    translations = {
        "gettext": upper,
        "pgettext": lambda context, message: upper(message),
        "ngettext": lambda one, many, number: upper(one if number == 1 else many),
        "npgettext": lambda context, one, many, number: upper(one if number == 1 else many),
    }
    for name, function in translations.items():
        monkeypatch.setattr(f"django.utils.translation._trans.{name}", function)


@pytest.fixture
def okta(db):
    """Return a connection whose page shows every section."""
    made = connections.create("OKTA", profile="okta")
    connections.rotate(connections.issue_token(made).token)
    user = User.objects.create_user("AMY")
    UserLink.objects.create(connection=made, target=user, unconfirmed=True)
    Group.objects.create(name="READERS")
    for name in ("EDITORS", "OWNERS"):
        group = Group.objects.create(name=name)
        connections.share_privileged(made, group)
        group.permissions.add(Permission.objects.first())
    connections.unshare_privileged(made, group)
    now = timezone.now()
    Guard.objects.create(connection=made, tripped=now)
    for kind in ("User", GuardCount.MEMBERSHIPS, GuardCount.SIGN_IN):
        GuardCount.objects.create(connection=made, kind=kind, started=now, total=1, lost=1)
    return made


def untranslated(answer, start="<main", end="</main>"):
    """Return the words in lower case on a page, or on the part of it from ``start`` on."""
    content = answer.content.decode()
    assert answer.status_code == 200 and start in content
    part = content.partition(start)[2].partition(end)[0]
    part = re.sub(r"<code>.*?</code>|externalId", "", f"<{part}", flags=re.DOTALL)
    values = re.findall(r'\b(?:value|data-name|aria-label)="([A-Za-z][^"]*)"', part)
    text = re.sub(r"<[^>]*>|&\w+;", " ", part)
    return re.findall(r"\b[A-Z]?[a-z]{2,}\b", " ".join([text, *values]))


@pytest.mark.parametrize(
    "start",
    [
        'class="scim-banner',
        'id="scim-unconfirmed',
        'id="scim-privileged',
        'id="scim-tokens',
        'id="scim-actions',
    ],
)
def test_the_sections_of_a_connection(capitals, ada, okta, start):
    end = "</section>" if start.startswith("id") else "</form>"
    assert untranslated(ada.get(of(okta)), start, end) == []


@pytest.mark.parametrize("page", [["close"], ["assign", "User"], ["assign", "Group"]])
def test_the_pages_below_a_connection(capitals, ada, okta, page):
    assert untranslated(ada.get(of(okta, *page)), 'id="content"', "</main>") == []


def test_the_page_with_a_token(capitals, ada, okta):
    token = okta.tokens.get(replaced_by=None)
    for path in (of(okta, "issue-token"), of(okta, "tokens", token.pk, "rotate")):
        assert untranslated(ada.post(path, follow=True), 'id="content"', "</main>") == []


@pytest.mark.parametrize(
    "button",
    [
        "pause",
        "resume",
        "override-guard",
        "close",
        "confirm",
        "share-privileged",
        "tokens/0/revoke",
    ],
)
def test_the_message_after_a_button(capitals, ada, okta, button):
    assert ada.do(of(okta, button)).isupper()


def test_the_page_of_an_event(capitals, ada, okta):
    event = Event.objects.create(action="read", outcome="success")
    shown = text_of(ada.get(f"event/{event.pk}/change/"))
    for text in ("What happened", "Nothing needs to be done.", "Nothing changed.", "response"):
        assert text not in shown and text.upper() in shown


def test_the_overview(capitals, ada, okta):
    Event.objects.create(
        connection=okta, connection_name="OKTA", action="update", outcome="success"
    )
    words = untranslated(ada.get("overview/"), 'class="scim-cards', "</main>")
    assert [word for word in words if not re.fullmatch(MONTH, word)] == []
