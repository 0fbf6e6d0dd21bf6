"""Users whose attributes have characteristics that none of the RFC's own have."""

from django_scim.adapters import UserAdapter


def characterised(**changes):
    """The stock mappings, some with other characteristics: ``title={"mutability": ...}``."""
    stock = UserAdapter.attributes
    return stock | {name: stock[name].having(**given) for name, given in changes.items()}


class FixedTitle(UserAdapter):
    attributes = characterised(title={"mutability": "immutable"})


class RequestedTitle(UserAdapter):
    attributes = characterised(title={"returned": "request"})
