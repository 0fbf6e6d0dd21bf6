"""Mappings that a check reports for these models, and mappings that work."""

import pytest
from django.contrib.auth.models import User
from django.db.models import Count, F, TextField
from django.db.models.functions import Cast

from django_scim import checks, connections
from django_scim.adapters import (
    Computed,
    Constant,
    Custom,
    Field,
    Json,
    Members,
    Memberships,
    Reference,
    Rows,
    Values,
)
from django_scim.models import UserLink
from django_scim.testing import ScimClient, assert_error
from tests.sites.declaration_errors.adapters import URN, LockerAdapter, ThingAdapter
from tests.sites.declaration_errors.models import Thing


class KindMapping(Custom):
    select = {"kind": "kind"}
    writes = ("kind",)

    def read(self, kind):
        return kind

    def write(self, value):
        return {"kind": value or ""}


def kind(**changed):
    return type("KindMapping", (KindMapping,), changed)()


def thing(**declared):
    return type("Faulty", (ThingAdapter,), {"attributes": ThingAdapter.attributes | declared})


def filling(adapter):
    return type("Faulty", (adapter,), {"before_save": lambda self, unit: None})


CASES = {
    "a reference to a name": ("E007", thing(keeper=Reference("by_name", to="User")),
                              "must refer to the primary key"),
    "members by name": ("E007", thing(people=Members("chairs", to="User", member="by_name")),
                        "must refer to the primary key"),
    "rows by serial": ("E007", thing(texts=Rows("stickers", value="label")),
                       "must refer to the primary key"),
    "a row's own key": ("E018", thing(texts=Rows("parts", value="id")), "primary key"),
    "a reference in the key": ("E018", type("Faulty", (LockerAdapter,), {
        "attributes": {"user": Reference("user", to="User")}}), "primary key"),
    "a key to write": ("E018", thing(number=Field("id")), "primary key"),
    "a key by custom": ("E018", thing(number=kind(writes=("id",))), "primary key"),
    "the link's id": (
        "E018", thing(text=Field("link.scim_id")), "link that clients must not write"),
    "the link's id by waiting": (
        "E018", thing(keeper=Reference("box.thing", to="Thing", pending="link.scim_id").having(
            mutability="readOnly")), "link that clients must not write"),
    "a time that sets itself": ("E018", thing(moment=Field("changed")), "set automatically"),
    "no text that waits": ("E007", thing(keeper=Reference(
        "box.thing", to="Thing", pending="link.created").having(mutability="readOnly")),
        "must be a CharField of the link"),
    "a part of members": ("E007", thing(ranked=Members("hidden", to="User")),
        "rank: the only supported"),
    "a part of memberships": ("E007", thing(ranked=Memberships("hidden", to="User")),
                              "rank: the only supported"),
    "a part of a reference": ("E007", thing(owner=Reference("box.thing", to="Thing").having(
        mutability="readOnly")), "since: the only supported"),
    "a list in a row": ("E007", thing(tagged=Rows("parts", value="label", tags="kind")),
        "cannot store a list"),
    "a list in a document": ("E007", thing(tagged=Json("data", "a")),
        "multi-valued sub-attributes"),
    "a list in a part": ("E007", thing(holder=Json("data", "a")), "multi-valued sub-attributes"),
    "a number as a key": ("E007", thing(text=Json("data", 1)), "must start with a letter"),
    "digits as a key": ("E007", thing(text=Json("data", "1")), "must start with a letter"),
    "a key like a lookup": ("E007", thing(text=Json("data", "a__gt")), "must start with a letter"),
    "a key with quotes": ("E007", thing(text=Json("data", 'a"b')), "must start with a letter"),
    "a UUID for a text": ("E007", thing(text=Computed(F("code"))), "wrap it in Cast"),
    "a text for a number": ("E007", thing(number=Computed(F("kind"))), "wrap it in Cast"),
    "a number for a moment": ("E007", thing(moment=Computed(F("size"))), "wrap it in Cast"),
    "a document for a text": ("E007", thing(text=Computed(F("data"))), "wrap it in Cast"),
    "a text in a decimal": ("E007", thing(text=Field("weight")), "its type is string"),
    "a text in a day": ("E007", thing(text=Field("day")), "its type is string"),
    "a number by custom": ("E007", thing(text=kind(select={"kind": 5})),
        "path of a column or an expression"),
    "a select that is a list": ("E007", thing(text=kind(select=["kind"])), "select must be a dict"),
    "writes as a text": ("E007", thing(text=kind(writes="kind")), "must be a tuple"),
    "a moment that is constant": ("E007", thing(moment=Constant("2020-01-01T00:00:00Z")), "Const"),
    "a list that is constant": ("E007", thing(text=Constant(["a"])), "Constant"),
    "nothing that is constant": ("E007", thing(text=Constant("")), "Constant"),
    "another's folded key": ("E007", thing(text=Field("kind", key="note_key")), "of 'note'"),
    "a row's other key": ("E007", thing(texts=Rows("parts", value="kind",
                          keys={"value": "label_key"})), "not the folded key of value"),
    "a key of no part": ("E007", thing(texts=Rows("parts", value="label",
                         keys={"type": "label_key"})), "not the folded key of type"),
    "values of a thing": ("E007", thing(texts=Values("texts")), "only stores values of users"),
    "one place in a document": (
        "E019", thing(text=Json("data", "a"), other=Json("data", "a")), "in the same place"),
    "a place within another": ("E019", thing(keeper=Json("data", "a"), text=Json("data", "a", "b")),
                               "in the same place"),
    "two lists of members": ("E019", thing(people=Members("hidden", to="User"),
                             others=Members("hidden", to="User")), "in the same place"),
    "one column by custom": ("E019", thing(text=kind(), other=Field("kind")), "'kind'"),
    "a row that lacks": ("W008", thing(texts=Rows("tights", value="label")), "'rank'"),
    "a row that lacks, and a hook": (
        "W008", filling(thing(texts=Rows("tights", value="label"))), "'rank'"),
    "a table between that lacks": (
        "W008", thing(people=Members("chairs", to="User", member="person")), "'role'"),
    "a related row with a required column": ("W002", thing(text=Field("box.colour")), "'height'"),
    "nothing unique": ("W002", type("Faulty", (ThingAdapter,), {
        "attributes": {"serial": Field("kind")}}), "'serial'"),
}  # fmt: skip
FINE = {
    "all of it": thing(
        text=Field("note", key="note_key"),
        other=kind(),
        number=Computed(Count("parts")),
        decimal=Field("weight"),
        moment=Field("changed").having(mutability="readOnly"),
        texts=Rows("parts", value="label", keys={"value": "label_key"}),
        people=Members("hidden", to="User"),
        others=Memberships("hidden", to="User"),
    ),
    "a hook": filling(thing(text=Field("box.colour"))),
    "a key to read": thing(number=Field("id").having(mutability="readOnly")),
    "places": thing(text=Json("data", "a", "b"), other=Json("data", "a", "c")),
}


