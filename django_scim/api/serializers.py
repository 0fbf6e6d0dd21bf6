"""Serializers that are built from adapters, for validation, representation and OpenAPI.

The schemas define the values of attributes, and the adapter reads and writes them. A site can add
its own validation as in any DRF serializer: with a method ``validate_title``, or a declared field.
"""

from functools import cache, cached_property
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.module_loading import import_string
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from ..adapters import ResourceAdapter
from ..adapters.interfaces import Assigned
from ..protocol.attributes import COMMON, Attribute, AttributePath
from ..protocol.errors import InvalidValue, ScimError, all_in_one
from ..protocol.messages.patch import Operation
from ..protocol.resource_body import read_resource
from ..protocol.resource_schema import ResourceSchema


class RejectedBody(ValidationError):
    """A body that violates the protocol; ``error`` is the SCIM error."""

    def __init__(self, error: ScimError, schema: ResourceSchema) -> None:
        by_field: dict[str, list[str]] = {}
        for detail in error.details or (error.detail,):
            path, colon, text = detail.partition(": ")
            field = path if colon and schema.find(path) else "non_field_errors"
            by_field.setdefault(field, []).append(text if field == path else detail)
        super().__init__(by_field)
        self.error = error


class AttributesSerializer(serializers.Serializer):
    """The attributes of one schema. For an extension, list a subclass in ``Meta.extensions``.

    In a PATCH, validation gets the values that the operation sets: the added values of a list, or
    the given sub-attributes of a complex attribute. It does not run for unassigned attributes.
    """

    #: The attributes for which fields are created, in addition to declared fields.
    attributes: ClassVar[tuple[Attribute, ...]] = ()

    def get_fields(self) -> dict[str, Any]:
        fields = {each.name: field_for(each, type(self).__name__) for each in self.get_attributes()}
        return fields | super().get_fields()

    def get_attributes(self) -> tuple[Attribute, ...]:
        return self.attributes

    @cached_property
    def _declared(self) -> dict[str, serializers.Field]:
        """Only the declared fields, bound. Validation does not need the generated fields."""
        declared = super().get_fields()
        for name, field in declared.items():
            field.bind(name, self)
        return declared

    def has_validation(self, name: str) -> bool:
        """Return whether the site has its own validation of an attribute."""
        return name in self._declared or hasattr(self, f"validate_{name}")

    def validated(self, path: AttributePath, value: Any) -> Any:
        """Return the validated value. Raise InvalidValue with the site's message."""
        name = path.attribute.name
        try:
            if name in self._declared:
                value = self._declared[name].run_validation(value)
            validate = getattr(self, f"validate_{name}", None)
            return validate(value) if validate else value
        except (ValidationError, DjangoValidationError) as error:
            detail = serializers.as_serializer_error(error)
            raise InvalidValue(error_text(detail, path.name)) from None


