from .connections import Connection, NetworksValidator
from .events import Event
from .fields import ExactCharField, FoldedField, ScimIdField, fold_key
from .guard import Guard, GuardCount
from .links import AbstractGroupLink, AbstractLink, GroupLink, UserLink
from .profiles import UserKey, UserProfile, UserValue
from .single_sign_on import DomainsValidator, SingleSignOn
from .tokens import Token
from .totals import CountedEvents, DailyTotal, Overview

__all__ = [
    "AbstractGroupLink",
    "AbstractLink",
    "Connection",
    "CountedEvents",
    "DailyTotal",
    "DomainsValidator",
    "Event",
    "ExactCharField",
    "FoldedField",
    "GroupLink",
    "Guard",
    "GuardCount",
    "NetworksValidator",
    "Overview",
    "ScimIdField",
    "SingleSignOn",
    "Token",
    "UserKey",
    "UserLink",
    "UserProfile",
    "UserValue",
    "fold_key",
]
