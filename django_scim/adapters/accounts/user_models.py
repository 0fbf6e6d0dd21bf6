"""The user adapter's mappings that depend on the columns of the site's user model.

If the user model has no column for a name or an e-mail address, the value is stored in this app's
tables. A site does not need to declare anything for that.
"""

from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from ..mappings.base import Mapping
from ..mappings.columns import Field
from ..mappings.memberships import Memberships
from ..mappings.related_rows import Values


def user_attributes(model: Any) -> dict[str, Mapping]:
    """Return the mappings of the attributes for which a user model may have columns."""
    name = model.USERNAME_FIELD
    attributes: dict[str, Mapping] = {
        # Django's validator rejects the user names of Entra's guests.
        "userName": Field(name, key="scim_key.folded", validate=False),
        "name.familyName": Field(
            "last_name" if has(model, "last_name") else "scim_profile.family_name"
        ),
        "name.givenName": Field(
            "first_name" if has(model, "first_name") else "scim_profile.given_name"
        ),
    }
    if has(model, "is_active"):
        attributes["active"] = Field("is_active")
    email = model.get_email_field_name()
    # If one column contains both, a change of the e-mail would change the user name.
    mirror = email if has(model, email) and email != name else ""
    attributes["emails"] = Values("emails", mirror=mirror)
    if has(model, "groups"):
        attributes["groups"] = Memberships("groups", to="Group", kind="direct")
    return attributes


def has(model: Any, name: str) -> bool:
    """Return whether a model has a field with this name."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


@cache
def privileges(model: Any) -> tuple[str, ...]:
    """Return the columns that make an account of the model staff or a superuser."""
    return tuple(name for name in ("is_staff", "is_superuser") if has(model, name))
