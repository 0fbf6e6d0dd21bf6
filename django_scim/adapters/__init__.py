"""The declaration of a site's resources. A site imports from here and nowhere deeper."""

from ..protocol.attributes import Attribute, Schema
from .base import ResourceAdapter
from .behaviours import Behaviour, Role
from .groups import GroupAdapter
from .mappings.base import Mapping
from .mappings.columns import Field
from .mappings.computed import Computed, Constant, Ignored
from .mappings.custom import Custom
from .mappings.json_columns import Json
from .mappings.memberships import Members, Memberships
from .mappings.references import Reference
from .mappings.related_rows import Rows, Values
from .registry import Registry, adapter_classes
from .users import UserAdapter
from .writing.changes import Change
from .writing.outcomes import ChangeKind, ResourceChange
from .writing.unit_of_work import UnitOfWork

__all__ = [
    "Attribute",
    "Behaviour",
    "Change",
    "ChangeKind",
    "Computed",
    "Constant",
    "Custom",
    "Field",
    "GroupAdapter",
    "Ignored",
    "Json",
    "Mapping",
    "Members",
    "Memberships",
    "Reference",
    "Registry",
    "ResourceAdapter",
    "ResourceChange",
    "Role",
    "Rows",
    "Schema",
    "UnitOfWork",
    "UserAdapter",
    "Values",
    "adapter_classes",
]
