"""Throttling of connections, of bulk operations, and of failed authentications."""

import json
import os
import re
import threading

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache

from django_scim.api import throttling
from django_scim.models import Token
from tests.client import assert_error

from .bulk import patch, statuses, user


class LikeMemcached(LocMemCache):
    """Behaves like memcached: it limits keys, stores text, and cannot increment evicted keys."""

    evicts = False
    counting = threading.Lock()

    def add(self, key, value, timeout=None, version=None):
        assert len(key) < 230 and key.isascii() and key.isprintable() and " " not in key
        assert timeout is None or 0 < timeout < 30 * 24 * 3600
        return True if self.evicts else super().add(key, str(value), timeout, version)

    def incr(self, key, delta=1, version=None):
        assert delta > 0
        with self.counting:
            stored = super().get(key, version=version)
            if stored is None:
                raise ValueError("Key not found")
            super().set(key, str(int(stored) + delta), version=version)
            return int(stored) + delta


class Broken(LocMemCache):
    works = False

    def add(self, *args, **kwargs):
        if not self.works:
            raise ConnectionError("the cache is down")
        return super().add(*args, **kwargs)


@pytest.fixture
def clock(clock_of_throttles):
    return clock_of_throttles


#: A database of its own for each worker, since a test begins by emptying it.
WORKER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
REDIS = f"redis://127.0.0.1:6379/{8 + WORKER % 8}"


def use_cache(settings, backend, location=""):
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": location}}
    cache.clear()


@pytest.fixture(params=["locmem", "memcached", "redis"])
def counting_cache(request, settings):
    """Each kind of cache that can count."""
    if request.param == "redis":
        redis = pytest.importorskip("redis")
        try:
            redis.Redis.from_url(REDIS).ping()
        except redis.ConnectionError:
            pytest.skip("Redis does not run")
        use_cache(settings, "django.core.cache.backends.redis.RedisCache", REDIS)
    elif request.param == "memcached":
        use_cache(settings, f"{__name__}.LikeMemcached", "memcached")
    else:
        use_cache(settings, "django.core.cache.backends.locmem.LocMemCache", "locmem")
    yield
    cache.clear()


@pytest.fixture
def throttled(settings, connect):
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 3}
    return connect


def test_connections_are_not_throttled_by_default(scim):
    assert {scim.get("/Users").status_code for _ in range(130)} == {200}


def test_too_many_requests(throttled, counting_cache):
    scim = throttled()
    assert [scim.get("/Users").status_code for _ in range(3)] == [200] * 3
    answer = scim.get("/Users")
    assert_error(answer, 429, None, "too many", "1 per second", "bulk")
    assert 1 <= int(answer.headers["Retry-After"]) <= 4
    assert throttled().get("/Users").status_code == 200  # each connection has its own limit


def test_allowed_again_after_the_announced_time(throttled, clock):
    scim = throttled()
    for _ in range(4):
        answer = scim.get("/Users")
    clock.time += int(answer.headers["Retry-After"])
    assert [scim.get("/Users").status_code for _ in range(4)] == [200, 200, 200, 429]
    clock.time += 3600
    assert [scim.get("/Users").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_one_event_for_each_window(throttled, clock, events):
    scim = throttled()
    for _ in range(3):
        for _ in range(10):
            scim.get("/Users")
        clock.time += 3
    (found,) = events(status=429)  # the events of equal refusals share a line
    assert (found.connection, found.action, found.occurrences) == (scim.connection, "read", 3)


# Bulk


def test_bulk_uses_the_rate_of_its_operations(settings, connect, clock, counting_cache):
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 10, "THROTTLE_BURST": 50}
    scim = connect()
    operations = [patch("/Users/x", "remove", "title") for _ in range(40)]
    assert len(statuses(scim.bulk(*operations))) == 40
    assert [scim.get("/Users").status_code for _ in range(11)] == [200] * 10 + [429]
    clock.time += 5
    assert scim.get("/Users").status_code == 200


