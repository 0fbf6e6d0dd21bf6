"""Limit the rate of requests of a connection. The state is in Django's cache."""

import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from ..conf import settings


class ConnectionThrottle(BaseThrottle):
    """Allow THROTTLE_RATE requests per second for each connection, and THROTTLE_BURST at once.

    This is a token bucket. A rate of 0 disables it.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        rate, burst = settings.THROTTLE_RATE, settings.THROTTLE_BURST
        if not rate:
            return True
        principal: Any = request.user
        key = f"django_scim:throttle:{principal.connection.pk}"
        now = time.time()
        left, since = cache.get(key, (burst, now))
        left = min(burst, left + max(0.0, now - since) * rate)
        self.seconds_to_wait = max(0.0, 1 - left) / rate
        if left < 1:
            return False
        cache.set(key, (left - 1, now), timeout=burst / rate + 60)
        return True

    def wait(self) -> float:
        """Return the seconds until the next request is allowed."""
        return self.seconds_to_wait
