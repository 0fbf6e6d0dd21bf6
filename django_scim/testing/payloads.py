"""Request bodies of identity providers, for a site's own tests.

Each provider has only methods for requests that it is known to send. ``rfc`` has all of them, in
the form of RFC 7644. ``create_...`` builds the body of a POST, ``replace_...`` of a PUT,
``find_...`` the parameters of a GET, ``search_...`` the body of a POST to ``.search``, and all
other methods the body of a PATCH.

>>> entra.find_user("bjensen")
{'filter': 'userName eq "bjensen"'}

Pass the attributes of a user as the keywords in ``ATTRIBUTES``. None is sent as null.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..protocol.attributes import ENTERPRISE_URN, GROUP_URN, USER_URN
from ..protocol.messages.patch import PATCH_URN
from ..protocol.messages.search import SEARCH_URN

__all__ = [
    "ATTRIBUTES", "authentik", "entra", "entra_legacy", "jumpcloud", "keycloak", "okta",
    "onelogin", "ping", "rfc", "sailpoint",
]  # fmt: skip

Json = dict[str, Any]
Resource = str | Mapping[str, Any]  # an id, or a resource as the server returned it

# Entra sends this schema although servers do not have it.
_ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
_EMAIL = 'emails[type eq "work"].value'
_EXTENSION = f"{ENTERPRISE_URN}:"
_MANAGER = f"{_EXTENSION}manager"

ATTRIBUTES = {
    "user_name": "userName", "external_id": "externalId", "active": "active",
    "display_name": "displayName", "nick_name": "nickName", "title": "title",
    "user_type": "userType", "preferred_language": "preferredLanguage", "locale": "locale",
    "timezone": "timezone", "formatted_name": "name.formatted", "given_name": "name.givenName",
    "middle_name": "name.middleName", "family_name": "name.familyName", "email": _EMAIL,
    "employee_number": f"{_EXTENSION}employeeNumber", "cost_center": f"{_EXTENSION}costCenter",
    "organization": f"{_EXTENSION}organization", "division": f"{_EXTENSION}division",
    "department": f"{_EXTENSION}department", "manager": _MANAGER,
}  # fmt: skip


def _by_path(attributes: Mapping[str, Any]) -> Json:
    """Return the values by SCIM path. Raises TypeError for an unknown keyword."""
    if unknown := attributes.keys() - ATTRIBUTES.keys():
        raise TypeError(
            f"unknown attributes: {', '.join(sorted(unknown))}; "
            f"choose from {', '.join(sorted(ATTRIBUTES))}"
        )
    return {ATTRIBUTES[name]: value for name, value in attributes.items()}


def _document(attributes: Mapping[str, Any]) -> Json:
    """Return the values as the JSON of a resource."""
    body: Json = {}
    for path, value in _by_path(attributes).items():
        if path == _EMAIL:
            path, value = "emails", value and [{"primary": True, "type": "work", "value": value}]
        elif path == _MANAGER:
            value = value and {"value": value}
        parent, _, leaf = path.rpartition(":" if ":" in path else ".")
        (body.setdefault(parent, {}) if parent else body)[leaf] = value
    return body


def _full_name(attributes: Mapping[str, Any]) -> str:
    return " ".join(filter(None, map(attributes.get, ("given_name", "family_name"))))


def _user(user_name: str, attributes: Mapping[str, Any], **defaults: Any) -> Json:
    """Return a new user with the ``attributes``, and ``defaults`` for missing ones."""
    body = _document(attributes)
    schemas = [USER_URN, *([ENTERPRISE_URN] if ENTERPRISE_URN in body else [])]
    return {"schemas": schemas, "userName": user_name, "active": True} | defaults | body


def _group(name: str, external_id: str | None = None) -> Json:
    body = {"schemas": [GROUP_URN], "displayName": name}
    return body | ({} if external_id is None else {"externalId": external_id})


def _patch(*operations: Json) -> Json:
    return {"schemas": [PATCH_URN], "Operations": list(operations)}


def _equals(path: str, value: str) -> str:
    return f"{path} eq {json.dumps(value, ensure_ascii=False)}"


def _id(resource: Resource) -> str:
    return resource if isinstance(resource, str) else str(resource["id"])


class _FindsUser:
    def find_user(self, value: str, by: str = "userName") -> Json:
        """Return the parameters to look up a user by an attribute before creating it."""
        return {"filter": _equals(by, value)}


class _ReplacesUser:
    def replace_user(self, user: Json, /, **attributes: Any) -> Json:
        """Return a user as the server returned it, with some attributes changed."""
        body = dict(user)
        for name, value in _document(attributes).items():
            if isinstance(value, dict):
                value = body.get(name, {}) | value
            body[name] = value
        if ENTERPRISE_URN in body and ENTERPRISE_URN not in body["schemas"]:
            body["schemas"] = [*body["schemas"], ENTERPRISE_URN]
        return body


class _SetsByPath:
    def deactivate_user(self) -> Json:
        return _patch(self._set("active", False))

    def reactivate_user(self) -> Json:
        return _patch(self._set("active", True))

    def rename_group(self, name: str) -> Json:
        return _patch(self._set("displayName", name))

    def _set(self, path: str, value: Any) -> Json:
        return {"op": "replace", "path": path, "value": value}


class _AddsMembers:
    def add_members(self, *members: Resource) -> Json:
        return _patch(*self._listing("add", members))

    def _listing(self, op: str, members: Iterable[Resource]) -> list[Json]:
        values = [self._member(member) for member in members]
        return [{"op": op, "path": "members", "value": values}]

    def _member(self, member: Resource) -> Json:
        return {"value": _id(member)}


class _ChangesMembers(_AddsMembers):
    def remove_members(self, *members: Resource) -> Json:
        return _patch(*self._removing(members))

    def _removing(self, members: Iterable[Resource]) -> list[Json]:
        paths = [f"members[{_equals('value', _id(member))}]" for member in members]
        return [{"op": "remove", "path": path} for path in paths]


class _RemovesByList(_ChangesMembers):
    """Removes members by a ``value``, which RFC 7644 does not provide for."""

    def _removing(self, members: Iterable[Resource]) -> list[Json]:
        return self._listing("remove", members)


class Rfc(_FindsUser, _ReplacesUser, _SetsByPath, _ChangesMembers):
    """Requests exactly as in RFC 7644, for what the providers below do not send."""

    def create_user(self, user_name: str, /, **attributes: Any) -> Json:
        return _user(user_name, attributes)

    def update_user(self, **attributes: Any) -> Json:
        return _patch({"op": "replace", "value": _document(attributes)})

    def find_group(self, name: str) -> Json:
        return {"filter": _equals("displayName", name)}

    def create_group(self, name: str, external_id: str | None = None) -> Json:
        return _group(name, external_id)


class Entra(_FindsUser, _SetsByPath, _ChangesMembers):
    """Microsoft Entra ID with ``?aadOptscim062020``: keys like ``name.givenName`` in a value.

    Entra matches users by ``userName``, ``externalId`` or ``emails[type eq "work"].value``.
    """

    def create_user(self, user_name: str, /, **attributes: Any) -> Json:
        body = _user(user_name, attributes, meta={"resourceType": "User"}, roles=[])
        if isinstance(name := body.get("name"), dict):
            name.setdefault("formatted", _full_name(attributes))
        if "manager" in attributes:
            body[ENTERPRISE_URN]["manager"] = attributes["manager"]
        return body | {"schemas": [USER_URN, ENTERPRISE_URN]}

    def update_user(self, **attributes: Any) -> Json:
        """Return the change of some attributes; ``manager=""`` removes the manager."""
        paths = _by_path(attributes)
        apart = [self._set(path, paths.pop(path)) for path in (_EMAIL, _MANAGER) if path in paths]
        if len(paths) > 1:
            return _patch(*apart, {"op": "replace", "value": paths})
        return _patch(*apart, *(self._set(*each) for each in paths.items()))

    def find_group(self, name: str) -> Json:
        return {"excludedAttributes": "members", "filter": _equals("displayName", name)}

    def find_member(self, group: Resource, user: Resource) -> Json:
        """Return the parameters to check whether a user is a member of a group."""
        return {"filter": f"{_equals('id', _id(group))} and {_equals('members', _id(user))}"}

    def create_group(self, name: str, external_id: str | None = None) -> Json:
        body = {"schemas": [GROUP_URN, _ADSCIM], "meta": {"resourceType": "Group"}}
        return _group(name, external_id) | body

    def _set(self, path: str, value: Any) -> Json:
        op = "add" if path == _MANAGER and value else "replace"
        return {"op": op, "path": path, "value": value}

    def _member(self, member: Resource) -> Json:
        return {"$ref": None, "value": _id(member)}


class EntraLegacy(_RemovesByList, Entra):
    """Entra without that flag, its default: ``Replace``, ``"False"``, removal by a list."""

    def update_user(self, **attributes: Any) -> Json:
        return _patch(*(self._set(*each) for each in _by_path(attributes).items()))

    def _set(self, path: str, value: Any) -> Json:
        operation = super()._set(path, str(value) if isinstance(value, bool) else value)
        return operation | {"op": operation["op"].capitalize()}

    def _listing(self, op: str, members: Iterable[Resource]) -> list[Json]:
        return super()._listing(op.capitalize(), members)


class Okta(_FindsUser, _ReplacesUser, _ChangesMembers):
    """Okta: PUT of the user that it read, ``active`` without a path, a password, no DELETE."""

    def find_user(self, value: str, by: str = "userName") -> Json:
        return super().find_user(value, by) | {"startIndex": 1, "count": 100}

    def create_user(self, user_name: str, /, **attributes: Any) -> Json:
        defaults = {"locale": "en-US", "groups": [], "password": "1mz050nq"}
        if full_name := _full_name(attributes):
            defaults["displayName"] = full_name
        return _user(user_name, attributes, **defaults)

    def deactivate_user(self) -> Json:
        return self._set({"active": False})

    def reactivate_user(self) -> Json:
        return self._set({"active": True})

    def create_group(self, name: str) -> Json:
        return _group(name) | {"members": []}

    def rename_group(self, name: str, group: Resource) -> Json:
        """Return the change of the name, which Okta also sends before it changes members."""
        return self._set({"id": _id(group), "displayName": name})

    def change_members(self, add: Iterable[Resource], remove: Iterable[Resource]) -> Json:
        return _patch(*self._removing(remove), *self._listing("add", add))

    def set_members(self, *members: Resource) -> Json:
        """Return the change that makes these the only members."""
        return _patch(*self._listing("replace", members))

    def set_group(self, name: str, group: Resource, *members: Resource) -> Json:
        """Return the change of name and members that Okta sends when a group is pushed again."""
        values = [self._member(member) for member in members]
        return self._set({"members": values, "id": _id(group), "displayName": name})

    def _set(self, value: Json) -> Json:
        return _patch({"op": "replace", "value": value})

    def _member(self, member: Resource) -> Json:
        """Return a member, with ``display`` if the user is given as a resource, not as an id."""
        value = super()._member(member)
        return value if isinstance(member, str) else value | {"display": member["userName"]}


class OneLogin(_AddsMembers):
    """OneLogin: ``emails`` may be an object instead of a list."""

    def create_user(self, user_name: str, /, **attributes: Any) -> Json:
        body = _user(user_name, attributes)
        if body.get("emails"):
            (body["emails"],) = body["emails"]
        return body


class Ping(_FindsUser, _ReplacesUser):
    """PingOne and PingFederate: PUT, never PATCH; may match users by ``emails`` without a path."""


class JumpCloud(_RemovesByList):
    """JumpCloud: removal of members by a list; tests a connection with a user and a group."""


class Keycloak:
    """SCIM extensions for Keycloak: JSON inside a string, and numbers as strings."""

    def update_user(self, **attributes: Any) -> Json:
        value = {"schemas": [USER_URN]} | _document(attributes)
        return _patch({"op": "replace", "value": json.dumps(value)})

    def search_users(self, text: str, start: int = 1, count: int = 100) -> Json:
        """Return the body of a search with ``text`` as its filter."""
        page = {"startIndex": str(start), "count": str(count)}
        order = {"sortBy": "userName", "sortOrder": "ascending"}
        return {"schemas": [SEARCH_URN], "filter": text} | page | order


class Authentik(_RemovesByList):
    """authentik: PUT of users with ``id`` and an externalId; one operation for each member."""

    def create_user(self, user_name: str, /, external_id: str, **attributes: Any) -> Json:
        return _user(user_name, attributes | {"external_id": external_id})

    def replace_user(
        self, user: Resource, user_name: str, /, external_id: str, **attributes: Any
    ) -> Json:
        """Return the whole user from authentik's own data, not from a previous response."""
        return {"id": _id(user)} | self.create_user(user_name, external_id, **attributes)

    def find_group(self, name: str) -> Json:
        """Return the parameters to look up an existing group after a 409."""
        return {"filter": _equals("displayName", name)}

    def create_group(self, name: str, external_id: str) -> Json:
        return _group(name, external_id)

    def rename_group(self, name: str, group: Resource, external_id: str) -> Json:
        value = _group(name, external_id) | {"id": _id(group)}
        return _patch({"op": "replace", "value": value})

    def change_members(self, add: Iterable[Resource], remove: Iterable[Resource]) -> Json:
        return _patch(*self._listing("add", add), *self._listing("remove", remove))

    def _listing(self, op: str, members: Iterable[Resource]) -> list[Json]:
        values = [self._member(member) for member in members]
        return [{"op": op, "path": "members", "value": [value]} for value in values]


class SailPoint:
    """SailPoint: deactivates with ``add`` and without a path."""

    def deactivate_user(self) -> Json:
        return _patch({"op": "add", "value": {"active": False}})


rfc, entra, entra_legacy, okta = Rfc(), Entra(), EntraLegacy(), Okta()
onelogin, ping, jumpcloud = OneLogin(), Ping(), JumpCloud()
keycloak, authentik, sailpoint = Keycloak(), Authentik(), SailPoint()
