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


LOOK_UPS = [
    'userName eq "USER1500"',
    'userName sw "user1500"',
    'externalId eq "E1500"',
    'emails.value eq "USER1500@example.com"',
    'emails[type eq "work"].value eq "user1500@example.com"',
    'id eq "ID"',
]


def test_every_look_up_uses_an_index(crowd):
    for text in LOOK_UPS:
        with CaptureQueriesContext(connection) as captured:
            answer = crowd.get("/Users", {"filter": text.replace("ID", crowd.some_id)})
        assert answer.data["totalResults"] == 1, text
        (sql,) = [q["sql"] for q in captured if 'FROM "django_scim_userlink"' in q["sql"]][:1]
        assert not scans(sql), text


def scans(sql):
    """Return the steps of a plan that walk through a whole table that grows."""
    large = ("auth_user", "userlink", "userkey", "uservalue")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            return [row[3] for row in cursor.fetchall() if row[3].startswith("SCAN")]
        cursor.execute("EXPLAIN " + sql)
        steps = [row[0] for row in cursor.fetchall() if "Seq Scan" in row[0]]
        return [step for step in steps if any(table in step for table in large)]
