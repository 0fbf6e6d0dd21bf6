"""Serializers of adapters, with validation by the site."""

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from rest_framework import serializers

from django_scim.adapters import UserAdapter
from django_scim.api.serializers import AttributesSerializer, ResourceSerializer, serializer_for
from tests.client import ENTERPRISE, PATCH, USER, assert_error


class EnterpriseRules(AttributesSerializer):
    def validate_employeeNumber(self, value):
        if not value.isdigit():
            raise serializers.ValidationError("must consist of digits")
        return value.zfill(6)


def short(value):
    if len(value) > 10:
        raise serializers.ValidationError("must have at most ten letters")


class StrictSerializer(ResourceSerializer):
    title = serializers.CharField(validators=[short])

    class Meta:
        extensions = {ENTERPRISE: EnterpriseRules}

    def validate_userName(self, value):
        if not value.endswith("@example.com"):
            raise serializers.ValidationError("must be an address of example.com")
        return value.lower()

    def validate_emails(self, value):
        if any("+" in each.get("value", "") for each in value):
            raise serializers.ValidationError("must not contain a plus")
        return [each | {"value": each["value"].lower()} if "value" in each else each
                for each in value]  # fmt: skip

    def validate_name(self, value):
        if value.get("familyName", "").isdigit():
            raise serializers.ValidationError({"familyName": "must be a name"})
        return value

    def validate(self, attrs):
        if attrs.get("nickName") == attrs["userName"]:
            raise serializers.ValidationError("nickName must differ from userName")
        return attrs


class StrictAdapter(UserAdapter):
    serializer_class = StrictSerializer


class DottedAdapter(UserAdapter):
    serializer_class = f"{__name__}.StrictSerializer"


@pytest.fixture(params=["StrictAdapter", "DottedAdapter"])
def strict(request, settings, scim):
    path = f"{__name__}.{request.param}"
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": path}}
    return scim


def create(scim, **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": "bj@example.com", **attributes})


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"userName": "bj@example.org"}, "userName: must be an address of example.com"),
        ({"title": "Vice President"}, "title: must have at most ten letters"),
        ({"emails": [{"value": "b+j@example.com"}]}, "emails: must not contain a plus"),
        ({"name": {"familyName": "7"}}, "name.familyName: must be a name"),
        (
            {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"employeeNumber": "x"}},
            f"{ENTERPRISE}:employeeNumber: must consist of digits",
        ),
        ({"nickName": "bj@example.com"}, "nickName must differ from userName"),
    ],
)
def test_validation_rejects_a_body(strict, attributes, words):
    assert_error(create(strict, **attributes), 400, "invalidValue", words)
    assert not User.objects.exists()
    made = create(strict).data
    body = {"schemas": [USER], "userName": "bj@example.com", **attributes}
    assert_error(strict.put(f"/Users/{made['id']}", body), 400, "invalidValue", words)


def test_validation_may_change_a_value(strict):
    data = create(
        strict,
        schemas=[USER, ENTERPRISE],
        userName="BJ@example.com",
        emails=[{"value": "BJ@home.org", "type": "home"}],
        **{ENTERPRISE: {"employeeNumber": "7"}},
    ).data
    assert data["userName"] == "bj@example.com"
    assert data["emails"] == [{"value": "bj@home.org", "type": "home"}]
    assert data[ENTERPRISE] == {"employeeNumber": "000007"}


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"path": "title", "value": "Vice President"}, "title: must have"),
        ({"value": {"title": "Vice President"}}, "title: must have"),
        ({"path": "name.familyName", "value": "7"}, "name.familyName: must be a name"),
        ({"path": "emails", "value": [{"value": "b+j@x.org"}]}, "emails: must not"),
        ({"path": 'emails[type eq "work"].value', "value": "b+j@x.org"}, "must not contain"),
        ({"path": f"{ENTERPRISE}:employeeNumber", "value": "x"}, "must consist of digits"),
        ({"value": {ENTERPRISE: {"employeeNumber": "x"}}}, "must consist of digits"),
        ({"path": "userName", "value": "bj@example.org"}, "userName: must be an address"),
    ],
)
@pytest.mark.parametrize("op", ["add", "replace"])
def test_validation_rejects_an_operation(strict, op, operation, words):
    made = create(strict, emails=[{"value": "bj@x.org", "type": "work"}]).data
    path = f"/Users/{made['id']}"
    before = strict.get(path).data
    harmless = {"op": "replace", "path": "nickName", "value": "Babs"}
    answer = strict.patch(path, harmless, {"op": op, **operation})
    assert_error(answer, 400, "invalidValue", words)
    assert strict.get(path).data == before


def test_validation_may_change_the_value_of_an_operation(strict):
    path = f"/Users/{create(strict, emails=[{'value': 'bj@x.org', 'type': 'work'}]).data['id']}"
    strict.patch(
        path,
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "NEW@x.org"},
        {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "12"},
    )
    data = strict.get(path).data
    assert data["emails"] == [{"value": "new@x.org", "type": "work"}]
    assert data[ENTERPRISE] == {"employeeNumber": "000012"}


def test_removal_is_not_validated(strict):
    path = f"/Users/{create(strict, title='Guide').data['id']}"
    assert "title" not in strict.patch(path, {"op": "remove", "path": "title"}).data


# Used like any serializer of DRF


@pytest.fixture
def context(scim):
    from django_scim.adapters import Registry
    from django_scim.protocol.tolerances import PROFILES, Tolerances

    registry = Registry(scim.connection, Tolerances(PROFILES["default"]), "https://example.com")
    return {"adapter": registry.adapter("User")}


def test_fields_describe_the_mapped_attributes(context):
    fields = serializer_for(UserAdapter)(context=context).fields
    assert {"id", "meta", "userName", "emails", "name", "groups", ENTERPRISE} <= set(fields)
    assert fields["userName"].required and not fields["title"].required
    assert fields["groups"].read_only and fields["password"].write_only
    assert isinstance(fields["emails"], serializers.ListSerializer)
    assert isinstance(fields["active"], serializers.BooleanField)
    assert "department" in fields[ENTERPRISE].fields


def test_validate_and_save(context):
    data = {"schemas": [USER], "userName": "bjensen", "name": {"givenName": "Barbara"}}
    serializer = serializer_for(UserAdapter)(data=data, context=context)
    assert serializer.is_valid(), serializer.errors
    assert serializer.validated_data["name"] == {"givenName": "Barbara"}
    with transaction.atomic():
        link = serializer.save()
    assert User.objects.get().first_name == "Barbara"
    assert serializer.data["userName"] == "bjensen" and serializer.data["id"] == link.scim_id
    changed = {"schemas": [USER], "userName": "bjensen", "title": "Guide"}
    again = serializer_for(UserAdapter)(link, data=changed, context=context)
    assert again.is_valid()
    with transaction.atomic():
        again.save()
    assert again.data["title"] == "Guide" and "name" not in again.data


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({"schemas": [USER]}, {"userName": ["is required"]}),
        ({"schemas": [USER], "userName": "b", "active": "perhaps"}, {"active"}),
        ({"userName": "b", "schemas": [PATCH]}, {"schemas"}),
        ("text", {"non_field_errors": ["the body must be a JSON object"]}),
    ],
)
def test_errors_by_attribute(context, data, errors):
    serializer = serializer_for(UserAdapter)(data=data, context=context)
    assert not serializer.is_valid()
    if isinstance(errors, dict):
        assert serializer.errors == errors
    else:
        assert set(serializer.errors) == errors