class ResourceSerializer(AttributesSerializer):
    """A resource of the resource type of ``Meta.adapter``.

    ``context["adapter"]`` is the adapter of the request, since validation may depend on the
    connection. The instance is a link; ``validated_data`` is the body, parsed by the schemas.
    """

    class Meta:
        adapter: type[ResourceAdapter]
        #: Serializers with validation for extensions, by the extension's URN.
        extensions: ClassVar[dict[str, type[AttributesSerializer]]] = {}

    @property
    def adapter(self) -> Any:
        return self.context["adapter"]

    def get_attributes(self) -> tuple[Attribute, ...]:
        return (*COMMON, *self.Meta.adapter.published_schemas()[0].attributes)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for schema in self.Meta.adapter.published_schemas()[1:]:
            base = self._extensions().get(schema.id, AttributesSerializer)
            name = f"{type(self).__name__.removesuffix('Serializer')}{schema.name}Serializer"
            extension = type(name, (base,), {"attributes": schema.attributes})
            required = schema in self.Meta.adapter.required_extensions
            fields[schema.id] = extension(required=required, help_text=schema.description)
        return fields

    @classmethod
    def _extensions(cls) -> dict[str, type[AttributesSerializer]]:
        return getattr(cls.Meta, "extensions", {})

    @cached_property
    def _extension_serializers(self) -> dict[str, AttributesSerializer]:
        return {urn: each(context=self.context) for urn, each in self._extensions().items()}

    # Validation

    def run_validation(self, data: Any = empty) -> dict[str, Any]:
        """Return the body as a document, parsed by the schemas and validated by the site.

        Raise RejectedBody, or the ValidationError of ``validate``.
        """
        value = self.to_internal_value({} if data is empty else data)
        try:
            if self.validators:
                self.run_validators(value)
            return self.validate(value)
        except (ValidationError, DjangoValidationError) as error:
            raise ValidationError(serializers.as_serializer_error(error)) from None

    def read(self, data: Any) -> Assigned:
        """Return the values in a body, parsed by the schemas and validated by the site.

        A document is only built for the site's ``validate`` or its validators. Raise RejectedBody,
        or their ValidationError.
        """
        if type(self).validate is serializers.Serializer.validate and not self.validators:
            return self._read_values(data)
        return assigned(self.run_validation(data), self.adapter.resource_schema)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the body as a document. Raise RejectedBody if it is invalid."""
        return nested(self._read_values(data))

    def _read_values(self, data: Any) -> Assigned:
        schema = self.adapter.resource_schema
        errors: list[ScimError] = []
        try:
            values = read_resource(data, schema, self.adapter.tolerances, errors)
        except ScimError as error:
            raise RejectedBody(error, schema) from None
        for path, value in values.items():
            try:
                values[path] = self._validated(path, value)
            except ScimError as error:
                errors.append(error)
        if errors:
            raise RejectedBody(all_in_one(errors), schema)
        return values

    def _validated(self, path: AttributePath, value: Any) -> Any:
        serializer = self._serializer_of(path, is_assigned=value is not None)
        return serializer.validated(path, value) if serializer else value

    def _serializer_of(
        self, path: AttributePath, *, is_assigned: bool
    ) -> AttributesSerializer | None:
        """Return the serializer that validates a value of an attribute, None without validation."""
        serializer: AttributesSerializer | None = (
            self._extension_serializers.get(path.schema) if path.is_extension else self
        )
        if not is_assigned or serializer is None:
            return None
        return serializer if serializer.has_validation(path.attribute.name) else None

    def check(self, operation: Operation) -> Operation:
        """Return an operation of a PATCH with its validated value. Raise InvalidValue."""
        path, value = operation.path, operation.value
        serializer = self._serializer_of(path, is_assigned=operation.op != "remove")
        if serializer is None:
            return operation
        part = {path.sub.name: value} if path.sub else value
        is_one = path.attribute.multi_valued and not isinstance(part, list)
        validated = serializer.validated(path, [part] if is_one else part)
        if is_one:
            validated = validated[0]
        if path.sub:
            validated = validated[path.sub.name]
        return Operation(operation.op, path, operation.where, validated)

    # Writing inside the caller's transaction, and reading

    def create(self, validated_data: Any) -> Any:
        return self.adapter.create(assigned(validated_data, self.adapter.resource_schema)).link

    def update(self, instance: Any, validated_data: Any) -> Any:
        values = assigned(validated_data, self.adapter.resource_schema)
        return self.adapter.replace(instance, values).link

    def to_representation(self, instance: Any) -> dict[str, Any]:
        resource: dict[str, Any] = self.adapter.get(instance.scim_id)
        return resource


@cache
def serializer_for(adapter: Any) -> type[ResourceSerializer]:
    """Return the serializer class of an adapter, based on ``serializer_class`` if it is set."""
    declared = adapter.serializer_class or ResourceSerializer
    base: type[ResourceSerializer] = (
        import_string(declared) if isinstance(declared, str) else declared
    )
    bases: tuple[type, ...] = (base,)
    meta = type("Meta", (getattr(bases[0], "Meta", object),), {"adapter": adapter})
    return type(f"Scim{adapter.name}Serializer", bases, {"Meta": meta})


def field_for(attribute: Attribute, owner: str) -> serializers.Field:
    """Return the DRF field that describes an attribute of a serializer."""
    options: dict[str, Any] = {
        "help_text": attribute.description,
        "read_only": attribute.mutability == "readOnly",
        "write_only": attribute.returned == "never",
    }
    if not options["read_only"]:
        options |= {"required": attribute.required, "allow_null": not attribute.required}
    if attribute.is_complex:
        subs = {"attributes": attribute.sub_attributes}
        title = attribute.name[0].upper() + attribute.name[1:]
        name = f"{owner.removesuffix('Serializer')}{title}Serializer"
        serializer_class = type(name, (AttributesSerializer,), subs)
        return serializer_class(many=attribute.multi_valued, **options)
    if attribute.multi_valued:
        return serializers.ListField(child=_simple(attribute), **options)
    return _simple(attribute, **options)


def _simple(attribute: Attribute, **options: Any) -> serializers.Field:
    if attribute.strict:
        return serializers.ChoiceField(choices=list(attribute.canonical_values), **options)
    return _FIELDS.get(attribute.type, serializers.CharField)(**options)


_FIELDS: dict[str, type[serializers.Field]] = {
    "boolean": serializers.BooleanField,
    "integer": serializers.IntegerField,
    "decimal": serializers.FloatField,
    "dateTime": serializers.DateTimeField,
}


def nested(values: Assigned) -> dict[str, Any]:
    """Return the values of a body as a document, with extensions under their URNs."""
    document: dict[str, Any] = {}
    for path, value in values.items():
        place = document.setdefault(path.schema, {}) if path.is_extension else document
        place[path.attribute.name] = value
    return document


def assigned(document: dict[str, Any], schema: ResourceSchema) -> Assigned:
    """Return the values in a document by their paths, the inverse of ``nested``."""
    values: Assigned = {}
    for name, value in document.items():
        extension = schema.by_urn(name)
        if extension is None:
            by_text = {name: value}
        else:
            by_text = {f"{extension.id}:{sub_name}": each for sub_name, each in value.items()}
        for text, each in by_text.items():
            path = schema.find(text)
            assert path is not None, text
            values[path] = each
    return values


def error_text(detail: Any, path: str) -> str:
    """Return the messages of a ValidationError as one line, each with its attribute's path."""
    if isinstance(detail, dict):
        parts = [
            error_text(each, path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
            for name, each in detail.items()
            if each
        ]
        return "; ".join(parts)
    if isinstance(detail, list) and any(isinstance(each, dict | list) for each in detail):
        parts = [error_text(each, f"{path}[{index}]") for index, each in enumerate(detail) if each]
        return "; ".join(parts)
    messages = " ".join(str(each) for each in detail) if isinstance(detail, list) else str(detail)
    return f"{path}: {messages}" if path else messages
