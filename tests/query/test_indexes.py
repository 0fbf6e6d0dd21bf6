"""The frequent queries of connectors use an index."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_scim.adapters import linking
from django_scim.models import UserLink
from tests.databases import analyze, first_on, scans

COUNT = 3_000


@pytest.fixture
def crowd(connect):
    """Return a connection with some thousand users."""
    User.objects.bulk_create(
        [User(username=f"User{n}", email=f"user{n}@example.com") for n in range(COUNT)]
    )
    scim = connect(scope="site")
    linking.link_site(scim.connection)
    links = list(UserLink.objects.all())
    for number, link in enumerate(links):
        link.external_id = f"E{number}"
    UserLink.objects.bulk_update(links, ["external_id"], batch_size=500)
    analyze()
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


def test_frequent_queries_use_an_index(crowd):
    for text in LOOK_UPS:
        with CaptureQueriesContext(connection) as captured:
            answer = crowd.get("/Users", {"filter": text.replace("ID", crowd.some_id)})
        assert answer.data["totalResults"] == 1, text
        assert not scans(first_on(captured, UserLink._meta.db_table), COUNT // 2), text