@pytest.mark.parametrize("number", [100, 1000])
def test_large_bulk_uses_later_windows(settings, connect, clock, number, counting_cache):
    """A bulk request that is larger than the burst is carried out, and then paid for."""
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 10, "THROTTLE_BURST": 50}
    scim = connect()
    operations = [{"method": "DELETE", "path": "/Users/x"} for _ in range(number)]
    assert len(statuses(scim.bulk(*operations))) == number
    answer = scim.get("/Users")
    assert_error(answer, 429)
    wait = int(answer.headers["Retry-After"])
    assert number / 10 - 5 <= wait <= number / 10 + 1
    clock.time += wait - 5.5
    assert_error(scim.bulk(user("a")), 429)
    clock.time += 5.5
    assert [scim.get("/Users").status_code for _ in range(51)] == [200] * 50 + [429]


def test_refused_bulk_changes_nothing(throttled):
    scim = throttled()
    for _ in range(3):
        scim.get("/Users")
    assert_error(scim.bulk(user("a"), user("b")), 429)
    assert not User.objects.exists()


# Failed authentications


@pytest.fixture
def guessed(settings, scim):
    """Return a function that sends a request with a wrong token from an address."""
    settings.DJANGO_SCIM = {"THROTTLE_FAILURES": 5, "TRUSTED_PROXIES": ["10.0.0.1"]}

    def guess(address="198.51.100.7", token="Bearer wrong", path="/Users", **headers):
        return scim.http.get(
            f"/scim/v2{path}",
            REMOTE_ADDR=address,
            HTTP_AUTHORIZATION=token,
            secure=True,
            **headers,
        )

    return guess


def test_failures_are_limited_by_default(scim):
    found = [scim.get("/Users", token=False).status_code for _ in range(62)]
    assert found == [401] * 60 + [429] * 2


def test_no_limit(scim, settings):
    settings.DJANGO_SCIM = {"THROTTLE_FAILURES": 0}
    assert {scim.get("/Users", token=False).status_code for _ in range(70)} == {401}


@pytest.mark.parametrize("token", ["Bearer wrong", "", "Basic eDp5", "Bearer a b", "Bearer é"])
def test_failed_authentications(guessed, token, counting_cache):
    assert [guessed(token=token).status_code for _ in range(5)] == [401] * 5
    answer = guessed(token=token)
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    data = json.loads(answer.content)
    assert data["status"] == "429" and "address" in data["detail"]
    assert guessed("198.51.100.8", token).status_code == 401


@pytest.mark.parametrize(
    "path", ["/Users", "/Users/x", "/Nothing", "/Me", "/Bulk", "/Schemas", "/"]
)
def test_every_endpoint_counts(guessed, path):
    for _ in range(5):
        guessed(path=path)
    assert guessed(path="/Groups").status_code == 429


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff::", "2001:DB8:1:2:3:4:5:6"], "2001:db8:1:3::1"),
        (["198.51.100.7", "::ffff:198.51.100.7"], "198.51.100.6"),
        (["fe80::1%eth0", "fe80::2%eth1"], "fe80:0:0:1::1"),
        (["", "nonsense"], "198.51.100.7"),
    ],
)
def test_addresses(guessed, addresses, other, counting_cache):
    """IPv6 clients have a whole network, in which they can change the address at will."""
    for n in range(6):
        answer = guessed(addresses[n % len(addresses)])
    assert answer.status_code == 429
    assert guessed(other).status_code == 401


def test_address_behind_a_proxy(guessed):
    """Only addresses that the site's own proxy has added count."""

    def forwarded(text):
        return guessed("10.0.0.1", HTTP_X_FORWARDED_FOR=text).status_code

    found = [forwarded(f"192.0.2.{n}, 198.51.100.7") for n in range(6)]
    assert found == [401] * 5 + [429]
    assert forwarded("198.51.100.7, 192.0.2.1") == 401


