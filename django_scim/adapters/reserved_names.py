"""Names that a connection cannot give to a group.

These are the names in ``RESERVED_GROUPS`` and those of the groups that have permissions. People,
and code that looks a group up by its name, could take another group for one of these.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ..conf import settings
from ..models import Connection
from ..protocol.errors import InvalidValue
from ..protocol.similar_names import name_skeleton


def site_names(connection: Connection) -> list[str]:
    """Return the names that the site reserves for a connection.

    Raise ImproperlyConfigured or ImportError if RESERVED_GROUPS cannot be used.
    """
    declared: Any = settings.RESERVED_GROUPS
    found = import_string(declared) if isinstance(declared, str) else declared
    names: Any = found(connection) if callable(found) else found
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ImproperlyConfigured("RESERVED_GROUPS must lead to a list of names.")
    listed = list(names)
    if not all(isinstance(name, str) for name in listed):
        raise ImproperlyConfigured("RESERVED_GROUPS must contain only texts.")
    return listed


def refuse_reserved(adapter: Any, key: Any, names: Iterable[str], path: str) -> None:
    """Raise InvalidValue if one of ``names`` looks like a reserved name.

    ``key`` is the primary key of the group that gets the names; its own name is not reserved for
    it. ``path`` is the attribute for the error, which is the same for every reserved name.
    """
    wanted = {name_skeleton(name) for name in names}
    taken = site_names(adapter.connection)
    privileged = adapter.declared.privileged
    if privileged is not None:
        others = privileged.exclude(pk=key)
        taken += map(str, others.values_list(adapter.name_column, flat=True).distinct())
    if not wanted.isdisjoint(name_skeleton(name) for name in taken):
        raise InvalidValue(
            f"{path}: the site does not allow this name; choose another one", "group_name_reserved"
        )
