"""The declarations that depend on the columns of the site's user model.

Names, or an e-mail address, for which the user model has no column are kept in this app's tables.
A site has to declare nothing for that.
"""

from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from ..mappings.base import Mapping
from ..mappings.columns import Field
from ..mappings.memberships import Memberships
from ..mappings.related_rows import Values


def user_attributes(model: Any) -> dict[str, Mapping]:
    """Return the mappings of the attributes that a user model may have columns for."""
    name = model.USERNAME_FIELD
    attributes: dict[str, Mapping] = {
        # Django's own validator refuses the names of Entra's guests.
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
    # If the column of the user name mirrored the e-mail, changing one would change the other.
    mirror = email if has(model, email) and email != name else ""
    attributes["emails"] = Values("emails", mirror=mirror)
    if has(model, "groups"):
        attributes["groups"] = Memberships("groups", to="Group", kind="direct")
    return attributes


def has(model: Any, name: str) -> bool:
    """Return whether a model has a field of that name."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


@cache
def privileges(model: Any) -> tuple[str, ...]:
    """Return the columns that make an account of the model staff or a superuser."""
    return tuple(name for name in ("is_staff", "is_superuser") if has(model, name))
