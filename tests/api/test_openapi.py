"""Resource types in the OpenAPI document of a site."""

import pytest
from django.urls import include, path

from django_scim.api.routers import scim_urls
from tests.client import ENTERPRISE

pytest.importorskip("drf_spectacular")


def document(settings, **scim):
    from drf_spectacular.generators import SchemaGenerator

    settings.REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
    settings.DJANGO_SCIM = scim
    patterns = [path("scim/v2/", include((scim_urls(), "django_scim")))]
    return SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)


def test_excluded_by_default(settings):
    assert document(settings)["paths"] == {}


def test_described_by_the_adapters(settings, capsys):
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.validation import validate_schema

    GENERATOR_STATS.reset()
    found = document(settings, OPENAPI=True)
    validate_schema(found)
    assert not GENERATOR_STATS, capsys.readouterr().err  # no warnings or errors
    assert set(found["paths"]) == {
        "/scim/v2/Users",
        "/scim/v2/Users/.search",
        "/scim/v2/Users/{scim_id}",
        "/scim/v2/Groups",
        "/scim/v2/Groups/.search",
        "/scim/v2/Groups/{scim_id}",
    }
    user = found["components"]["schemas"]["ScimUser"]
    assert {"userName", "emails", ENTERPRISE} <= set(user["properties"])
    assert user["properties"]["groups"]["readOnly"] is True
    answer = found["paths"]["/scim/v2/Users"]["get"]["responses"]["200"]["content"]
    assert answer["application/scim+json"]["schema"]["$ref"].endswith("/ScimUserList")
    patch = found["paths"]["/scim/v2/Users/{scim_id}"]["patch"]
    assert patch["security"] == [{"scimToken": []}]
    assert patch["requestBody"]["content"]["application/scim+json"]["schema"]["$ref"].endswith(
        "ScimPatch"
    )
