"""Limit the requests of a connection, and the failed authentications from an address.

The counts are in Django's cache. Each belongs to a fixed window of time: adding to it is one atomic
step, so that requests at the same time in several processes are all counted.
"""

import logging
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from ..conf import settings
from ..models import Connection
from ..protocol.errors import TooManyRequests

logger = logging.getLogger("django_scim")
#: The windows in advance that a large bulk request can use up.
AHEAD = 100
#: The seconds of a window for failed authentications.
FAILURE_WINDOW = 60
#: Seconds that a count outlives its window, for servers whose clocks differ.
_MARGIN = 60

now = time.time


class Allowance:
    """A limit on what one caller does in each window of ``seconds``."""

    #: Set while the cache fails, so that the log has one message and not one for every request.
    cache_fails = False

    def __init__(self, name: str, limit: int, seconds: float) -> None:
        self._name, self._limit, self._seconds = name, limit, seconds

    def take(self, detail: str) -> None:
        """Count one request. Raise TooManyRequests if the window has no room for it."""
        refused = self._with_cache(self._take)
        if refused is not None:
            wait, is_repeated = refused
            raise TooManyRequests(detail, wait, is_repeated)

    def spend(self, count: int) -> None:
        """Count further work of a request that was accepted. More than fits uses later windows."""
        self._with_cache(lambda: self._spend(count))

    def _take(self) -> tuple[float, bool] | None:
        """Count one. Return None, or the seconds to wait and whether it is not the first refusal.

        A refused request is counted, too; the window has no room anyway.
        """
        moment = now()
        window = int(moment // self._seconds)
        if self._add(window, 1) <= self._limit:
            return None
        is_first = cache.add(f"{self._key(window)}:refused", 1, self._timeout(window))
        later = range(window + 1, window + 1 + AHEAD)
        counts = cache.get_many([self._key(each) for each in later])
        free = next(
            (w for w in later if int(counts.get(self._key(w), 0)) < self._limit), later.stop
        )
        return free * self._seconds - moment, not is_first

    def _spend(self, count: int) -> None:
        window = int(now() // self._seconds)
        for each in range(window, window + AHEAD):
            excess = self._add(each, count) - self._limit
            count = min(count, excess)
            if count <= 0:
                return

    def _add(self, window: int, count: int) -> int:
        """Add to a window's count, and return it."""
        key = self._key(window)
        cache.add(key, 0, self._timeout(window))
        try:
            return int(cache.incr(key, count))
        except ValueError:  # it was evicted since, or the cache stores nothing
            return count

    def _key(self, window: int) -> str:
        return f"django_scim:{self._name}:{window}"

    def _timeout(self, window: int) -> int:
        return int((window + 1) * self._seconds - now()) + _MARGIN

    @staticmethod
    def _with_cache(work: Callable[[], Any]) -> Any:
        """Return the result of ``work``, None if the cache fails: no request fails with it."""
        try:
            result = work()
        except Exception:  # each cache has its own exceptions
            if not Allowance.cache_fails:
                logger.exception("requests are not throttled, because the cache fails")
            Allowance.cache_fails = True
            return None
        if Allowance.cache_fails:
            logger.warning("requests are throttled again")
        Allowance.cache_fails = False
        return result


class ConnectionThrottle(BaseThrottle):
    """Allow THROTTLE_RATE requests per second for each connection, and THROTTLE_BURST at once.

    A window has room for THROTTLE_BURST requests, and lasts as long as they need at this rate. An
    operation of a bulk request counts like a request. A rate of 0 disables it.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True. Raise TooManyRequests if the connection has used up its window."""
        if settings.THROTTLE_RATE > 0:
            principal: Any = request.user
            _of_connection(principal.connection).take(
                f"too many requests: the site allows {settings.THROTTLE_RATE} per second; each "
                f"operation of a bulk request counts"
            )
        return True


def count_operations(connection: Connection, count: int) -> None:
    """Count the operations of an accepted bulk request; the request itself counts as the first."""
    if settings.THROTTLE_RATE > 0 and count > 1:
        _of_connection(connection).spend(count - 1)


def _of_connection(connection: Connection) -> Allowance:
    rate, burst = settings.THROTTLE_RATE, max(settings.THROTTLE_BURST, 1)
    return Allowance(f"connection:{connection.pk}", burst, burst / rate)


def count_failure(address: str | None) -> None:
    """Count a failed authentication from an address, or from the /64 network of an IPv6 address.

    Raise TooManyRequests after more than THROTTLE_FAILURES in a minute. A request with a valid
    token is never refused for this: many customers share the addresses of an identity provider.
    """
    if settings.THROTTLE_FAILURES <= 0:
        return
    source = "unknown"
    if address is not None:
        bits = 64 if ":" in address else 32
        network = ip_network((address.partition("%")[0], bits), strict=False)
        source = str(network.network_address).replace(":", ".")
    Allowance(f"failures:{source}", settings.THROTTLE_FAILURES, FAILURE_WINDOW).take(
        "too many requests without a valid token from this address"
    )
