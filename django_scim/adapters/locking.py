"""Row locks."""

from typing import Any

from django.db import connections


def for_update(links: Any) -> Any:
    """Return a queryset that locks its rows, but not their keys where the database knows that.

    A new row that refers to a locked one (a membership) then does not wait for it.
    """
    features = connections[links.db].features
    return links.select_for_update(no_key=features.has_select_for_no_key_update)
