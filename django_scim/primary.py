"""Read from the database that is written to, on sites whose router reads from a replica.

A replica is some seconds late. A write that reads there would not see its own rows or those of the
request before it, and a token that was just revoked would still be usable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import router

_is_active: ContextVar[bool] = ContextVar("scim_reads_primary", default=False)


class PrimaryRouter:
    """A router that comes before those of the site, and answers only within ``on_primary``."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return the database that the model is written to, or None to leave it to the site."""
        return router.db_for_write(model, **hints) if _is_active.get() else None


def allow_replica() -> None:
    """Read as the site decides, until the end of the ``on_primary`` around this."""
    _is_active.set(False)


@contextmanager
def on_primary() -> Iterator[None]:
    """Read from where is written to, for all models."""
    routers: list[Any] = router.routers
    if not routers:
        yield
        return
    if not isinstance(routers[0], PrimaryRouter):
        routers.insert(0, PrimaryRouter())
    before = _is_active.set(True)
    try:
        yield
    finally:
        _is_active.reset(before)
