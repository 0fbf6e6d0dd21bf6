"""Store the names by which an event is found: of the object, and of the person."""

from collections.abc import Collection
from typing import Any

from ..adapters.subjects import SubjectPaths
from ..conf import settings
from ..models import Event, fold_key
from ..models.fields import KEY_LENGTH
from .redacted_text import shown_text
from .redaction import redact_value, rule_for
from .secret_detection import suspect


def shown_name(text: str, limit: int, secrets: Collection[str] = ()) -> str:
    """Return ``shown_text``; most texts are short and have nothing that it would change."""
    if len(text) <= limit and suspect(text) is None:
        lowered = text.lower()
        if not any(secret[:24].lower() in lowered for secret in secrets):
            return text
    return shown_text(text, limit, secrets)


def set_object(
    event: Event,
    link: Any,
    name: str,
    resource: dict[str, Any] | None = None,
    paths: SubjectPaths | None = None,
) -> None:
    """Store in an event the object that a link points to, or pointed to, with its names."""
    event.scim_id, event.external_id = (
        link.scim_id,
        link.external_id and shown_name(link.external_id, 255),
    )
    key, model = link.target_id or link.former_target_key, type(link)._meta.get_field("target")
    event.object_type = model.related_model._meta.label_lower
    event.object_key = str(key)[:64]
    event.object_name = shown_name(name, 256)
    display = email = ""
    if resource is not None and paths is not None:
        display, email = _names(resource, paths)
    set_keys(event, display, email)
    if settings.REDACT and paths is not None:
        redact_names(event, paths)


def _names(resource: dict[str, Any], paths: SubjectPaths) -> tuple[str, str]:
    """Return the display name and the e-mail address in a resource of this site.

    This is a faster version of ``subject_of``, which also supports request bodies.
    """
    display = email = ""
    for alternative in paths.displays:
        for keys in alternative:
            value: Any = resource
            for key in keys:
                value = value.get(key) if value else None
            if isinstance(value, str):
                display = f"{display} {value}" if display else value
        if display:
            break
    if paths.addresses:
        value = resource
        for key in paths.addresses:
            value = value.get(key) if value else None
        for each in value if isinstance(value, list) else ():
            if not email or each.get("primary"):
                email = str(each.get("value") or "")
    return display and shown_name(display, KEY_LENGTH), email and shown_name(email, KEY_LENGTH)


def set_keys(event: Event, display: str, email: str) -> None:
    """Set the folded names by which the event is found; equal ones only once.

    The last word of a display name is nearly always the last name, so it has a separate column.
    """
    event.name_key = name = _key(event.object_name)
    event.external_key = _key(event.external_id)
    event.display_key = None if not display or (key := _key(display)) == name else key
    event.last_name_key = None if " " not in display else _key(display.rpartition(" ")[2])
    event.email_key = None if not email or (key := _key(email)) == name else key


def _key(text: str) -> str | None:
    """Return a folded text for the search, None for an empty one."""
    if text.isascii() and len(text) <= KEY_LENGTH:
        return text.lower() or None
    return fold_key(text)


def redact_names(event: Event, paths: SubjectPaths) -> None:
    """Apply the site's rules to the names of an event. Redacted names cannot be searched."""
    rules = {
        "name": rule_for(path_text(paths.name)),
        "external": rule_for(path_text(paths.external_id)),
        "email": rule_for(path_text(paths.addresses)),
        "display": next(
            (
                rule
                for alternative in paths.displays
                for keys in alternative
                if (rule := rule_for(path_text(keys))) != "keep"
            ),
            "keep",
        ),
    }
    event.object_name = redact_value(rules["name"], event.object_name) or ""
    event.external_id = redact_value(rules["external"], event.external_id) or ""
    for name, rule in rules.items():
        if rule != "keep":
            setattr(event, f"{name}_key", None)
    if rules["display"] != "keep":
        event.last_name_key = None


def path_text(keys: tuple[str, ...]) -> str:
    """Return keys that lead to a value as an attribute path."""
    if keys and ":" in keys[0]:
        return f"{keys[0]}:{'.'.join(keys[1:])}"
    return ".".join(keys)
