"""The pages of the admin in German."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import translation

from django_scim import connections
from django_scim.models import Connection, Event, Guard, UserLink
from tests import catalogues

from ..client import USER
from .pages import FORM, Pages, of, text_of

#: English words that are no words in German, and are in no name or value of these tests.
ENGLISH = re.compile(
    r"(?<!-)\b(?:the|is|are|were|and|of|to|by|not|no|it|its|with|has|have|that|this|from|for|on|or"
    r"|if|account|accounts|connection|user|change|changed|event|request|reason|time|state)\b"
)


@pytest.fixture
def german(db, settings):
    """Return the admin's pages as the superuser ada sees them in a browser that wants German."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    client = Client(headers={"accept-language": "de"})
    client.force_login(User.objects.create_superuser("ada", "ada@example.com", "secret"))
    with translation.override("de"):  # LocaleMiddleware does not restore the language
        yield Pages(client)


def english_in(page):
    """Return what is English on a page: words, and whole messages of the catalogue."""
    known = [
        each.text
        for each in catalogues.read(catalogues.CATALOGUES["de"])
        if " " in each.text and each.text not in each.translations
    ]
    return ENGLISH.findall(page) + [text for text in known if text in page]


def read(pages, path, **query):
    """Return the visible text of a page without what events store in English or as JSON."""
    answer = pages.get(path, **query)
    assert answer.status_code == 200
    content = answer.content.decode()
    answer.content = re.sub(r"<(pre|code)\b.*?</\1>", " ", content, flags=re.DOTALL)
    text = text_of(answer)
    for detail in Event.objects.exclude(detail="").values_list("detail", flat=True):
        text = text.replace(detail, " ")
    return text


@pytest.fixture
def okta(connect):
    """Return a client whose connection shows every section on its page."""
    scim = connect("okta")
    Connection.objects.update(name="Okta")
    scim.connection.refresh_from_db()
    group = Group.objects.create(name="Vertrieb")
    connections.share_privileged(scim.connection, group)
    group.permissions.add(Permission.objects.first())
    user = User.objects.create_user("amy")
    UserLink.objects.create(connection=scim.connection, target=user, unconfirmed=True)
    return scim


def test_the_page_of_a_refused_request(german, okta):
    User.objects.create_user("maria")
    okta.post("/Users", {"schemas": [USER], "userName": "maria"})
    event = Event.objects.get(reason="name_taken")
    page = read(german, f"event/{event.pk}/change/")
    for text in (
        "Okta konnte maria nicht anlegen: Der Name ist vergeben",
        "Was geschehen ist",
        "Der Name gehört zu einem Konto dieser Website, das keine Verbindung verwaltet.",
        "Wenn es dieselbe Person ist, verknüpfen Sie das Konto mit der Verbindung.",
        "Okta versucht es nicht automatisch noch einmal",
        "Dieses Konto mit der Verbindung verknüpfen",
        "Es hat sich nichts geändert.",
    ):
        assert text in page
    assert english_in(page) == []
    assert english_in(read(german, f"event/{event.pk}/link/")) == []


def test_the_page_of_a_connection(german, okta):
    Guard.objects.create(connection=okta.connection, tripped="2026-11-27T12:00Z")
    page = read(german, of(okta.connection))
    for text in (
        "Der Schutzschalter hat ausgelöst",
        "hat er eine Anfrage abgelehnt, weil die Verbindung innerhalb einer Stunde mehr als",
        "Unbestätigte Konten",
        "Gruppen mit Berechtigungen",
        "Diese Schaltflächen speichern das Formular oben nicht.",
        "Die Abweichungen vom SCIM-Standard, die angenommen werden.",
    ):
        assert text in page
    assert english_in(page) == []


@pytest.mark.parametrize("path", ["close", "scope", "assign/User", "assign/Group"])
def test_the_pages_below_a_connection(german, okta, path):
    assert english_in(read(german, of(okta.connection, path))) == []


def test_the_overview(german, okta):
    User.objects.create_user("maria")
    okta.make_user("bob")
    okta.post("/Users", {"schemas": [USER], "userName": "maria"})
    page = read(german, "overview/")
    for text in (
        "2 aktive Benutzer, 0 inaktiv, 1 Gruppe",
        "1 wartet auf Bestätigung",
        "1 Erfolg, 0 ohne Änderung, 1 Fehler",
        "Letzter Fehler Okta konnte maria nicht anlegen",
        "höchster Balken: 2",
    ):
        assert text in page
    assert english_in(page) == []


def test_sentences(german, okta):
    people = [{"value": okta.make_user(name)["id"]} for name in ("ann", "bob", "cy", "di", "ed")]
    group = f"/Groups/{okta.make_group('Leitung')['id']}"
    okta.patch(group, {"op": "add", "path": "members", "value": people})
    okta.patch(group, {"op": "remove", "path": "members", "value": people[:1]})
    okta.patch("/Groups/unknown", {"op": "add", "path": "members", "value": people})
    okta.post("/Users", raw=b"{}", content_type="text/plain")
    okta.get("/Users", {"filter": "x y z"})
    okta.get("/Users", authorization="Bearer wrong")
    page = read(german, "event/")
    for text in (
        "Okta hat ann angelegt",
        "Okta hat ann, bob, cy und 2 weitere Mitglieder zu Leitung hinzugefügt",
        "Okta hat ann aus Leitung entfernt",
        "Okta konnte die Mitglieder von Group unknown nicht ändern: Diese Verbindung hat keine",
        "Okta konnte eine Ressource des Typs User nicht anlegen: Der Body hat den falschen",
        "Okta konnte Ressourcen des Typs User nicht lesen: Der Filter der Suche funktioniert hier",
        "Ein unbekannter Client wurde abgewiesen: Das Token ist falsch",
    ):
        assert text in page
    assert english_in(page) == []


def test_sentences_about_the_acts_of_an_admin(german, okta):
    """Their events have English texts; the admin shows them in the reader's language."""
    connection = okta.connection
    german.post(of(connection, "issue-token"))
    token = connection.tokens.latest("pk")
    german.post(of(connection, "tokens", token.pk, "rotate"))
    german.post(of(connection, "tokens", token.pk, "revoke"))
    german.post(of(connection, "confirm"), link=UserLink.objects.get().pk)
    german.post(of(connection, "scope"), scope="site")
    german.post(of(connection, "scope"), scope="own")
    for button in ("pause", "resume", "close"):
        german.post(of(connection, button))
    connections.override_guard(connection, actor=connections.Actor("scim_x on the command line"))
    german.post("connection/add/", **FORM | {"name": "Entra"})
    page = text_of(german.get("event/"))
    for text in (
        f"Token {token.prefix}… ausgestellt von Admin ada",
        "Verknüpfung von amy bestätigt von Admin ada",
        "Verbindung angehalten von Admin ada",
        "Verbindung geschlossen und ihre Token widerrufen von Admin ada",
        "Schutzschalter überbrückt von scim_x auf der Kommandozeile",
        "Verbindung angelegt von Admin ada",
    ):
        assert text in page
    assert english_in(page) == []
