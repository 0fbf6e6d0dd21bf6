"""The declaration of a site's resources. A site imports from here and nowhere deeper."""

from .base import ResourceAdapter
from .fields import Field
from .groups import GroupAdapter
from .mapping import Constant, Ignored, Mapping
from .members import Members, Memberships
from .references import Reference
from .registry import Registry, adapter_classes
from .users import UserAdapter
from .values import Values

__all__ = [
    "Constant",
    "Field",
    "GroupAdapter",
    "Ignored",
    "Mapping",
    "Members",
    "Memberships",
    "Reference",
    "Registry",
    "ResourceAdapter",
    "UserAdapter",
    "Values",
    "adapter_classes",
]
