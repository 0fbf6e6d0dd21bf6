from .connections import Connection, NetworksValidator
from .events import Event
from .fields import ExactCharField, FoldedField, ScimIdField, fold_key
from .guard import Guard, GuardCount
from .links import AbstractGroupLink, AbstractLink, GroupLink, UserLink
from .profiles import UserKey, UserProfile, UserValue
from .tokens import Token

__all__ = [
    "AbstractGroupLink",
    "AbstractLink",
    "Connection",
    "Event",
    "ExactCharField",
    "FoldedField",
    "GroupLink",
    "Guard",
    "GuardCount",
    "NetworksValidator",
    "ScimIdField",
    "Token",
    "UserKey",
    "UserLink",
    "UserProfile",
    "UserValue",
    "fold_key",
]
