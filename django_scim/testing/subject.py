"""The resource type that an adapter contract tests, and how to create its resources."""

from typing import Any, ClassVar

import pytest

from .. import connections
from ..adapters import ResourceAdapter, adapter_classes
from ..protocol.attributes import AttributePath
from ..protocol.resource_schema import ResourceSchema
from .client import ScimClient
from .samples import sample, shows

COMMON = ("id", "externalId", "meta.")


def mapped_paths(adapter: type[ResourceAdapter]) -> list[str]:
    """Return the attributes that an adapter declares, without sub-attributes."""
    names = {mapping.path.name for mapping in adapter.declaration().mappings}
    return sorted(name for name in names if not name.startswith(COMMON) and name != "meta")


class AdapterSubject:
    """Provides the attributes of a resource type as test parameters, and values for them."""

    resource_type: ClassVar[str] = "User"
    samples: ClassVar[dict[str, tuple[Any, Any, Any]]] = {}
    patterns: ClassVar[dict[str, str]] = {}
    unfilterable: ClassVar[frozenset[str]] = frozenset()
    unsortable: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        adapter = adapter_classes()[cls.resource_type]
        schema = adapter.declaration().resource_schema
        kinds: dict[str, list[str]] = {"path": [], "read_only": [], "hidden": [], "returned": []}
        for path in mapped_paths(adapter):
            attribute = _find(schema, path).attribute
            kinds["path"].append(path)
            if attribute.mutability == "readOnly":
                kinds["read_only"].append(path)
            else:
                kinds["hidden" if attribute.returned == "never" else "returned"].append(path)
        for name, values in kinds.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values)

    @pytest.fixture
    def scim(self, db: Any) -> ScimClient:
        return ScimClient(connections.create("Contract", profile="strict"))

    @property
    def adapter(self) -> type[ResourceAdapter]:
        return adapter_classes()[self.resource_type]

    def find(self, path: str) -> AttributePath:
        return _find(self.adapter.declaration().resource_schema, path)

    def value(self, scim: ScimClient, path: str, number: int, name: str = "") -> Any:
        """Return a value: the site's sample, a reference to a new resource, or a made-up value."""
        adapter = adapter_classes()[name or self.resource_type]
        if not name and path in self.samples:
            return self.samples[path][number]
        if path in self.patterns:
            return self.patterns[path].format(number)
        found = _find(adapter.declaration().resource_schema, path)
        mapping = adapter.declaration().by_path.get(path)
        if mapping is not None and mapping.to:
            target = {"value": self.make(scim, mapping.to, number + 10)["id"]}
            return [target] if found.attribute.multi_valued else target
        value = sample(found.attribute, number)
        return f"{value}{number}" if path == "userName" else value

    def body(
        self, scim: ScimClient, number: int, name: str = "", /, **given: Any
    ) -> dict[str, Any]:
        """Return a body with the required attributes and the ``given`` ones, by path."""
        schema = adapter_classes()[name or self.resource_type].declaration().resource_schema
        body: dict[str, Any] = {"schemas": [each.id for each in schema.schemas]}
        for path in _needed_paths(schema):
            put(body, path, self._needed(scim, str(path), number, name))
        for text, value in given.items():
            put(body, _find(schema, text), value)
        return body

    def _needed(self, scim: ScimClient, path: str, number: int, name: str) -> Any:
        """Return a value of a required attribute, unique if the attribute is a string."""
        if path in self.patterns:
            return self.patterns[path].format(f"-{number}")
        value = self.value(scim, path, number % 10, name)
        return f"{value} {number}" if isinstance(value, str) else value

    def make(self, scim: ScimClient, name: str, number: int) -> dict[str, Any]:
        endpoint = adapter_classes()[name].endpoint
        return scim.make(f"/{endpoint}", self.body(scim, number % 3 + 20, name))

    def make_with(self, scim: ScimClient, path: str, value: Any, number: int) -> dict[str, Any]:
        """Create a resource with a value of one attribute, and return it as read back."""
        return self.read(
            scim, scim.make(self.endpoint, self.body(scim, number, **{path: value})), path
        )

    def read(self, scim: ScimClient, resource: dict[str, Any], path: str) -> dict[str, Any]:
        """Read a resource, with an attribute that is returned only on request."""
        found = self.find(path)
        data: dict[str, Any] = scim.get(self.at(resource)).data
        if found.attribute.returned == "request":
            asked = take(scim.get(self.at(resource), {"attributes": path}).data, found)
            if asked is not None:
                put(data, found, asked)
        return data

    def is_needed(self, path: str) -> bool:
        """Return whether each resource has this attribute."""
        schema = self.adapter.declaration().resource_schema
        return self.find(path) in _needed_paths(schema)

    @property
    def endpoint(self) -> str:
        return f"/{self.adapter.endpoint}"

    def assert_shows(self, path: str, given: Any, resource: dict[str, Any]) -> None:
        got = take(resource, self.find(path))
        is_shown = shows(self.find(path).attribute, given, got)
        assert is_shown, f"{path}: the client sent {given!r}, the server returned {got!r}"

    # Helpers

    def at(self, resource: dict[str, Any]) -> str:
        return f"{self.endpoint}/{resource['id']}"

    def patch(self, scim: ScimClient, resource: dict[str, Any], operation: dict[str, Any]) -> None:
        answer = scim.patch(self.at(resource), operation)
        assert answer.status_code in (200, 204), f"{operation} was rejected: {answer.data}"

    def search(self, scim: ScimClient, text: str) -> Any:
        return scim.get(self.endpoint, {"filter": text})

    def found(self, scim: ScimClient, text: str) -> list[str]:
        ours = f"({text}) and externalId pr"  # excludes resources made only as references
        return sorted(each["id"] for each in scim.find(ours, self.endpoint))

    def three(self, scim: ScimClient, path: str) -> list[dict[str, Any]]:
        """Return two resources with different values, and one without a value if possible."""
        made = []
        for number in range(3):
            given: dict[str, Any] = {"externalId": f"contract-{number}"}
            if number < 2 or self.find(path).attribute.required:
                given[path] = self.value(scim, path, number)
            resource = scim.make(self.endpoint, self.body(scim, number, **given))
            params = {"attributes": f"{path},externalId"}
            made.append(scim.get(self.at(resource), params).data)
        return made

    def mapping_refers(self, path: str) -> bool:
        mapping = self.adapter.declaration().by_path.get(path)
        return mapping is not None and (bool(mapping.to) or mapping.is_derived)

    def leaf(self, path: str) -> Any:
        attribute = self.find(path).attribute
        return self._sub(attribute) or attribute

    def simple(self, path: str) -> str:
        sub = self._sub(self.find(path).attribute)
        return f"{path}.{sub.name}" if sub else path

    @staticmethod
    def _sub(attribute: Any) -> Any:
        return attribute.default_sub or next(iter(attribute.sub_attributes), None)

    def leaf_value(self, path: str, resource: dict[str, Any]) -> Any:
        value = take(resource, self.find(path))
        sub = self._sub(self.find(path).attribute)
        if isinstance(value, list):
            value = value[0] if value else None
        return value.get(sub.name) if isinstance(value, dict) and sub else value


def _find(schema: ResourceSchema, path: str) -> AttributePath:
    found = schema.find(path)
    assert found is not None, f"{schema.name} has no attribute {path}"
    return found


def _needed_paths(schema: ResourceSchema) -> list[AttributePath]:
    """Return the attributes that each resource needs.

    A required extension without required attributes needs any of them.
    """
    needed = list(schema.required)
    for urn in schema.required_extensions - {path.schema for path in needed}:
        writable = (
            path
            for path in schema.paths()
            if path.schema == urn and path.attribute.mutability != "readOnly"
        )
        needed += list(writable)[:1]
    return needed


def put(body: dict[str, Any], path: AttributePath, value: Any) -> None:
    """Set an attribute in a resource, inside of its extension if it has one."""
    place = body.setdefault(path.schema, {}) if path.is_extension else body
    place[path.attribute.name] = value


def take(resource: dict[str, Any], path: AttributePath) -> Any:
    """Return the value of an attribute in a resource, or None."""
    place = resource.get(path.schema, {}) if path.is_extension else resource
    return place.get(path.attribute.name)
