"""Two connections and an admin on one site, and a small model of who may touch what.

The model knows how each connection got each account. It does not predict responses: after every
step it compares what changed with what the connection was allowed to see, change or get back.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.db.models import Q

from django_scim import connections
from django_scim.adapters import UserAdapter
from django_scim.models import Event, GroupLink, UserLink
from tests.client import GROUP, USER, ScimClient

from .texts import fold

NOBODY = "00000000-0000-4000-8000-000000000000"
COLUMNS = ("username", "email", "password", "is_active", "first_name", "is_staff", "is_superuser")
SIGN_IN = ("username", "email")

#: The tenant of each account, as the site of the test knows it.
TENANTS: dict[int, int] = {}


class TenantAdapter(UserAdapter):
    """Look the tenant of an account up in TENANTS."""

    def belongs_to(self, user, tenant):
        return TENANTS.get(user.pk) == tenant.pk

    def place(self, unit, tenant):
        TENANTS[unit.target.pk] = tenant.pk


@dataclass(frozen=True)
class State:
    """The stored data, and the parts of it that each connection can see over HTTP."""

    accounts: dict[int, dict[str, Any]]
    members: frozenset[tuple[int, int]]  # (account, group)
    groups: frozenset[int]
    user_permissions: frozenset[tuple[int, int]]
    group_permissions: frozenset[tuple[int, int]]
    visible: tuple[frozenset[int], ...]
    visible_groups: tuple[frozenset[int], ...]

    def access_of(self, account):
        """Return an account's row, groups and permissions."""
        return (
            self.accounts[account],
            {group for member, group in self.members if member == account},
            {each for each in self.user_permissions if each[0] == account},
        )


@dataclass(frozen=True)
class Held:
    """The link of a connection to an account."""

    external_id: str
    created: bool  # by the connection; otherwise the account existed before
    confirmed: bool


@dataclass
class Model:
    """The expected links, and the deleted accounts that a connection may get back."""

    held: dict[tuple[int, int], Held] = field(default_factory=dict)
    released: dict[int, tuple[int, Held, Any]] = field(default_factory=dict)
    taken: set[tuple[int, int]] = field(default_factory=set)
    created_groups: set[tuple[int, int]] = field(default_factory=set)

    def is_free(self, account):
        return not any(other == account for _, other in self.held)

    def forget_release(self, account):
        self.released.pop(account, None)

    def could_release(self, who, account, state):
        """Return the former link if this connection's deletion is the last thing that happened."""
        who_released, held, access = self.released.get(account, (None, None, None))
        is_last = who_released == who and access == state.access_of(account)
        return held if is_last and (who, account) not in self.taken else None


