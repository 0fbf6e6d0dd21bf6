"""Concurrent bulk requests."""

import pytest
from django.contrib.auth.models import User

from ..concurrency import needs_row_locks, run_concurrently
from .bulk import user


@needs_row_locks
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_username_is_assigned_once(attempt, scim):
    """All requests contain one user name in different places; only that operation may fail."""
    answers = []

    def create(number):
        operations = [user(f"{number}-{i}") for i in range(5)]
        operations.insert(number, user(["x", "X"][number % 2], "wanted"))

        def call(client):
            response = client.bulk(*operations)
            answers.append([each["status"] for each in response.data["Operations"]])
            return response

        return call

    assert run_concurrently(scim, [create(number) for number in range(4)]) == [200] * 4
    found = sorted(status for statuses in answers for status in statuses)
    assert found == ["201"] * 21 + ["409"] * 3
    assert User.objects.count() == 21
