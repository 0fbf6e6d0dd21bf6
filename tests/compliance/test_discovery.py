"""ServiceProviderConfig, ResourceTypes, Schemas (RFC 7644 section 4, RFC 7643 sections 5 to 7)."""

from urllib.parse import quote

import pytest
from django.urls import include, path

from django_scim.protocol.attributes import Attribute
from django_scim.testing.samples import sample, shows

from ..client import BASE, ENTERPRISE, GROUP, USER, ScimClient, assert_error

urlpatterns = [path("elsewhere/v2/", include("django_scim.urls.v2"))]

CONFIG = "/ServiceProviderConfig"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
ENDPOINTS = [CONFIG, "/ResourceTypes", "/Schemas"]


@pytest.fixture
def config(scim):
    return scim.get(CONFIG).data


@pytest.fixture
def types(scim):
    return scim.get("/ResourceTypes").data["Resources"]


@pytest.fixture
def schemas(scim):
    return {each["id"]: each for each in scim.get("/Schemas").data["Resources"]}


def test_dsc_01_config_is_one_object(config):
    assert config["schemas"] == [f"{CORE}ServiceProviderConfig"]
    assert "Resources" not in config and "totalResults" not in config


def test_dsc_02_config_has_every_member(config):
    for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag"):
        assert isinstance(config[name]["supported"], bool)
    for name, limit in (
        ("bulk", "maxOperations"),
        ("bulk", "maxPayloadSize"),
        ("filter", "maxResults"),
    ):
        assert type(config[name][limit]) is int
    assert isinstance(config["authenticationSchemes"], list) and config["authenticationSchemes"]


def test_dsc_03_authentication_schemes(config):
    for scheme in config["authenticationSchemes"]:
        assert scheme["type"] == "oauthbearertoken"
        assert scheme["name"] and scheme["description"]


def test_dsc_04_config_is_public_by_default(scim, config, settings):
    public = scim.get(CONFIG, token=False).data
    assert public == {name: each for name, each in config.items() if name != "pagination"}
    settings.DJANGO_SCIM = {"ANONYMOUS_CONFIG": False}
    refused = scim.get(CONFIG, token=False)
    assert_error(refused, 401)
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert scim.get(CONFIG).data == config


def test_dsc_05_config_has_its_resource_type(config):
    assert config["meta"]["resourceType"] == "ServiceProviderConfig"
    assert config["meta"]["location"] == f"http://testserver{BASE}{CONFIG}"


def test_dsc_06_every_used_schema_is_listed(scim, types):
    data = scim.get("/Schemas").data
    assert data["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    ids = [each["id"] for each in data["Resources"]]
    used = {each["schema"] for each in types}
    used |= {extension["schema"] for each in types for extension in each["schemaExtensions"]}
    assert used == {USER, GROUP, ENTERPRISE}
    about = {f"{CORE}{name}" for name in ("ServiceProviderConfig", "ResourceType", "Schema")}
    assert sorted(ids) == sorted(used | about)
    assert data["totalResults"] == len(ids)


def test_dsc_07_messages_are_not_schemas(scim, schemas):
    assert not [urn for urn in schemas if urn.startswith("urn:ietf:params:scim:api:")]
    assert_error(scim.get("/Schemas/urn:ietf:params:scim:api:messages:2.0:PatchOp"), 404)


def test_dsc_08_single_schema(scim, schemas):
    for urn, schema in schemas.items():
        for key in (urn, urn.upper(), quote(urn, safe="")):
            assert scim.get(f"/Schemas/{key}").data == schema
    assert_error(scim.get("/Schemas/urn:example:unknown"), 404)


def test_dsc_09_resource_types(scim, types):
    data = scim.get("/ResourceTypes").data
    assert data["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert data["totalResults"] == 2 and [each["name"] for each in types] == ["User", "Group"]
    for each in types:
        assert scim.get(f"/ResourceTypes/{each['name']}").data == each
    assert_error(scim.get("/ResourceTypes/Robot"), 404)


def test_dsc_10_resource_types_name_existing_schemas(scim, types, schemas):
    for each in types:
        assert each["name"] and each["schema"] in schemas
        assert scim.get(each["endpoint"]).status_code == 200
        for extension in each["schemaExtensions"]:
            assert extension["schema"] in schemas and extension["required"] is False


def test_dsc_11_meta_uses_the_name_of_the_type(scim, types):
    names = {each["endpoint"]: each["name"] for each in types}
    made = {"/Users": scim.make_user(), "/Groups": scim.make_group()}
    assert {at: each["meta"]["resourceType"] for at, each in made.items()} == names


def test_dsc_12_endpoints_are_relative_to_the_base_url(types):
    assert [each["endpoint"] for each in types] == ["/Users", "/Groups"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_dsc_13_paging_and_sorting_are_ignored(endpoint, scim):
    params = {"count": 1, "startIndex": 2, "sortBy": "id", "sortOrder": "descending"}
    answer = scim.get(endpoint, params)
    assert answer.status_code == 200 and answer.data == scim.get(endpoint).data
    assert len(answer.data.get("Resources", [])) == answer.data.get("totalResults", 0)


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "/ResourceTypes/User", f"/Schemas/{USER}"])
def test_dsc_14_filters_are_rejected(endpoint, scim):
    assert_error(scim.get(endpoint, {"filter": 'id eq "User"'}), 403)


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "/ResourceTypes/User", f"/Schemas/{USER}"])
@pytest.mark.parametrize("parameter", ["attributes", "excludedAttributes"])
def test_dsc_15_projection_is_ignored(endpoint, parameter, scim):
    assert scim.get(endpoint, {parameter: "name,id"}).data == scim.get(endpoint).data


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "/ResourceTypes/User", f"/Schemas/{USER}"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_dsc_16_discovery_is_read_only(endpoint, method, scim):
    before = scim.get(endpoint).data
    answer = scim.request(method, endpoint, {"schemas": [f"{CORE}Schema"]})
    assert_error(answer, 405)
    allowed = answer.headers["Allow"].split(", ")
    assert "GET" in allowed and method not in allowed
    assert scim.get(endpoint).data == before


