"""QUERY_TIMEOUT: a read that takes longer gets an error, and the connection stays usable."""

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Func, TextField

from django_scim.adapters import UserAdapter
from django_scim.models import UserLink
from django_scim.query.timeout import limited_reads

from ..client import assert_error
from ..databases import MARIADB

SQLITE = connection.vendor == "sqlite"
needs_timeouts = pytest.mark.skipif(SQLITE, reason="SQLite has no timeouts of statements")


class Sleep(Func):
    """A function that takes 30 seconds."""

    template = "SLEEP(30)" if MARIADB else "pg_sleep(30)::text"
    output_field = TextField()


@pytest.fixture
def slow(monkeypatch, settings):
    """Make every read of users slow, and limit reads to a second."""
    settings.DJANGO_SCIM = {"QUERY_TIMEOUT": 1}
    everything = UserAdapter.queryset

    def queryset(self):
        return everything(self).alias(slow=Sleep()).exclude(slow="x")

    return lambda: monkeypatch.setattr(UserAdapter, "queryset", queryset)


@needs_timeouts
@pytest.mark.parametrize("path", ["/Users", "/Users/{id}", "/Users?sortBy=emails.value"])
@pytest.mark.parametrize("in_transaction", [True, False])
@pytest.mark.django_db(transaction=True)
def test_slow_read(connect, slow, path, in_transaction, events):
    scim = connect()
    user = scim.make_user(title="x")
    slow()
    if in_transaction:  # as with a middleware of the site
        with transaction.atomic():
            answer = scim.get(path.format(id=user["id"]))
            assert User.objects.count() == 1
    else:
        answer = scim.get(path.format(id=user["id"]))
    assert_error(answer, 400, "tooMany", "more than 1 seconds")
    assert (
        events(outcome="failure", action="read")[0].detail == answer.data["detail"].split(" [")[0]
    )
    assert not connection.in_atomic_block and User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_transaction", [True, False])
def test_limit_ends_with_the_read(connect, in_transaction):
    scim = connect()
    user = scim.make_user(title="x")
    with transaction.atomic() if in_transaction else limited_reads("default"):
        assert scim.get(f"/Users/{user['id']}").data == user
        assert scim.find('emails.value pr or title eq "x"')[0]["id"] == user["id"]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)


@needs_timeouts
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seconds", [0, 3])
def test_setting(connect, settings, seconds):
    settings.DJANGO_SCIM = {"QUERY_TIMEOUT": seconds}
    connect().make_user()
    sent = []

    def note(execute, sql, *args):
        sent.append(sql)
        return execute(sql, *args)

    with limited_reads("default"), connection.execute_wrapper(note):
        assert UserLink.objects.values_list("target__username", flat=True).get() == "bjensen"
    assert len(sent) == 1 and ("_time" in sent[0]) is bool(seconds)


@pytest.mark.django_db(transaction=True)
def test_limit_costs_no_statement(connect, settings, django_assert_num_queries):
    connect().make_user()
    with limited_reads("default"), django_assert_num_queries(1):
        assert list(UserLink.objects.values_list("target__username", flat=True)) == ["bjensen"]
