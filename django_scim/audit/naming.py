"""Add the name of the person or group to the event of a refused request."""

import logging
from typing import Any

from django.db import DatabaseError

from ..adapters.behaviours import Role
from ..adapters.subjects import Keys, Subject, deactivates, resource_in, subject_of
from ..models import Connection, Event
from ..protocol.errors import InternalError, NotFound, ScimError
from .recorder import Recorder, set_object
from .subject_names import path_text

#: No resource has a longer id.
_LONGEST_ID: int = Event._meta.get_field("scim_id").max_length or 0
logger = logging.getLogger("django_scim")
#: The columns of an earlier event that name a resource which no longer exists.
_NAMES = (
    "external_id object_type object_key object_name name_key display_key last_name_key email_key "
    "external_key"
).split()


def name_subject(
    recorder: Recorder, action: str, error: ScimError, body: Any, adapter: Any, scim_id: str
) -> str:
    """Name the person or group of a refused request in its event. Return the intended action.

    Runs after the rollback; ``scim_id`` is "" for a new resource. A database error is logged.
    """
    paths, event = adapter.declared.subject, recorder.event
    event.resource_type = adapter.name
    if isinstance(error, InternalError):
        error.params["step"] = "applied" if body is not None or scim_id else "parsed"
    if 0 < len(scim_id) <= _LONGEST_ID and scim_id.isprintable():
        try:
            _name_existing(event, error, adapter, scim_id)
        except DatabaseError:
            logger.exception("could not name the resource of request %s", event.correlation_id)
    described = resource_in(body, adapter.resource_schema)
    recorder.set_subject(_known(event, subject_of(described, paths)), paths, body)
    if action == Event.Action.UPDATE:
        if deactivates(described, paths):
            return Event.Action.DEACTIVATE
        written = set(described) - {"schemas"}
        members = {mapping.path.name for mapping in adapter.declared.members}
        return Event.Action.MEMBERSHIP if written and written <= members else action
    is_deletion = action == Event.Action.DELETE and not isinstance(error, NotFound)
    if is_deletion and paths.activation and _keeps_account(adapter):
        return Event.Action.DEACTIVATE
    return action


def _known(event: Event, described: Subject) -> Subject:
    """Complete a subject from the body by the names that the event already has."""
    return described._replace(
        display=described.display or event.display_key or "",
        email=described.email or event.email_key or "",
    )


def _keeps_account(adapter: Any) -> bool:
    return bool(adapter.connection.deletion == Connection.Deletion.DEACTIVATE)


def _name_existing(event: Event, error: ScimError, adapter: Any, scim_id: str) -> None:
    """Name the resource with an id, also if it was deleted or is hidden from the connection."""
    links = adapter.link._default_manager.filter(connection=adapter.connection, scim_id=scim_id)
    joined = {"__".join(column[:-1]) for column in _name_columns(adapter).values()}
    link = links.select_related("target", *filter(None, joined)).first()
    if link is None:
        return
    if link.target is not None:
        names = known_names(link, adapter)
        set_object(event, link, adapter.name_of(link), names, adapter.declared.subject)
        if isinstance(error, NotFound):
            error.reason = "resource_protected"
        return
    earlier = Event.objects.filter(scim_id=scim_id, connection=adapter.connection)
    named = earlier.exclude(object_name="").order_by("-created").only(*_NAMES).first()
    for name in _NAMES if named else ():
        setattr(event, name, getattr(named, name))
    event.external_id = event.external_id or link.external_id
    if isinstance(error, NotFound):
        error.reason = "resource_deleted"


def known_names(link: Any, adapter: Any) -> dict[str, Any]:
    """Return a resource with the names in the columns that were read with a link.

    Names in other tables are missing unless these were joined: this makes no queries.
    """
    declared, found = adapter.declared, dict[str, Any]()
    for keys, column in _name_columns(adapter).items():
        value = _loaded(link, column)
        if isinstance(value, str) and value:
            place: dict[str, Any] = found
            for key in keys[:-1]:
                place = place.setdefault(key, {})
            place[keys[-1]] = value
    mapping = declared.by_role.get(Role.ADDRESSES)
    address = getattr(link.target, mapping.mirror, "") if mapping and mapping.mirror else ""
    keys = declared.subject.addresses
    if address and len(keys) == 1:
        found[keys[0]] = [{"value": address}]
    return found


def _name_columns(adapter: Any) -> dict[Keys, list[str]]:
    """Return the columns of the parts of a name: relations from the link, and the field."""
    declared = adapter.declared
    wanted = [keys for alternative in declared.subject.displays for keys in alternative]
    mappings = {keys: declared.by_path.get(path_text(keys)) for keys in wanted}
    return {
        keys: mapping.text_column.path.split("__")
        for keys, mapping in mappings.items()
        if mapping is not None and mapping.text_column is not None and mapping.text_column.path
    }


def _loaded(record: Any, column: list[str]) -> Any:
    """Return the value of a column, None if its row was not read with the record."""
    *relations, name = column
    for relation in relations:
        field = record._meta.get_field(relation)
        if not field.is_relation or not field.is_cached(record):
            return None
        record = field.get_cached_value(record)
        if record is None:
            return None
    return getattr(record, name, None)
