"""System checks: what is wrong with the site's set-up, said before a connector meets it."""

from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from django.conf import settings as site_settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured

from .conf import Defaults, settings


@register("django_scim")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Unknown keys in DJANGO_SCIM, with the closest match."""
    known = list(Defaults.__dataclass_fields__)
    messages: list[CheckMessage] = []
    for key in getattr(site_settings, "DJANGO_SCIM", {}):
        if key not in known:
            close = get_close_matches(key, known, 1)
            messages.append(
                Warning(
                    f"DJANGO_SCIM has an unknown key {key!r}.",
                    hint=f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}.",
                    id="django_scim.W001",
                )
            )
    return messages


@register("django_scim")
def check_other_package(**kwargs: Any) -> list[CheckMessage]:
    """django-scim2 has the same import name: one of the two overwrites the other's files."""
    try:
        distribution("django-scim2")
    except PackageNotFoundError:
        return []
    return [
        Error(
            "django-scim2 is installed beside django-scim-provisioning.",
            hint="Both are imported as django_scim. Uninstall django-scim2, then reinstall this.",
            id="django_scim.E001",
        )
    ]


@register("django_scim")
def check_adapters(**kwargs: Any) -> list[CheckMessage]:
    """Every adapter can be imported, and what it declares exists."""
    try:
        classes = settings.adapter_classes()
    except ImportError as error:
        return [
            Error(
                f"An adapter in DJANGO_SCIM cannot be imported: {error}",
                hint="ADAPTERS maps a resource type to the dotted path of its adapter.",
                id="django_scim.E002",
            )
        ]
    messages: list[CheckMessage] = []
    name: str
    adapter: Any
    for name, adapter in classes.items():
        try:
            adapter.compiled()
        except (FieldDoesNotExist, ImproperlyConfigured, LookupError) as error:
            messages.append(
                Error(
                    f"The adapter of {name}, {adapter.__name__}, declares what does not exist: "
                    f"{error}",
                    hint="Correct the column or the attribute's path in its attributes.",
                    obj=adapter,
                    id="django_scim.E003",
                )
            )
    return messages