def test_dsc_17_meta(types, schemas):
    for each in types:
        assert each["meta"] == {
            "resourceType": "ResourceType",
            "location": f"http://testserver{BASE}/ResourceTypes/{each['name']}",
        }
    for urn, schema in schemas.items():
        location = f"http://testserver{BASE}/Schemas/{urn}"
        assert schema["meta"] == {"resourceType": "Schema", "location": location}


def test_dsc_18_user_attributes_behave_as_published(scim, schemas):
    given, published = {"schemas": [USER, ENTERPRISE], ENTERPRISE: {}}, []
    for urn, place in ((USER, given), (ENTERPRISE, given[ENTERPRISE])):
        for data in schemas[urn]["attributes"]:
            attribute = Attribute.from_json(data)
            published.append((urn, attribute))
            place[attribute.name] = sample(attribute, 0)
    assert len(published) == 27
    user = scim.make("/Users", given)
    resource = scim.get(f"/Users/{user['id']}").data
    for urn, attribute in published:
        sent, got = (
            (each[ENTERPRISE] if urn == ENTERPRISE else each).get(attribute.name)
            for each in (given, resource)
        )
        if attribute.mutability == "readOnly" or attribute.returned == "never":
            assert got is None, attribute.name
            continue
        assert shows(attribute, sent, got), attribute.name
        for sub in attribute.sub_attributes:
            one = got[0] if attribute.multi_valued else got
            if sub.is_text and sub.mutability == "readWrite" and sub.name in one:
                name = f"{urn}:{attribute.name}.{sub.name}"
                assert_case_exact_as_published(scim, name, sub, one[sub.name])
        if attribute.is_text and not attribute.multi_valued:
            assert_case_exact_as_published(scim, f"{urn}:{attribute.name}", attribute, got)
        if attribute.required:
            without = {key: value for key, value in given.items() if key != attribute.name}
            assert_error(scim.post("/Users", without), 400, "invalidValue", attribute.name)
        if attribute.uniqueness == "server":
            assert_error(scim.post("/Users", given), 409, "uniqueness", attribute.name)


def assert_case_exact_as_published(scim, name, attribute, value):
    """Assert that a filter ignores case exactly if caseExact is false."""
    assert len(scim.find(f'{name} eq "{value}"')) == 1, name
    if value.swapcase() != value:
        found = scim.find(f'{name} eq "{value.swapcase()}"')
        assert len(found) == (0 if attribute.case_exact else 1), name


def test_dsc_19_locations_have_the_requested_prefix(scim, settings):
    settings.ROOT_URLCONF = "tests.compliance.test_discovery"
    moved = ScimClient(scim.connection, scim.secret, base="/elsewhere/v2")
    user = moved.make_user()
    base = "http://testserver/elsewhere/v2"
    assert user["meta"]["location"] == f"{base}/Users/{user['id']}"
    for at in (CONFIG, "/ResourceTypes/Group", f"/Schemas/{GROUP}"):
        assert moved.get(at).data["meta"]["location"] == f"{base}{at}"
