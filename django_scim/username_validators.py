"""Accept the user names of provisioned accounts that the site's own validators would reject.

Entra ID names a guest ``x_gmail.com#EXT#@tenant.onmicrosoft.com``, but Django's validator rejects
``#``. Without this module, an admin could no longer save the form of such a user. The name of an
account that was provisioned over SCIM is always valid. All other names are validated as before,
so sign-up forms and the creation of users are not affected.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator


class AcceptProvisioned:
    """A validator that accepts the user names of provisioned accounts."""

    def __init__(self, original: Any) -> None:
        self.original = original

    def __call__(self, value: Any) -> None:
        """Raise the original validator's ValidationError."""
        try:
            self.original(value)
        except ValidationError:
            if not _is_provisioned(value):
                raise

    def __eq__(self, other: object) -> bool:
        theirs = other.original if isinstance(other, AcceptProvisioned) else other
        return bool(self.original == theirs)

    def __hash__(self) -> int:
        return id(self.original)

    def __getattr__(self, name: str) -> Any:
        """Return the original's attribute: generators of forms and API documents inspect it."""
        if name.startswith("__") or name == "original":
            raise AttributeError(name)
        return getattr(self.original, name)


def _is_provisioned(name: Any) -> bool:
    from .models import UserLink

    field = get_user_model().USERNAME_FIELD
    return UserLink.objects.filter(**{f"target__{field}": name}).exists()


def accept_provisioned_names() -> None:
    """Wrap the validators that the site added to the user name field. Called once, at start-up.

    The validators of the field's class and its maximum length are left as they are.
    """
    model: Any = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)
    unchanged = [*field.default_validators, MaxLengthValidator(field.max_length)]
    field.validators = [
        each
        if isinstance(each, AcceptProvisioned) or each in unchanged
        else AcceptProvisioned(each)
        for each in field.validators
    ]
