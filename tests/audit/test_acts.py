"""The acts of admins, which events store in English, in the reader's language."""

import pytest
from django.contrib.auth.models import User
from django.utils import translation

from django_scim import connections
from django_scim.adapters.writing import guard as guarding
from django_scim.audit.administration import Description, record
from django_scim.audit.explanations import sentence
from django_scim.audit.explanations.acts import act_in_words
from django_scim.models import Event, Guard, GuardCount

ADA = connections.Actor("admin ada")


def german(detail):
    with translation.override("de"):
        return act_in_words(detail)


@pytest.fixture
def okta(db):
    return connections.create("Okta", actor=ADA)


@pytest.mark.parametrize("description", Description, ids=str)
def test_each_description_is_translated(description):
    """The name in it is kept, even if it looks like another part of the detail."""
    name = "amy (by) by the admin"
    shown = german(f"{description.format(name)} by admin ada")
    assert shown.endswith(" von Admin ada")
    assert (name in shown) == ("{}" in description)
    rest = shown.replace(name, "")
    for word in description.replace("{}", "").replace(",", "").split():
        assert word == "token" or word not in rest.split()


@pytest.mark.parametrize("description", Description, ids=str)
def test_english_readers_get_the_stored_text(description):
    detail = f"{description.format('amy')} by admin ada"
    with translation.override("en"):
        assert act_in_words(detail) == detail


@pytest.mark.parametrize(
    "detail", ["", "by", "foo", "foo by admin ada", "token x (y) by admin ada"]
)
def test_unknown_details_stay_as_they_are(detail):
    assert german(detail) == detail


def test_scope(okta):
    User.objects.create_user("amy")
    connections.set_scope(okta, "site", actor=ADA)
    connections.set_scope(okta, "own", actor=ADA)
    with translation.override("de"):
        shown = {sentence(event) for event in Event.objects.all()}
    assert {
        "Geltungsbereich geändert (0 Konten zuvor) von Admin ada",
        "Konten der Website verknüpft (1) von Admin ada",
        "Geltungsbereich geändert (1 Konten zuvor, davon 1 zu entziehen) von Admin ada",
        "Konten der Website entzogen (1 Konten, und 0 behalten) von Admin ada",
    } <= shown


def test_guard(okta):
    Guard.objects.create(connection=okta, tripped=okta.created)
    for kind in ("Device", "User", GuardCount.MEMBERSHIPS, GuardCount.SIGN_IN):
        GuardCount.objects.create(
            connection=okta, kind=kind, started=okta.created, lost=1_200, total=34_567
        )
    assert len(guarding.counted(okta)) == 4
    connections.override_guard(okta, actor=connections.Actor("scim_x on the command line"))
    with translation.override("de"):
        shown = sentence(Event.objects.latest("pk"))
    for text in (
        "Schutzschalter überbrückt (gestoppt bei ",
        "1.200 von 34.567 Konten",
        "1.200 von 34.567 Mitgliedschaften",
        "1.200 von 34.567 Benutzernamen oder E-Mail-Adressen",
        "1.200 von 34.567 des Typs Device",
        ") von scim_x auf der Kommandozeile",
    ):
        assert text in shown


def test_withdrawal_with_deleted_accounts(okta):
    numbers = "3 accounts, and 2 kept; 1 deleted ones cannot return"
    record(okta, f"{Description.SCOPE_WITHDRAWN} ({numbers})", ADA)
    with translation.override("de"):
        shown = sentence(Event.objects.latest("pk"))
    assert "(3 Konten, und 2 behalten; 1 gelöschte können nicht zurückkehren)" in shown
