"""The statements for a refused name do not depend on the owner of the name.

Otherwise, the response time would reveal who uses it.
"""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from django_scim import connections
from tests.client import GROUP, USER, assert_error

from .bulk import patch, statuses, user

#: The names of savepoints and cursors, and the keys and texts in a statement.
NAMES = re.compile(r"\bs\d+_x\d+|_django_curs_\w+")
VALUES = re.compile(r"'(?:[^']|'')*'|\b[0-9a-f]{32}\b|\b\d+\b|NULL")
LISTS = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)")


def shapes(captured):
    """Return the statements without their values."""
    found = []
    for query in captured:
        sql = VALUES.sub("?", NAMES.sub("name", query["sql"]))
        found.append(LISTS.sub("(?)", sql))
    return found


def of_the_site(scim, connect):
    User.objects.create_user("taken", "taken@example.com", "x")


def own(scim, connect):
    scim.make_user("taken", externalId="e-taken")


def own_deactivated(scim, connect):
    scim.make_user("taken", active=False, externalId="e-taken")


def foreign(scim, connect):
    connect().make_user("taken", externalId="e-taken")


def foreign_deactivated(scim, connect):
    connect().make_user("taken", active=False)


def foreign_deleted(scim, connect):
    other = connect()
    other.delete(f"/Users/{other.make_user('taken', externalId='e-taken')['id']}")


def foreign_with_access(scim, connect):
    connect().make_user("taken")
    account = User.objects.get(username="taken")
    account.groups.add(Group.objects.create(name="x"))
    account.user_permissions.add(Permission.objects.first())


def staff(scim, connect):
    User.objects.create_user("taken", is_staff=True)


def superuser(scim, connect):
    User.objects.create_superuser("taken")


def own_that_became_staff(scim, connect):
    own(scim, connect)
    User.objects.filter(username="taken").update(is_staff=True)


def deleted(scim):
    made = scim.make_user("taken", externalId="e-taken")
    assert scim.delete(f"/Users/{made['id']}").status_code == 204
    return User.objects.filter(username="taken")


def deleted_and_used_again(scim, connect):
    deleted(scim).update(is_active=True)


def deleted_and_adopted(scim, connect):
    deleted(scim)
    other = connect(adoption="username")
    assert other.post("/Users", {"schemas": [USER], "userName": "taken"}).status_code == 201


def deleted_and_protected(scim, connect):
    deleted(scim).update(is_staff=True)


def taken_away(scim, connect):
    own(scim, connect)
    connections.unassign(scim.connection, User.objects.get(username="taken"))


HOLDERS = [
    of_the_site, own, own_deactivated, foreign, foreign_deactivated, foreign_deleted,
    foreign_with_access, staff, superuser, own_that_became_staff, deleted_and_used_again,
    deleted_and_adopted, deleted_and_protected, taken_away,
]  # fmt: skip


def post(scim, path):
    return scim.post("/Users", {"schemas": [USER], "userName": "Taken"})


def post_with_external_id(scim, path):
    body = {"schemas": [USER], "userName": "taken", "externalId": "e-taken"}
    return scim.post("/Users", body)


def put(scim, path):
    return scim.put(path, {"schemas": [USER], "userName": "taken"})


def rename(scim, path):
    return scim.patch(path, {"op": "replace", "path": "userName", "value": "taken"})


def one_by_one(scim, path):
    found = scim.bulk(patch(path, "replace", "userName", "taken"))
    assert statuses(found) == ["409"]


def batch(scim, path):
    found = scim.bulk(user("a"), user("taken", externalId="e-taken"), user("b"))
    assert statuses(found) == ["201", "409", "201"]


REQUESTS = [post, post_with_external_id, put, rename, one_by_one, batch]


def statements(connect, holder, send, **options):
    """Return the shapes of the statements of a refused request."""
    scim = connect(**options)
    path = f"/Users/{scim.make_user('mine')['id']}"
    holder(scim, connect)
    with CaptureQueriesContext(database) as captured:
        answer = send(scim, path)
    if answer is not None:
        assert_error(answer, 409, "uniqueness", "taken")
    return shapes(captured)


@pytest.mark.parametrize("send", REQUESTS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda each: each.__name__)
def test_taken_user_name(connect, holder, send):
    expected = for_the_site(connect, send)
    assert statements(connect, holder, send) == expected


def for_the_site(connect, send, **options):
    """Return the statements for an account of the site, and undo everything."""
    with transaction.atomic():
        found = statements(connect, of_the_site, send, **options)
        transaction.set_rollback(True)
    return found


ADOPTABLE = (of_the_site, foreign_deleted)


@pytest.mark.parametrize("send", [post, post_with_external_id], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    "holder",
    [each for each in HOLDERS if each not in (*ADOPTABLE, deleted_and_used_again)],
    ids=lambda each: each.__name__,
)
def test_taken_user_name_with_an_adoption_policy(connect, holder, send):
    with transaction.atomic():
        expected = statements(connect, staff, send, adoption="username")
        transaction.set_rollback(True)
    assert statements(connect, holder, send, adoption="username") == expected


def test_a_refused_name_locks_and_writes_nothing(connect):
    for holder in (foreign, staff):
        User.objects.all().delete()
        for sql in statements(connect, holder, post_with_external_id):
            assert "FOR UPDATE" not in sql
            assert "auth_user" not in sql or not sql.startswith(("INSERT", "UPDATE", "DELETE"))


def test_taken_group_name_depends_on_own_groups_only(connect):
    """A name that only other connections use is free. It needs the same statements as a new one."""

    def create(prepare):
        scim = connect()
        prepare(scim)
        with CaptureQueriesContext(database) as captured:
            scim.make_group("Guides")
        return shapes(captured)

    nobody = create(lambda scim: None)
    Group.objects.all().delete()
    assert create(lambda scim: connect().make_group("Guides")) == nobody
    Group.objects.all().delete()
    assert create(lambda scim: Group.objects.create(name="Guides")) == nobody
    scim = connect()
    scim.make_group("Guides")
    body = {"schemas": [GROUP], "displayName": "guides"}
    assert_error(scim.post("/Groups", body), 409, "uniqueness", "displayName")
