"""Find the name of the person or group that a resource, or the body of a request, is about.

Events use this name, even if the request was refused.
"""

from typing import Any, NamedTuple

from ..protocol.resource_schema import ResourceSchema
from .behaviours import Role

#: The keys that lead to a value in a resource: perhaps a URN, an attribute, a sub-attribute.
Keys = tuple[str, ...]


class SubjectPaths(NamedTuple):
    """The paths of the values that identify a resource of one type; () for missing values."""

    name: Keys = ()
    external_id: Keys = ()
    #: Alternatives for the name of a person: the first that has a value counts.
    displays: tuple[tuple[Keys, ...], ...] = ()
    addresses: Keys = ()
    activation: Keys = ()


NO_SUBJECT = SubjectPaths()


class Subject(NamedTuple):
    """The person or group that a resource or body is about; values that it lacks are ""."""

    name: str = ""
    external_id: str = ""
    display: str = ""
    email: str = ""


def subject_paths(adapter: Any, schema: ResourceSchema) -> SubjectPaths:
    """Return the paths for an adapter class, from its behaviours and display attributes."""
    roles = {each.role: text for text, each in adapter.behaviours.items() if each.role}

    def keys(text: str) -> Keys:
        path = schema.find(text) if text else None
        if path is None:
            return ()
        name = path.attribute.name
        found = (path.schema, name) if path.is_extension else (name,)
        return (*found, path.sub.name) if path.sub else found

    sign_in = keys(roles.get(Role.SIGN_IN_NAME, ""))
    display = keys(adapter.display_attribute)
    displays = [tuple(keys(each) for each in text.split()) for text in adapter.full_names]
    if sign_in and display:
        displays.insert(0, (display,))
    return SubjectPaths(
        sign_in or display,
        keys(roles.get(Role.EXTERNAL_ID, "")),
        tuple(each for each in displays if all(each)),
        keys(roles.get(Role.ADDRESSES, "")),
        keys(roles.get(Role.ACTIVATION, "")),
    )


def subject_of(resource: dict[str, Any], paths: SubjectPaths) -> Subject:
    """Return the subject of a resource, or of a result of ``resource_in``."""
    displays = (" ".join(_text(resource, keys) for keys in each) for each in paths.displays)
    return Subject(
        _text(resource, paths.name),
        _text(resource, paths.external_id),
        next((each for each in displays if each.strip()), "").strip(),
        address_in(_value(resource, paths.addresses)),
    )


def deactivates(resource: dict[str, Any], paths: SubjectPaths) -> bool:
    """Return whether a resource or body says that its account is inactive, in any spelling."""
    value = _value(resource, paths.activation)
    while isinstance(value, list | dict) and value:
        value = value[0] if isinstance(value, list) else value.get("value")
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")


def address_in(value: Any) -> str:
    """Return the primary address of a list of addresses, or the first one."""
    found = value if isinstance(value, list) else [value]
    texts = [
        (not each.get("primary"), each["value"])
        for each in found
        if isinstance(each, dict) and isinstance(each.get("value"), str)
    ]
    texts += [(True, each) for each in found if isinstance(each, str)]
    return min(texts, key=lambda each: each[0])[1] if texts else ""


def resource_in(body: Any, schema: ResourceSchema) -> dict[str, Any]:
    """Return the values that a POST, PUT or PATCH sets, with the attribute names of the schema.

    The body may be invalid, because the request may have been refused; unknown parts are left out.
    Values that a PATCH selects by a filter count as values of the attribute.
    """
    found: dict[str, Any] = {}
    if not isinstance(body, dict):
        return found
    operations = next((v for k, v in body.items() if k.lower() == "operations"), None)
    if not isinstance(operations, list):
        _take(body, schema, found)
        return found
    for each in operations:
        members = {k.lower(): v for k, v in each.items()} if isinstance(each, dict) else {}
        if str(members.get("op", "")).lower() not in ("add", "replace"):
            continue
        path, value = members.get("path"), members.get("value")
        if isinstance(path, str) and path:
            name, bracket, rest = path.partition("[")
            sub = rest.rpartition("]")[2].lstrip(".")
            value = {sub: value} if bracket and sub else value
            _take({name: value}, schema, found)
        elif isinstance(value, dict):
            _take(value, schema, found)
    return found


def _take(body: dict[str, Any], schema: ResourceSchema, found: dict[str, Any]) -> None:
    """Add the attributes of a body to those that were found."""
    for key, value in body.items():
        if len(key) > 200:
            continue
        extension = schema.by_urn(key)
        if extension is not None and isinstance(value, dict):
            _take({f"{extension.id}:{name}": each for name, each in value.items()}, schema, found)
        elif (path := schema.find(key.strip())) is not None:
            place = found.setdefault(path.schema, {}) if path.is_extension else found
            name = path.attribute.name
            if path.sub is not None:
                held = place.get(name)
                place[name] = (held if isinstance(held, dict) else {}) | {path.sub.name: value}
            elif isinstance(value, dict):
                subs = {sub.name.lower(): sub.name for sub in path.attribute.sub_attributes}
                held = place.get(name)
                place[name] = (held if isinstance(held, dict) else {}) | {
                    subs.get(sub.lower(), sub): each for sub, each in value.items()
                }
            else:
                place[name] = value


def _value(resource: Any, keys: Keys) -> Any:
    if not keys:
        return None
    for key in keys:
        resource = resource.get(key) if isinstance(resource, dict) else None
    return resource


def _text(resource: dict[str, Any], keys: Keys) -> str:
    value = _value(resource, keys)
    return value if isinstance(value, str) else ""
