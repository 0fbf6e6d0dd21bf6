"""The declaration of a site's resources. A site imports from here and nowhere deeper."""

from ..protocol.attributes import Attribute, Schema
from .base import ResourceAdapter
from .custom import Custom
from .documents import Json
from .draft import Change, Draft
from .fields import Field
from .fixed import Computed, Constant, Ignored
from .groups import GroupAdapter
from .mapping import Mapping
from .members import Members, Memberships
from .references import Reference
from .registry import Registry, adapter_classes
from .rows import Rows
from .users import UserAdapter
from .values import Values
from .writes import Kind, Write

__all__ = [
    "Attribute",
    "Change",
    "Computed",
    "Constant",
    "Custom",
    "Draft",
    "Field",
    "GroupAdapter",
    "Ignored",
    "Json",
    "Kind",
    "Mapping",
    "Members",
    "Memberships",
    "Reference",
    "Registry",
    "ResourceAdapter",
    "Rows",
    "Schema",
    "UserAdapter",
    "Values",
    "Write",
    "adapter_classes",
]
