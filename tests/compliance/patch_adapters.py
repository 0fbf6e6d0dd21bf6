"""Adapters whose attributes have characteristics that no attribute of the RFC has."""

from django_scim.adapters import UserAdapter


def with_characteristics(**changes):
    """Return the stock mappings with changed characteristics: ``title={"mutability": ...}``."""
    stock = UserAdapter.attributes
    return stock | {name: stock[name].having(**given) for name, given in changes.items()}


class FixedTitle(UserAdapter):
    attributes = with_characteristics(title={"mutability": "immutable"})


class RequestedTitle(UserAdapter):
    attributes = with_characteristics(title={"returned": "request"})
