"""Serializers made from adapters: validation, representation and OpenAPI where DRF has them.

The schemas decide what an attribute takes, and the adapter how it is read and written. A site
adds rules of its own in the usual way: a method ``validate_title``, or a declared field.
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
from ..protocol.attributes import COMMON, Attribute, AttributePath, ResourceSchema
from ..protocol.errors import InvalidValue, ScimError
from ..protocol.messages.patch import Operation
from ..protocol.resource_body import read_resource


class Refused(ValidationError):
    """A body that the protocol refuses; ``error`` is the SCIM error that says why."""

    def __init__(self, error: ScimError, schema: ResourceSchema) -> None:
        path, colon, text = error.detail.partition(": ")
        field = path if colon and schema.find(path) else "non_field_errors"
        super().__init__({field: [text if field == path else error.detail]})
        self.error = error


class AttributesSerializer(serializers.Serializer):
    """The attributes of one schema. For an extension, list a subclass in ``Meta.extensions``.

    In a PATCH a rule sees what the operation sets: of a list the values that it adds, of a
    complex attribute the parts that it names. What is unassigned is not asked about.
    """

    #: What the fields are made of, beside those that a subclass declares.
    attributes: ClassVar[tuple[Attribute, ...]] = ()

    def get_fields(self) -> dict[str, Any]:
        made = {each.name: field_for(each, type(self).__name__) for each in self.get_attributes()}
        return made | super().get_fields()

    def get_attributes(self) -> tuple[Attribute, ...]:
        return self.attributes

    @cached_property
    def _declared(self) -> dict[str, serializers.Field]:
        """The declared fields alone, bound: a request need not make all the others."""
        declared = super().get_fields()
        for name, field in declared.items():
            field.bind(name, self)
        return declared

    def rules(self, name: str) -> bool:
        """Whether the site has a rule of its own for an attribute."""
        return name in self._declared or hasattr(self, f"validate_{name}")

    def checked(self, path: AttributePath, value: Any) -> Any:
        """Return what is to be stored for a value. Raises InvalidValue with the site's reason."""
        name = path.attribute.name
        try:
            if name in self._declared:
                value = self._declared[name].run_validation(value)
            rule = getattr(self, f"validate_{name}", None)
            return rule(value) if rule else value
        except (ValidationError, DjangoValidationError) as error:
            detail = serializers.as_serializer_error(error)
            raise InvalidValue(said(detail, path.name)) from None


class ResourceSerializer(AttributesSerializer):
    """A resource of the type that ``Meta.adapter`` publishes.

    ``context["adapter"]`` is the adapter of the request: it alone knows the connection. The
    instance is a link of the adapter's; ``validated_data`` is the body as the schemas read it.
    """

    class Meta:
        adapter: type[ResourceAdapter]
        #: Serializers with rules for extensions, by the extension's URN.
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
            made = type(name, (base,), {"attributes": schema.attributes})
            required = schema in self.Meta.adapter.required_extensions
            fields[schema.id] = made(required=required, help_text=schema.description)
        return fields

    @classmethod
    def _extensions(cls) -> dict[str, type[AttributesSerializer]]:
        return getattr(cls.Meta, "extensions", {})

    @cached_property
    def _holders(self) -> dict[str, AttributesSerializer]:
        return {urn: made(context=self.context) for urn, made in self._extensions().items()}

    # Validation

    def run_validation(self, data: Any = empty) -> dict[str, Any]:
        """Return the body as the schemas and the site's rules leave it.

        Raises Refused, or the ValidationError of the site's ``validate``.
        """
        value = self.to_internal_value({} if data is empty else data)
        try:
            if self.validators:
                self.run_validators(value)
            return self.validate(value)
        except (ValidationError, DjangoValidationError) as error:
            raise ValidationError(serializers.as_serializer_error(error)) from None

    def read(self, data: Any) -> Assigned:
        """Return what a body assigns, as the schemas and the site's rules leave it.

        Only a site's ``validate``, or its validators, see the body as one document. Raises
        Refused, or their ValidationError.
        """
        if type(self).validate is serializers.Serializer.validate and not self.validators:
            return self._read_values(data)
        return assigned(self.run_validation(data), self.adapter.resource_schema)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the body as a document. Raises Refused."""
        return nested(self._read_values(data))

    def _read_values(self, data: Any) -> Assigned:
        schema = self.adapter.resource_schema
        try:
            values = read_resource(data, schema, self.adapter.tolerances)
            return {path: self._checked(path, value) for path, value in values.items()}
        except ScimError as error:
            raise Refused(error, schema) from None

    def _checked(self, path: AttributePath, value: Any) -> Any:
        holder = self.holder(path)
        ruled = value is not None and holder is not None and holder.rules(path.attribute.name)
        return holder.checked(path, value) if ruled else value

    def holder(self, path: AttributePath) -> Any:
        """Return the serializer whose rules an attribute is under, or None."""
        return self._holders.get(path.schema) if path.is_extension else self

    def check(self, operation: Operation) -> Operation:
        """Return an operation of a PATCH as the site's rules leave it. Raises InvalidValue."""
        path, value = operation.path, operation.value
        holder = self.holder(path)
        if operation.op == "remove" or holder is None or not holder.rules(path.attribute.name):
            return operation
        part = {path.sub.name: value} if path.sub else value
        is_one = path.attribute.multi_valued and not isinstance(part, list)
        checked = holder.checked(path, [part] if is_one else part)
        if is_one:
            checked = checked[0]
        if path.sub:
            checked = checked[path.sub.name]
        return Operation(operation.op, path, operation.where, checked)

    # Writing, in a transaction of the caller's, and reading

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
    """Return the serializer of an adapter: its own, or one with no rules beside the schemas'."""
    given = adapter.serializer_class
    if given:
        found: type[ResourceSerializer] = import_string(given) if isinstance(given, str) else given
        bases: tuple[type, ...] = (found,)
    else:
        bases = (ResourceSerializer,)
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
        made = type(name, (AttributesSerializer,), subs)
        return made(many=attribute.multi_valued, **options)
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
    """Return what a body assigns as a resource has it, extensions under their URNs."""
    document: dict[str, Any] = {}
    for path, value in values.items():
        place = document.setdefault(path.schema, {}) if path.is_extension else document
        place[path.attribute.name] = value
    return document


def assigned(document: dict[str, Any], schema: ResourceSchema) -> Assigned:
    """Return a validated document as the adapters take it, the inverse of ``nested``."""
    values: Assigned = {}
    for name, value in document.items():
        extension = schema.by_urn(name)
        if extension is None:
            texts = {name: value}
        else:
            texts = {f"{extension.id}:{each}": held for each, held in value.items()}
        for text, held in texts.items():
            path = schema.find(text)
            assert path is not None, text
            values[path] = held
    return values


def said(detail: Any, path: str) -> str:
    """Return the messages of a ValidationError as one line, each after its attribute's path."""
    if isinstance(detail, dict):
        parts = [
            said(each, path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
            for name, each in detail.items()
            if each
        ]
        return "; ".join(parts)
    if isinstance(detail, list) and any(isinstance(each, dict | list) for each in detail):
        parts = [said(each, f"{path}[{index}]") for index, each in enumerate(detail) if each]
        return "; ".join(parts)
    messages = " ".join(str(each) for each in detail) if isinstance(detail, list) else str(detail)
    return f"{path}: {messages}" if path else messages
