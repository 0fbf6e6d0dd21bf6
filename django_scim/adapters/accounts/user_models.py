"""What the site's user model holds itself, so that the stock adapter fits any of them.

A user model without a column for a name, or whose e-mail is its user name, is served by this
app's own tables; nothing has to be declared for it.
"""

from typing import Any

from django.core.exceptions import FieldDoesNotExist

from ..mappings.base import Mapping
from ..mappings.columns import Field
from ..mappings.memberships import Memberships
from ..mappings.user_values import Values


def user_attributes(model: Any) -> dict[str, Mapping]:
    """Return the declarations that depend on what the user model has."""
    name = model.USERNAME_FIELD
    attributes: dict[str, Mapping] = {
        # Entra's guests have names that Django's own validator refuses.
        "userName": Field(name, key="scim_key.folded", validate=False),
        "name.familyName": Field(
            "last_name" if has(model, "last_name") else "scim_profile.family_name"
        ),
        "name.givenName": Field(
            "first_name" if has(model, "first_name") else "scim_profile.given_name"
        ),
    }
    if has(model, "is_active"):
        attributes["active"] = Field("is_active", absent="link.active_absent")
    email = model.get_email_field_name()
    # Were the user name's column to mirror the e-mail, changing one would change the other.
    mirror = email if has(model, email) and email != name else ""
    attributes["emails"] = Values("emails", mirror=mirror)
    if has(model, "groups"):
        attributes["groups"] = Memberships("groups", to="Group", kind="direct")
    return attributes


def has(model: Any, name: str) -> bool:
    """Whether a model has a field of that name."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