def test_valid_tokens_of_the_same_address_are_accepted(guessed, scim):
    """Many customers share the addresses of an identity provider."""
    for _ in range(7):
        guessed("127.0.0.1")
    assert scim.get("/Users").status_code == 200
    assert scim.bulk(user("a")).status_code == 200


def test_rejected_tokens_that_are_known_count(guessed, scim, events):
    Token.objects.update(revoked="2020-01-01T00:00:00Z")
    found = [guessed(token=f"Bearer {scim.secret}").status_code for _ in range(8)]
    assert found == [401] * 5 + [429] * 3
    (limited,) = events(status=429)
    assert limited.connection == scim.connection


def test_refused_networks_count(guessed, connect):
    scim = connect(networks="203.0.113.0/24")
    found = [guessed(token=f"Bearer {scim.secret}").status_code for _ in range(6)]
    assert found == [403] * 5 + [429]


def test_one_event_for_each_window_and_address(guessed, clock, events):
    for _ in range(3):
        for address in ("198.51.100.7", "2001:db8::1", "2001:db8::2"):
            for _ in range(10):
                guessed(address)
        clock.time += 60
    found = events(status=429)
    # Later windows of an address are counted in its event, as other repeated failures are.
    assert sorted((each.address, each.occurrences) for each in found) == [
        ("198.51.100.7", 3), ("2001:db8::1", 3),
    ]  # fmt: skip
    assert {each.action for each in found} == {"authentication"}
    assert sum(each.occurrences for each in events(status=401)) == 2 * 5 * 3


def test_refusals_write_nothing(guessed, django_assert_num_queries):
    for _ in range(6):
        guessed()
    with django_assert_num_queries(1):  # the look-up of the token
        assert guessed().status_code == 429


def test_allowed_again(guessed, clock):
    for _ in range(6):
        answer = guessed()
    clock.time += int(answer.headers["Retry-After"])
    assert guessed().status_code == 401


def test_requests_at_the_same_time_are_all_counted(counting_cache):
    """A throttle that reads and then writes a count lets more requests through."""
    admitted, barrier = [], threading.Barrier(8)

    def run():
        barrier.wait()
        for _ in range(50):
            try:
                throttling.Allowance("test", 100, 60).take("no")
            except throttling.TooManyRequests:
                continue
            admitted.append(1)
        caches.close_all()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(admitted) == 100


# Caches that do not work


@pytest.fixture
def both_throttled(settings, connect):
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 2, "THROTTLE_FAILURES": 2}
    return connect()


def assert_nothing_is_throttled(scim):
    assert {scim.get("/Users").status_code for _ in range(5)} == {200}
    assert {scim.get("/Users", token=False).status_code for _ in range(5)} == {401}
    assert statuses(scim.bulk(user("a"), user("b"), user("c"))) == ["201"] * 3


def test_dummy_cache(settings, both_throttled):
    use_cache(settings, "django.core.cache.backends.dummy.DummyCache")
    assert_nothing_is_throttled(both_throttled)


def test_cache_that_evicts_at_once(settings, both_throttled, monkeypatch):
    use_cache(settings, f"{__name__}.LikeMemcached", "evicting")
    monkeypatch.setattr(LikeMemcached, "evicts", True)
    assert_nothing_is_throttled(both_throttled)


def test_failing_cache_is_reported_once(settings, both_throttled, caplog, monkeypatch):
    use_cache(settings, f"{__name__}.Broken", "broken")
    assert_nothing_is_throttled(both_throttled)
    records = [each for each in caplog.records if each.name == "django_scim"]
    assert [each.getMessage() for each in records] == [
        "requests are not throttled, because the cache fails"
    ]
    assert records[0].exc_info[0] is ConnectionError
    monkeypatch.setattr(Broken, "works", True)
    assert [both_throttled.get("/Users").status_code for _ in range(3)] == [200, 200, 429]
    assert "throttled again" in caplog.text


def test_unreachable_redis(settings, both_throttled):
    pytest.importorskip("redis")
    url = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}
    }
    assert_nothing_is_throttled(both_throttled)
