from .connections import Connection, Token
from .events import Event
from .fields import ExactCharField, FoldedField, fold_key
from .links import AbstractGroupLink, AbstractLink, GroupLink, UserLink
from .profiles import UserKey, UserProfile, UserValue

__all__ = [
    "AbstractGroupLink",
    "AbstractLink",
    "Connection",
    "Event",
    "ExactCharField",
    "FoldedField",
    "GroupLink",
    "Token",
    "UserKey",
    "UserLink",
    "UserProfile",
    "UserValue",
    "fold_key",
]
