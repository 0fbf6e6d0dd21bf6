"""Names that an identity provider has given, and that the site's own validators would refuse.

A guest of Entra ID is called ``x_gmail.com#EXT#@tenant.onmicrosoft.com``. Django's validator
knows no ``#``, and so an admin could not save that user's form any more. The name of an account
that SCIM provisioned is valid; any other name is judged as before, so that sign-up forms and
the creation of users refuse what they always refused.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError


class AcceptProvisioned:
    """A validator of the user name, relaxed for names that provisioned accounts bear."""

    def __init__(self, original: Any) -> None:
        self.original = original

    def __call__(self, value: Any) -> None:
        """Raises the original validator's ValidationError."""
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
        """Look like the original to whoever inspects it: migrations, form and API builders."""
        if name.startswith("__") or name == "original":
            raise AttributeError(name)
        return getattr(self.original, name)


def _is_provisioned(name: Any) -> bool:
    from .models import UserLink

    field = get_user_model().USERNAME_FIELD
    return UserLink.objects.filter(**{f"target__{field}": name}).exists()


def accept_provisioned_names() -> None:
    """Relax the validators of the site's user name field; done once, at start-up."""
    model: Any = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)
    field._validators = [
        each if isinstance(each, AcceptProvisioned) else AcceptProvisioned(each)
        for each in field._validators
    ]
    field.__dict__.pop("validators", None)
