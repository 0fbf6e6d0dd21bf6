"""The lists of tokens and links, and their actions."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, GroupLink, Token, UserLink
from tests.client import USER

# Tokens


@pytest.fixture
def tokens(db):
    """Create a token in every state."""
    made = connections.create("Okta")

    def token(days):
        return connections.issue_token(made, lifetime=timedelta(days=days)).token

    found = {"usable": token(365), "soon": token(12), "expired": token(1), "revoked": token(365)}
    found["revoked"].revoke()
    Token.objects.filter(pk=found["expired"].pk).update(expires=timezone.now() - timedelta(hours=1))
    return found


def test_shows_every_state(tokens, ada):
    page = ada.read("token/")
    for state in ("usable", "expires in 12 days", "expired", "revoked"):
        assert state in page
    for token in tokens.values():
        assert token.prefix in ada.read(f"token/{token.pk}/change/")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("usable", {"usable", "soon"}),
        ("soon", {"soon"}),
        ("expired", {"expired"}),
        ("revoked", {"revoked"}),
        ("nonsense", {"usable", "soon", "expired", "revoked"}),
    ],
)
def test_filter_tokens_by_state(tokens, ada, state, expected):
    found = ada.get("token/", state=state).context["cl"].result_list
    assert {token.prefix for token in found} == {tokens[name].prefix for name in expected}


def test_replaced_token_is_no_warning(tokens, ada):
    connections.rotate(tokens["usable"])
    assert "replaced, ends in 7 days" in ada.read("token/")
    found = ada.get("token/", state="soon").context["cl"].result_list
    assert [token.prefix for token in found] == [tokens["soon"].prefix]


def test_revoke_selected_tokens(tokens, ada):
    chosen = (tokens["usable"], tokens["revoked"])
    assert "1 token was revoked" in ada.act("token", "revoke", *chosen)
    tokens["usable"].refresh_from_db()
    assert tokens["usable"].revoked and Token.objects.filter(revoked=None).count() == 2
    event = Event.objects.get()
    assert event.detail == f"token {tokens['usable'].prefix}… revoked by admin ada"
    assert LogEntry.objects.get().object_id == str(tokens["usable"].pk)


# Links


@pytest.fixture
def adopted(connect):
    User.objects.create_user("amy")
    scim = connect(adoption="username")
    scim.post("/Users", {"schemas": [USER], "userName": "amy"})
    scim.make_user("bob")
    return scim


def link_of(name):
    return UserLink.objects.get(target__username=name)


def test_filter_unconfirmed_links(adopted, ada):
    found = ada.get("userlink/", unconfirmed__exact="1").context["cl"].result_list
    assert list(found) == [link_of("amy")]
    assert ada.read("userlink/").count("unconfirmed") == 2  # in the row and in the filter


def test_confirm_selected_links(adopted, ada):
    chosen = (link_of("amy"), link_of("bob"))
    assert "1 account was confirmed" in ada.act("userlink", "confirm", *chosen)
    assert not link_of("amy").unconfirmed
    event = Event.objects.get(action="administration")
    assert event.detail == "link of amy confirmed by admin ada"
    assert event.connection == adopted.connection
    assert LogEntry.objects.get().object_id == str(chosen[0].pk)


def test_unassign_selected_accounts(adopted, ada):
    bob = link_of("bob")
    assert "1 object was unassigned" in ada.act("userlink", "unassign", bob)
    assert adopted.get(f"/Users/{bob.scim_id}").status_code == 404
    assert User.objects.get(username="bob").is_active
    event = Event.objects.get(action="administration")
    assert event.detail == "bob unassigned from the connection by admin ada"
    assert (event.object_name, event.scim_id) == ("bob", bob.scim_id)
    assert "0 objects were unassigned" in ada.act("userlink", "unassign", bob)  # a tombstone by now


def test_unassign_selected_groups(scim, ada):
    connections.assign(scim.connection, Group.objects.create(name="Readers"))
    assert "1 object was unassigned" in ada.act("grouplink", "unassign", GroupLink.objects.get())
    assert scim.get("/Groups").data["totalResults"] == 0
    assert Group.objects.filter(name="Readers").exists()
    assert Event.objects.get(action="administration").object_name == "Readers"


# Permissions of the actions


@pytest.mark.parametrize(
    ("model", "action", "permissions"),
    [
        ("token", "revoke", ["change_token"]),
        ("userlink", "confirm", ["change_userlink", "manage_connection_access"]),
        ("userlink", "unassign", ["change_userlink", "manage_connection_access"]),
    ],
)
def test_action_needs_permissions(adopted, staff, model, action, permissions):
    row = {"token": Token, "userlink": UserLink}[model].objects.first()
    data = {"action": action, "_selected_action": [row.pk]}
    for lacking in permissions:
        others = [each for each in permissions if each != lacking]
        looker = staff(f"view_{model}", *others, name=f"without {lacking}")
        assert f'value="{action}"' not in looker.get(f"{model}/").content.decode()
        looker.post(f"{model}/", **data)
        assert type(row).objects.filter(pk=row.pk, **unchanged(row)).exists()
        assert not Event.objects.filter(action="administration").exists()
    changer = staff(f"view_{model}", *permissions, name="tom")
    assert f'value="{action}"' in changer.get(f"{model}/").content.decode()
    changer.post(f"{model}/", **data)
    assert not type(row).objects.filter(pk=row.pk, **unchanged(row)).exists()
    assert Event.objects.get(action="administration").detail.endswith("by admin tom")


def unchanged(row):
    if isinstance(row, Token):
        return {"revoked": None}
    return {"target": row.target_id, "unconfirmed": row.unconfirmed}
