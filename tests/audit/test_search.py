"""Events are found by the beginning of a name, an id or an address, by indexes."""

import pytest
from django.contrib.auth.models import User

from django_scim.audit.search import matching, search
from django_scim.models import Event, fold_key

from ..client import USER
from ..databases import analyze, scans

ADDRESS = "MR@example.com"
MARIA = {
    "schemas": [USER],
    "userName": "Maria.Rossi@Example.com",
    "externalId": "00uMaria",
    "displayName": "Maria Rossi",
    "emails": [{"value": ADDRESS}],
}


@pytest.fixture
def refusal(scim):
    """Return the event of a person who could not be created, among others."""
    User.objects.create_user("maria.rossi@example.com")
    scim.make_user("someone", externalId="1", emails=[{"value": "else@example.com"}])
    assert scim.post("/Users", MARIA).status_code == 409
    return Event.objects.latest("pk")


@pytest.mark.parametrize(
    "text",
    [
        "maria.rossi@",
        "MARIA.ROSSI@EXAMPLE.COM",
        "maria r",
        "rossi",
        "mr@ex",
        "00UMA",
        " maria ",
        "ｍaria",
    ],
)
def test_finds_maria(text, refusal):
    assert list(search(Event.objects.all(), text)) == [refusal]


@pytest.mark.parametrize("text", ["ossi", "%", "_aria", "maria\\", "maria'"])
def test_finds_only_beginnings(text, refusal):
    assert not search(Event.objects.all(), text).exists()


def test_finds_ids(scim, refusal):
    person = scim.make_user("bob")
    created = Event.objects.latest("pk")
    for text in (person["id"], person["id"][:8].upper()):
        assert list(search(Event.objects.all(), text)) == [created]
    for text in (refusal.correlation_id, refusal.correlation_id[:9].upper()):
        assert list(search(Event.objects.all(), text)) == [refusal]


def test_nul_and_long_texts_find_nothing(refusal):
    for text in ("\0zzz", "ß" * 10_000, chr(0x10FFFF)):
        assert not search(Event.objects.all(), text).exists()


def test_empty_text_finds_everything(refusal):
    assert search(Event.objects.all(), "  ").count() == Event.objects.count()


def many_events():
    names = [f"user{number}@example.com" for number in range(6_000)]
    events = [
        Event(
            action="update",
            outcome="success",
            object_name=name,
            name_key=name,
            display_key=fold_key(f"The {name}"),
            last_name_key=name,
            email_key=None,
            external_key=f"ext-{name}",
            scim_id=f"{number:036d}",
            correlation_id=f"{number:032x}",
        )
        for number, name in enumerate(names)
    ]
    Event.objects.bulk_create(events, batch_size=500)
    analyze()


@pytest.mark.parametrize("text", ["user4321", "User4321", "0A1-b"])
def test_search_uses_indexes(text, db):
    many_events()
    found = Event.objects.filter(matching(text))[:51]
    assert not scans(_literal(found.query.sql_with_params()), 3_000)
    assert len(search(Event.objects.all(), "user4321")) == 1


def test_attention_and_repetition_use_indexes(db):
    many_events()
    for rows in (
        Event.objects.filter(refused__isnull=False).order_by("-refused")[:51],
        Event.objects.filter(repeat_key="a" * 32).order_by("-created")[:1],
    ):
        assert not scans(_literal(rows.query.sql_with_params()), 3_000)


def _literal(statement):
    """Return a statement with its parameters in it, for EXPLAIN."""
    sql, params = statement
    quoted = [f"'{each}'" if isinstance(each, str) else str(each) for each in params]
    return sql % tuple(quoted)