class World:
    """The site, its two clients and its admin."""

    def __init__(self):
        TENANTS.clear()
        self.connections = [
            connections.create("one", passwords="accept", guard_percent=100),
            connections.create("two", passwords="accept", guard_percent=100, deletion="delete"),
        ]
        self.clients = [ScimClient(each) for each in self.connections]
        self.tenants = [Group.objects.create(name=f"tenant {n}") for n in range(2)]
        self.permission = Permission.objects.first()
        self.model = Model()
        self.status = 0
        self.state = self.look()

    # The stored state

    def look(self):
        visible = tuple(self.targets(n, "/Users", UserLink) for n in (0, 1))
        visible_groups = tuple(self.targets(n, "/Groups", GroupLink) for n in (0, 1))
        return State(
            {row.pop("pk"): row for row in User.objects.values("pk", *COLUMNS)},
            frozenset(User.groups.through.objects.values_list("user", "group")),
            frozenset(Group.objects.values_list("pk", flat=True)),
            frozenset(User.user_permissions.through.objects.values_list("user", "permission")),
            frozenset(Group.permissions.through.objects.values_list("group", "permission")),
            visible,
            visible_groups,
        )

    def targets(self, who, path, link):
        """Return the keys of the objects that a connection lists."""
        ids = [each["id"] for each in self.clients[who].get(path, {"count": 99}).data["Resources"]]
        found = dict(link.objects.filter(scim_id__in=ids).values_list("scim_id", "target"))
        assert len(found) == len(ids)
        return frozenset(found.values())

    def scim_id(self, number, link=UserLink):
        """Return one of the ids that were ever given to any connection."""
        ids = list(link.objects.order_by("pk").values_list("scim_id", flat=True))
        return ids[number % len(ids)] if ids else NOBODY

    def account(self, number):
        accounts = list(User.objects.order_by("pk"))
        return accounts[number % len(accounts)] if accounts else None

    def group(self, number):
        groups = list(Group.objects.exclude(name__startswith="tenant").order_by("pk"))
        return groups[number % len(groups)] if groups else None

    # One step

    def step(self, operation):
        """Do one operation, and check its changes."""
        before, kind, *args = self.state, *operation
        started = Event.objects.count()
        getattr(self, f"do_{kind}")(*args)
        self.state = after = self.look()
        for who in (0, 1):
            reached = {each for each in after.visible[who] if is_protected(after, each)}
            assert not reached, f"{reached} are staff"
        if kind in CLIENT_STEPS:
            assert self.status < 500, operation
            who = args[0]
            self.check_client(who, before, after)
            self.check_events(before, after, Event.objects.order_by("pk")[started:])
            self.learn(who, before, after)
        else:
            self.check_admin(kind, args, before, after)

    # Requests of a client

    def send(self, who, method, path, body=None):
        self.status = self.clients[who].request(method, path, body).status_code

    def send_to(self, who, method, number, body=None, link=UserLink):
        """Send a request for a resource, and check that only the owner's is found."""
        scim_id = self.scim_id(number, link)
        visible = self.state.visible if link is UserLink else self.state.visible_groups
        own = link.objects.filter(connection=self.connections[who], scim_id=scim_id)
        is_visible = own.filter(target__in=visible[who]).exists()
        endpoint = "Users" if link is UserLink else "Groups"
        self.send(who, method, f"/{endpoint}/{scim_id}", body)
        assert (self.status == 404) is not is_visible, (method, self.status)

    def do_create(self, who, names, active):
        self.send(who, "POST", "/Users", person(*names, active))

    def do_put(self, who, number, names, active):
        self.send_to(who, "PUT", number, person(*names, active))

    def do_patch(self, who, number, path, value):
        self.send_to(who, "PATCH", number, patch("replace", path, value))

    def do_get(self, who, number):
        self.send_to(who, "GET", number)

    def do_delete(self, who, number):
        self.send_to(who, "DELETE", number)

    def do_come_back(self, who, number):
        """Create an account again with the name and the externalId of a deleted one."""
        deleted = list(UserLink.objects.exclude(former_target_key="").order_by("pk"))
        former = deleted[number % len(deleted)] if deleted else None
        user = former and User.objects.filter(pk=former.former_target_key).first()
        if user:
            self.send(who, "POST", "/Users", person(user.username, former.external_id))

    def do_manager(self, who, number, other):
        path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
        self.send_to(who, "PATCH", number, patch("add", path, {"value": self.scim_id(other)}))

    def do_create_group(self, who, name, number):
        members = [{"value": self.scim_id(number)}] if number is not None else []
        body = {"schemas": [GROUP], "displayName": name, "members": members}
        self.send(who, "POST", "/Groups", body)

    def do_put_group(self, who, number, name):
        body = {"schemas": [GROUP], "displayName": name}
        self.send_to(who, "PUT", number, body, GroupLink)

    def do_rename_group(self, who, number, name):
        self.send_to(who, "PATCH", number, patch("replace", "displayName", name), GroupLink)

    def do_members(self, who, number, op, other):
        body = patch(op, "members", [{"value": self.scim_id(other)}])
        self.send_to(who, "PATCH", number, body, GroupLink)

    def do_delete_group(self, who, number):
        self.send_to(who, "DELETE", number, link=GroupLink)

    def do_bulk(self, who, number, name, external_id):
        """Delete an account and create one of the same name in the same request."""
        operations = [
            {"method": "DELETE", "path": f"/Users/{self.scim_id(number)}"},
            {"method": "POST", "path": "/Users", "bulkId": "1", "data": person(name, external_id)},
        ]
        urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
        self.send(who, "POST", "/Bulk", {"schemas": [urn], "Operations": operations})

    # Steps of the site and its admin

    def do_site_account(self, name, staff, tenant):
        if not any(fold(each.username) == fold(name) for each in User.objects.all()):
            user = User.objects.create_user(name, f"{name}@example.com", "secret", is_staff=staff)
            TENANTS[user.pk] = self.tenants[tenant].pk

    def do_site_change(self, number, column, value):
        if user := self.account(number):
            setattr(user, column, value)
            user.save()

    def do_site_password(self, number):
        if user := self.account(number):
            user.set_password("other")
            user.save()

    def do_site_delete(self, number):
        if user := self.account(number):
            user.delete()

    def do_user_permission(self, number):
        if user := self.account(number):
            user.user_permissions.add(self.permission)

    def do_group_permission(self, number, has_it):
        if group := self.group(number):
            (group.permissions.add if has_it else group.permissions.remove)(self.permission)

    def do_site_member(self, number, other):
        user, group = self.account(number), self.group(other)
        if user and group:
            user.groups.add(group)

    def do_assign(self, who, number):
        user = self.account(number)
        if user and not is_refused(connections.assign, self.connections[who], user):
            self.model.held[who, user.pk] = Held("", created=False, confirmed=True)
            self.model.taken.discard((who, user.pk))
            self.model.forget_release(user.pk)

    def do_unassign(self, who, number):
        user, links = (
            self.account(number),
            UserLink.objects.filter(connection=self.connections[who]),
        )
        if user is None:
            return
        if links.filter(Q(target=user) | Q(former_target_key=str(user.pk))).exists():
            self.model.taken.add((who, user.pk))
        connections.unassign(self.connections[who], user)
        self.model.held.pop((who, user.pk), None)
        self.model.forget_release(user.pk)

    def do_confirm(self, who, number):
        user = self.account(number)
        if user is None:
            return
        link = UserLink.objects.filter(connection=self.connections[who], target=user).first()
        if link is not None:
            connections.confirm(link)
            if held := self.model.held.get((who, user.pk)):
                self.model.held[who, user.pk] = replace(held, confirmed=True)

    def do_assign_group(self, who, number, privileged):
        if group := self.group(number):
            act = connections.share_privileged if privileged else connections.assign
            is_refused(act, self.connections[who], group)

    def do_unassign_group(self, who, number):
        if group := self.group(number):
            connections.unassign(self.connections[who], group)
            self.model.created_groups.discard((who, group.pk))

    def do_scope(self, who, scope):
        is_refused(connections.set_scope, self.connections[who], scope)

    def do_tenant(self, who, number):
        tenant = None if number is None else self.tenants[number]
        is_refused(connections.set_tenant, self.connections[who], tenant)

    def do_adoption(self, who, policy):
        self.connections[who].adoption = policy
        self.connections[who].save()

    # Changes that a client may cause

    def check_client(self, who, before, after):
        """Check that a request made only permitted changes, and returned only visible data."""
        gained = after.visible[who] - before.visible[who]
        for account in gained & before.accounts.keys():
            assert self.may_get(who, account, before), f"{account} was regained"
        other = 1 - who
        new = after.accounts.keys() - before.accounts.keys()
        assert after.visible[other] - before.visible[other] <= new
        assert not (before.visible[other] - after.visible[other]) & after.accounts.keys()
        for account in before.accounts.keys() - after.accounts.keys():
            held = self.model.held.get((who, account))
            assert held and held.created and account in before.visible[who]
            assert (other, account) not in self.model.held
        for account in new:
            row = after.accounts[account]
            assert account in after.visible[who] and not (row["is_staff"] or row["is_superuser"])
        for account in before.accounts.keys() & after.accounts.keys():
            self.check_row(who, account, before, after)
        self.check_memberships(who, before, after)
        self.check_permissions(before, after)

    def may_get(self, who, account, state):
        """Return whether a creation may give an existing account to a connection."""
        row, connection = state.accounts[account], self.connections[who]
        tenant = connection.tenant
        if row["is_staff"] or row["is_superuser"] or (who, account) in self.model.taken:
            return False
        if tenant is not None and TENANTS.get(account) != tenant.pk:
            return False
        if not self.model.is_free(account):
            return False
        could_return = self.model.could_release(who, account, state) and not row["is_active"]
        return bool(could_return) or connection.adoption != "none"

    def check_row(self, who, account, before, after):
        old, new = before.accounts[account], after.accounts[account]
        changed = {name for name in COLUMNS if old[name] != new[name]}
        assert not changed & {"is_staff", "is_superuser"}
        if not changed:
            return
        if account in before.visible[who]:
            held = self.model.held.get((who, account))
            is_locked = held is not None and not held.confirmed
        elif account in after.visible[who]:
            former = self.model.could_release(who, account, before)
            is_locked = former is None or not former.confirmed
        else:  # it released its name
            assert changed == {"username"}, f"{account} was changed"
            former = self.model.could_release(who, account, before)
            assert former and former.confirmed and former.created, f"{account} was renamed"
            return
        if is_locked:
            assert not changed & set(SIGN_IN), f"{account} is unconfirmed"
            assert "password" not in changed or new["password"].startswith("!")

    def check_memberships(self, who, before, after):
        own = before.visible[who] | after.visible[who]
        known = before.visible_groups[who] | after.visible_groups[who]
        with_permissions = {group for group, _ in before.group_permissions}
        marked = set(
            GroupLink.objects.filter(connection=self.connections[who], privileged=True)
            .values_list("target", flat=True)
        )  # fmt: skip
        for account, group in before.members ^ after.members:
            assert account in own and group in known, (account, group)
            if (account, group) in after.members and group in with_permissions:
                assert group in marked, f"{account} got the permissions of {group}"
        for group in before.groups - after.groups:
            assert (who, group) in self.model.created_groups and group not in with_permissions

    def check_permissions(self, before, after):
        kept = after.accounts.keys()
        assert after.user_permissions == {e for e in before.user_permissions if e[0] in kept}
        assert after.group_permissions == before.group_permissions

    def check_events(self, before, after, events):
        """Check that every account whose row changed has an event."""
        named = {int(each.object_key) for each in events if each.object_key.isdigit()}
        for account, row in before.accounts.items():
            if after.accounts.get(account) != row:
                assert account in named, f"{account} was changed without an event"

    def learn(self, who, before, after):
        """Update the model with the changes of a client."""
        model = self.model
        for account in after.visible[who] - before.visible[who]:
            link = UserLink.objects.get(connection=self.connections[who], target=account)
            if account not in before.accounts:
                model.held[who, account] = Held(link.external_id, created=True, confirmed=True)
            elif former := model.could_release(who, account, before):
                model.held[who, account] = former
            else:
                model.held[who, account] = Held(link.external_id, created=False, confirmed=False)
            model.forget_release(account)
        for account in before.visible[who] - after.visible[who]:
            held = model.held.pop((who, account), None) or Held("", created=False, confirmed=True)
            if account in after.accounts and model.is_free(account):
                model.released[account] = (who, held, after.access_of(account))
            else:
                model.forget_release(account)
        for group in after.groups - before.groups:
            model.created_groups.add((who, group))

    # Changes that a step of an admin may cause for the connections

    def check_admin(self, kind, args, before, after):
        for who in (0, 1):
            gained = after.visible[who] - before.visible[who]
            if kind == "assign" and who == args[0]:
                assert len(gained) <= 1
            elif kind == "scope" and who == args[0]:
                self.check_scope(who, args[1], after)
            elif self.connections[who].scope == "own":
                unprotected = {
                    e for e in gained if e in before.accounts and is_protected(before, e)
                }
                assert gained == unprotected, (kind, gained)

    def check_scope(self, who, scope, after):
        self.connections[who].refresh_from_db()
        held = {account for other, account in self.model.held if other == who}
        if self.connections[who].scope == "own":
            assert after.visible[who] <= held, "the scope's links were not withdrawn"
        for account in after.visible[who]:
            assert (who, account) not in self.model.taken


CLIENT_STEPS = frozenset(
    {
        "create", "put", "patch", "get", "delete", "manager", "create_group", "put_group",
        "rename_group", "members", "delete_group", "bulk", "come_back",
    }
)  # fmt: skip


def person(name, external_id, active=True):
    return {
        "schemas": [USER],
        "userName": name,
        "externalId": external_id,
        "active": active,
        "password": "Correct-horse-7",
        "emails": [{"value": f"{external_id}@example.org", "type": "work", "primary": True}],
    }


def patch(op, path, value):
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": op, "path": path, "value": value}],
    }


def is_protected(state, account):
    row = state.accounts[account]
    return row["is_staff"] or row["is_superuser"]


def is_refused(act, *args):
    """Call a function of the public API, and return whether it rejects the arguments."""
    try:
        act(*args)
    except ValidationError:
        return True
    return False
