"""Throttling of requests."""

import pytest
from django.core.cache import cache

from tests.client import assert_error


@pytest.fixture
def throttled(settings, connect):
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 3}
    cache.clear()
    yield connect
    cache.clear()


def test_disabled_by_default(scim):
    assert {scim.get("/Users").status_code for _ in range(130)} == {200}


def test_too_many_requests(throttled):
    scim = throttled()
    assert [scim.get("/Users").status_code for _ in range(3)] == [200] * 3
    answer = scim.get("/Users")
    assert_error(answer, 429, None, "too many")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
    assert throttled().get("/Users").status_code == 200  # each connection has its own limit


def test_allowed_again_after_a_while(throttled, monkeypatch):
    from django_scim.api import throttling

    scim = throttled()
    now = 1_000_000.0
    monkeypatch.setattr(throttling.time, "time", lambda: now)
    for _ in range(4):
        scim.get("/Users")
    assert_error(scim.get("/Users"), 429)
    now += 1.01
    assert scim.get("/Users").status_code == 200
    assert_error(scim.get("/Users"), 429)
    now += 3600
    assert [scim.get("/Users").status_code for _ in range(4)] == [200, 200, 200, 429]