def run_checks(adapter, settings, monkeypatch):
    monkeypatch.setitem(globals(), "Subject", adapter)
    settings.DJANGO_SCIM = {"ADAPTERS": {adapter.name: f"{__name__}.Subject"}}
    return checks.check_adapters()


@pytest.mark.parametrize("case", CASES)
def test_reports_error(case, settings, monkeypatch, db):
    code, adapter, words = CASES[case]
    (message,) = run_checks(adapter, settings, monkeypatch)
    assert message.id == f"django_scim.{code}", message
    assert words in message.msg


@pytest.mark.parametrize("case", FINE)
def test_accepts_declaration(case, settings, monkeypatch, db):
    assert run_checks(FINE[case], settings, monkeypatch) == []


@pytest.fixture
def serve(settings, monkeypatch, db):
    def serve(adapter):
        assert run_checks(adapter, settings, monkeypatch) == []
        return ScimClient(connections.create("Faulty"))

    return serve


def make(scim, serial, **attributes):
    return scim.make("/Things", {"schemas": [URN], "serial": serial, **attributes})


def test_members_of_a_relation_without_reverse_accessor(serve):
    scim = serve(thing(people=Members("hidden", to="User")))
    user = scim.make_user("ada")
    made = make(scim, "1", people=[{"value": user["id"]}])
    assert scim.find(f'people.value eq "{user["id"]}"', "/Things") == [made]
    assert scim.delete(f"/Users/{user['id']}").status_code == 204
    assert scim.get(f"/Things/{made['id']}").data["people"] == []
    assert not Thing.objects.get().hidden.exists()


def test_deleted_member_with_a_preexisting_account_is_removed(serve):
    scim = serve(thing(people=Members("hidden", to="User")))
    user = scim.make_user("ada")
    make(scim, "1", people=[{"value": user["id"]}])
    UserLink.objects.update(preexisting=True)  # so that the account is kept
    Thing.objects.get().hidden.add(User.objects.create_user("of the site"))
    assert scim.delete(f"/Users/{user['id']}").status_code == 204
    assert User.objects.filter(username="ada").exists()
    assert [each.username for each in Thing.objects.get().hidden.all()] == ["of the site"]


def test_filter_on_a_sub_attribute_that_members_lack(serve):
    scim = serve(thing(people=Members("hidden", to="User")))
    for query in ('people.rank eq "1"', 'people[rank eq "1"]'):
        assert_error(scim.get("/Things", {"filter": query}), 400, "invalidFilter")


def test_computed_values_compare_by_their_type(serve):
    scim = serve(
        thing(
            text=Computed(Cast("size", TextField())),
            number=Computed(F("size")),
            decimal=Computed(F("weight")),
            moment=Computed(F("day")),
        )
    )
    made = make(scim, "1")
    Thing.objects.update(size=7, weight="1.50", day="2020-01-02")
    make(scim, "2")
    found = scim.get(f"/Things/{made['id']}").data
    assert [found[name] for name in ("text", "number", "decimal", "moment")] == [
        "7", 7, 1.5, "2020-01-02T00:00:00Z"]  # fmt: skip
    right = ('text eq "7"', 'text sw "7"', "number ge 7", "decimal eq 1.5", "decimal lt 2",
             'moment eq "2020-01-02T00:00:00Z"', 'moment gt "2020-01-01T12:00:00Z"', "number pr",
             'moment lt "2020-01-02T00:00:01Z"')  # fmt: skip
    for query in right:
        assert [each["serial"] for each in scim.find(query, "/Things")] == ["1"], query
    wrong = ('moment eq "2020-01-02T00:00:01Z"', "number gt 7", 'text gt "7"')
    for query in wrong:
        assert scim.find(query, "/Things") == [], query
    for name in ("text", "number", "decimal", "moment"):
        listed = scim.get("/Things", {"sortBy": name}).data["Resources"]
        assert [each["serial"] for each in listed] == ["1", "2"], name
