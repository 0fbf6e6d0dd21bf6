"""``django_scim.connections`` in the code of a site: invalid arguments, events, tenants."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.utils import timezone

from django_scim import connections
from django_scim.models import Connection, Event, GroupLink, Guard, Token, UserLink
from django_scim.testing import ScimClient
from tests.client import assert_error

ADA = connections.Actor("ada of Northwind", address="203.0.113.9", user_agent="Browser")


@pytest.fixture
def okta(db):
    return connections.create("Okta")


@pytest.fixture
def northwind(db):
    return Group.objects.create(name="Northwind")


def stored():
    models = (Connection, Token, Guard, UserLink, GroupLink, Event)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def details():
    return list(Event.objects.order_by("pk").values_list("detail", flat=True))


# Secrets


def test_secret_is_hidden_in_the_repr(okta):
    issued = connections.issue_token(okta)
    for each in (issued, connections.rotate(issued.token)):
        token, secret = each
        assert ScimClient(okta, secret).get("/Users").status_code == 200
        shown = f"{each} {each!r} {[each]} {each.token!r}"
        assert secret not in shown and token.prefix in shown


# Invalid arguments


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tenant": "Northwind"}, "stored"),
        ({"tenant": 5}, "stored"),
        ({"tenant": Group(name="not stored")}, "stored"),
        ({"tenant": Group(pk=99, name="not stored")}, "stored"),
        ({"nonsense": 1}, "nonsense is not an option"),
        ({"tenant_key": "1"}, "tenant_key is not an option"),
        ({"id": 7}, "id is not an option"),
        ({"profile": "nonsense"}, "nonsense"),
        ({"scope": None}, "null"),
        ({"guard_count": "many"}, "integer"),
        ({"adoption": ["username"]}, "Choose one of: none"),
        ({"name": ""}, "blank"),
    ],
)
def test_invalid_connection(db, arguments, words):
    with pytest.raises(ValidationError, match=words):
        connections.create(**{"name": "Okta", **arguments})
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scopes": "users:read"}, "scopes must be a list"),
        ({"scopes": 5}, "scopes must be a list"),
        ({"scopes": ["users:read", "admin"]}, "unknown scopes: admin"),
        ({"scopes": [["users:read"], 5]}, "unknown scopes"),
        ({"lifetime": timedelta(0)}, "lifetime"),
        ({"lifetime": timedelta(days=-1)}, "lifetime"),
        ({"lifetime": timedelta.max}, "lifetime"),
        ({"lifetime": 5}, "timedelta is needed"),
        ({"actor": "ada"}, "Actor is needed, not str"),
    ],
)
def test_invalid_token(okta, arguments, words):
    with pytest.raises(ValueError, match=words):
        connections.issue_token(okta, **arguments)
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"overlap": timedelta(seconds=-1)}, "overlap"),
        ({"overlap": timedelta.max}, "overlap"),
        ({"overlap": 7}, "timedelta is needed"),
        ({"lifetime": timedelta(0)}, "lifetime"),
        ({"actor": User(username="ada")}, "Actor is needed, not User"),
    ],
)
def test_invalid_rotation(okta, arguments, words):
    token = connections.issue_token(okta).token
    before = stored()
    with pytest.raises(ValueError, match=words):
        connections.rotate(token, **arguments)
    assert stored() == before


@pytest.mark.parametrize("call", [connections.rotate, connections.revoke])
def test_deleted_token(okta, call):
    issued = connections.issue_token(okta)
    gone, forgotten = (connections.issue_token(okta).token for _ in range(2))
    gone.delete()
    Token.objects.filter(pk=forgotten.pk).delete()
    before = stored()
    for token in (gone, forgotten):
        with pytest.raises(ValueError, match="does not exist any more"):
            call(token, actor=ADA)
    for wrong in (issued, issued.secret, None, okta):
        with pytest.raises(ValueError, match="Token is needed") as refusal:
            call(wrong)
        assert issued.secret not in str(refusal.value)
    assert stored() == before


@pytest.mark.parametrize(
    "call",
    [
        connections.issue_token,
        connections.pause,
        connections.resume,
        connections.close,
        connections.override_guard,
        lambda connection: connections.set_tenant(connection, None),
        lambda connection: connections.assign(connection, User.objects.get()),
        lambda connection: connections.unassign(connection, User.objects.get()),
    ],
)
def test_deleted_connection(okta, call):
    User.objects.create_user("amy")
    same = Connection.objects.get()
    okta.delete()
    for gone in (okta, same):
        with pytest.raises(ValueError, match="does not exist any more"):
            call(gone)
    for wrong in ("Okta", None, 1):
        with pytest.raises(ValueError, match="Connection is needed"):
            call(wrong)


def test_only_links_of_users_are_confirmed(scim):
    user = scim.make_user()
    link = scim.connection.django_scim_userlinks.get(scim_id=user["id"])
    UserLink.objects.update(unconfirmed=True)
    scim.make_group("Everyone")
    group = GroupLink.objects.get()
    GroupLink.objects.filter(pk=group.pk).update(id=link.pk)  # the same key in another table
    with pytest.raises(ValueError, match="UserLink is needed"):
        connections.confirm(GroupLink.objects.get())
    assert UserLink.objects.get().unconfirmed
    connections.confirm(link, actor=ADA)
    assert not UserLink.objects.get().unconfirmed


def test_unassignable_objects(okta):
    for wrong in (None, "amy", User(username="not stored"), okta):
        with pytest.raises(ValidationError, match="not a stored object"):
            connections.assign(okta, wrong)
    assert not UserLink.objects.exists()


def test_override_needs_a_positive_duration(okta):
    for duration in (timedelta(0), timedelta(days=-1), 3600):
        with pytest.raises(ValueError, match="duration"):
            connections.override_guard(okta, duration)
    assert not Guard.objects.exists()


# Tokens


def test_token_can_be_replaced_at_once(okta):
    issued = connections.issue_token(okta)
    successor = connections.rotate(issued.token, overlap=timedelta(0))
    assert_error(ScimClient(okta, issued.secret).get("/Users"), 401)
    assert ScimClient(okta, successor.secret).get("/Users").status_code == 200


def test_revoke(okta):
    issued = connections.issue_token(okta)
    connections.revoke(issued.token, actor=ADA)
    first = issued.token.revoked
    assert first <= timezone.now()
    assert_error(ScimClient(okta, issued.secret).get("/Users"), 401)
    connections.revoke(issued.token, actor=ADA)
    assert issued.token.revoked == first
    assert len(Event.objects.filter(action="administration")) == 1


# Events


def test_without_an_actor_there_is_no_event(okta):
    issued = connections.issue_token(okta)
    connections.revoke(connections.rotate(issued.token).token)
    connections.pause(okta)
    connections.close(okta)
    connections.assign(okta, User.objects.create_user("amy"))
    assert not Event.objects.exists()


def test_each_change_has_one_event(db, northwind):
    made = connections.create("Okta", profile="okta", guard_count=5, tenant=northwind, actor=ADA)
    issued = connections.issue_token(made, actor=ADA)
    successor = connections.rotate(issued.token, actor=ADA)
    connections.revoke(issued.token, actor=ADA)
    connections.pause(made, actor=ADA)
    connections.resume(made, actor=ADA)
    amy = User.objects.create_user("amy")
    link = connections.assign(made, amy, actor=ADA)
    connections.confirm(link, actor=ADA)
    connections.unassign(made, amy, actor=ADA)
    connections.override_guard(made, actor=ADA)
    connections.set_tenant(made, None, actor=ADA)
    connections.close(made, actor=ADA)
    by = "by ada of Northwind"
    assert details() == [
        f"connection created {by}",
        f"token {issued.token} issued {by}",
        f"token {issued.token} rotated {by}",
        f"token {issued.token} revoked {by}",
        f"connection paused {by}",
        f"connection resumed {by}",
        f"amy assigned to the connection {by}",
        f"link of amy confirmed {by}",
        f"amy unassigned from the connection {by}",
        f"guard overridden {by}",
        f"settings changed {by}",
        f"connection closed and its tokens revoked {by}",
    ]
    events = list(Event.objects.order_by("pk"))
    for event in events:
        assert (event.action, event.outcome) == ("administration", "success")
        assert (event.connection, event.address) == (made, "203.0.113.9")
    created = {change["path"]: change["new"] for change in events[0].changes}
    assert created == {
        "profile": "okta", "scope": "own", "guard_count": 5, "tenant": "Northwind"}  # fmt: skip
    assert events[2].changes == [{"path": "successor", "old": None, "new": str(successor.token)}]
    assert events[10].changes == [{"path": "tenant", "old": "Northwind", "new": None}]
    assert {event.object_name for event in events[6:9]} == {"amy"}


@pytest.mark.django_db(transaction=True)
def test_change_is_rolled_back_without_its_event(monkeypatch):
    okta = connections.create("Okta")
    token = connections.issue_token(okta).token
    amy = User.objects.create_user("amy")
    before = stored()

    def fail(*args, **kwargs):
        raise RuntimeError("the log is full")

    monkeypatch.setattr(Event.objects, "bulk_create", fail)
    for call, about in [
        (connections.create, ["Entra"]),
        (connections.issue_token, [okta]),
        (connections.rotate, [token]),
        (connections.revoke, [token]),
        (connections.close, [okta]),
        (connections.assign, [okta, amy]),
        (connections.set_tenant, [okta, amy]),
        (connections.override_guard, [okta]),
    ]:
        with pytest.raises(RuntimeError):
            call(*about, actor=ADA)
    assert stored() == before


def test_explain_event(scim, events):
    scim.get("/Users", {"filter": "nonsense"})
    assert "Check by which attribute it matches accounts" in connections.explain(events()[-1])
    scim.make_user()
    assert connections.explain(events()[-1]) == ""


# Tenants


def test_connections_of_a_tenant(okta, northwind):
    first = connections.create("First", tenant=northwind)
    second = connections.create("Second", tenant=northwind)
    connections.create("Other", tenant=Group.objects.create(name="Contoso"))
    # an object of another model with the same key is another tenant
    person = User.objects.create(pk=northwind.pk, username="amy")
    connections.create("Of a person", tenant=person)
    assert list(connections.for_tenant(northwind)) == [first, second]
    for wrong in (None, "Northwind", Group(name="x")):
        with pytest.raises(ValidationError, match="stored"):
            connections.for_tenant(wrong)


def test_tenant_can_be_set_and_removed(okta, northwind):
    connections.set_tenant(okta, northwind)
    assert Connection.objects.get().tenant == okta.tenant == northwind
    assert list(connections.for_tenant(northwind)) == [okta]
    with pytest.raises(ValidationError, match="stored"):
        connections.set_tenant(okta, "Northwind")
    assert Connection.objects.get().tenant == northwind
    connections.set_tenant(okta, None)
    found = Connection.objects.get()
    assert found.tenant is None and not found.has_tenant
    assert ScimClient(found).get("/Users").status_code == 200


def test_connection_of_a_deleted_tenant_gets_another(okta, northwind):
    connections.set_tenant(okta, northwind)
    scim = ScimClient(okta)
    northwind.delete()
    assert_error(scim.get("/Users"), 403)
    connections.set_tenant(okta, Group.objects.create(name="Contoso"), actor=ADA)
    assert scim.get("/Users").status_code == 200
    change = Event.objects.get(detail__startswith="settings changed").changes[0]
    assert change["new"] == "Contoso"
