"""Examine a site: its configuration, its data and its connections (``scim_doctor``)."""

from . import accounts, configuration, connections  # each adds its examinations
from .findings import EXAMINATIONS, Finding, Options, examine

__all__ = [
    "EXAMINATIONS",
    "Finding",
    "Options",
    "accounts",
    "configuration",
    "connections",
    "examine",
]
