from .connections import Connection, Guard
from .events import Event
from .fields import ExactCharField, FoldedField, fold_key
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
    "Token",
    "UserKey",
    "UserLink",
    "UserProfile",
    "UserValue",
    "fold_key",
]
