"""The look-ups that connectors make all day use an index."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_scim import connections
from django_scim.models import UserLink

COUNT = 3_000


@pytest.fixture
def crowd(connect):
    """A connection with some thousand users."""
    User.objects.bulk_create(
        [User(username=f"User{n}", email=f"user{n}@example.com") for n in range(COUNT)]
    )
    scim = connect()
    connections.linking.link_site(scim.connection)
    links = list(UserLink.objects.all())
    for number, link in enumerate(links):
        link.external_id = f"E{number}"
    UserLink.objects.bulk_update(links, ["external_id"], batch_size=500)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    scim.some_id = links[COUNT // 2].scim_id
    return scim


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "USER1500"',
        'userName sw "user1500"',
        'externalId eq "E1500"',
        'emails.value eq "USER1500@example.com"',
        'emails[type eq "work"].value eq "user1500@example.com"',
        'id eq "ID"',
    ],
)
def test_a_look_up_by_index(text, crowd):
    with CaptureQueriesContext(connection) as captured:
        answer = crowd.get("/Users", {"filter": text.replace("ID", crowd.some_id)})
    assert answer.data["totalResults"] == 1
    (sql,) = [q["sql"] for q in captured if 'FROM "django_scim_userlink"' in q["sql"]][:1]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            plan = [row[3] for row in cursor.fetchall()]
            assert not any(step.startswith("SCAN") for step in plan), plan
        else:
            cursor.execute("EXPLAIN " + sql)
            plan = [row[0] for row in cursor.fetchall()]
            large = ("auth_user", "userlink", "userkey", "uservalue")
            scanned = [step for step in plan if "Seq Scan" in step]
            assert not any(table in step for table in large for step in scanned), plan
