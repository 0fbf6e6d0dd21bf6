"""ServiceProviderConfig, ResourceTypes, Schemas (RFC 7644 section 4)."""

import json
from pathlib import Path

import pytest

from ..client import ENTERPRISE, GROUP, USER, assert_error

DATA = Path(__file__).parent / "rfc_schemas"


def test_service_provider_config_needs_no_token(scim):
    data = scim.get("/ServiceProviderConfig", token=False).data
    assert data["patch"] == {"supported": True}
    assert data["bulk"] == {
        "supported": True, "maxOperations": 1000, "maxPayloadSize": 10 * 1024 * 1024,
    }  # fmt: skip
    assert data["filter"] == {"supported": True, "maxResults": 1000}
    assert data["changePassword"] == {"supported": False}
    assert data["sort"] == {"supported": True}
    assert data["etag"] == {"supported": True}
    (scheme,) = data["authenticationSchemes"]
    assert scheme["type"] == "oauthbearertoken" and scheme["name"] and scheme["description"]
    assert data["meta"]["location"].endswith("/scim/v2/ServiceProviderConfig")


def test_resource_types(scim):
    data = scim.get("/ResourceTypes", {"count": 1}).data
    assert data["totalResults"] == 2
    user, group = data["Resources"]
    assert (user["name"], user["endpoint"], user["schema"]) == ("User", "/Users", USER)
    assert user["schemaExtensions"] == [{"schema": ENTERPRISE, "required": False}]
    assert (group["name"], group["endpoint"], group["schema"]) == ("Group", "/Groups", GROUP)
    assert scim.get("/ResourceTypes/User").data == user
    assert_error(scim.get("/ResourceTypes/Robot"), 404)


@pytest.mark.parametrize("name", ["User", "Group", "EnterpriseUser"])
def test_every_attribute_of_the_rfc_is_published(name, scim):
    expected = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    found = scim.get(f"/Schemas/{expected['id']}").data
    if name == "Group":  # the RFC leaves it open; this server has one group of a name
        expected["attributes"][0]["uniqueness"] = "server"
    offer_only_what_exists(name, expected)
    assert found["id"] == expected["id"]
    assert found["meta"]["resourceType"] == "Schema"
    assert found["meta"]["location"].endswith(f"/scim/v2/Schemas/{expected['id']}")
    assert [characteristics(each) for each in found["attributes"]] == [
        characteristics(each) for each in expected["attributes"]
    ]


#: What the type and the reference of a value can be on this server: groups contain only users.
OFFERED = {
    ("User", "groups"): {"type": {"canonicalValues": ["direct"]},
                         "$ref": {"referenceTypes": ["Group"]}},
    ("Group", "members"): {"type": {"canonicalValues": ["User"]},
                           "$ref": {"referenceTypes": ["User"]}},
}  # fmt: skip


def offer_only_what_exists(name, schema):
    """Narrow the RFC's definitions to the values that this server can have."""
    for attribute in schema["attributes"]:
        narrowed = OFFERED.get((name, attribute["name"]), {})
        for sub in attribute.get("subAttributes", ()):
            sub |= narrowed.get(sub["name"], {})


def characteristics(attribute):
    """Return a definition without what its type does not use (RFC 7643 section 2.3)."""
    shown = {key: value for key, value in attribute.items() if value not in ([], None)}
    shown["subAttributes"] = [characteristics(s) for s in attribute.get("subAttributes", [])]
    if attribute["type"] in ("complex", "boolean"):
        shown.pop("uniqueness", None)
        shown.pop("caseExact", None)
    shown.setdefault("multiValued", False)
    return shown


def test_list_of_schemas(scim):
    data = scim.get("/Schemas", {"startIndex": 2, "count": 1}).data
    ids = [each["id"] for each in data["Resources"]]
    assert data["totalResults"] == len(ids)
    assert {USER, GROUP, ENTERPRISE} <= set(ids)
    assert not any(":api:messages:" in urn for urn in ids)
    assert scim.get(f"/Schemas/{USER.upper()}").data["id"] == USER
    assert_error(scim.get("/Schemas/urn:x"), 404)


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes"])
def test_discovery_is_read_only_and_not_filtered(path, scim):
    assert_error(scim.get(path, {"filter": "id pr"}), 403)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = scim.request(method, path)
        assert_error(answer, 405)
        assert "GET" in answer.headers["Allow"]
    assert_error(scim.get(path, token=False), 401)


def test_unmapped_attributes_are_not_published(scim, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.SmallAdapter"}}
    data = scim.get(f"/Schemas/{USER}").data
    assert [each["name"] for each in data["attributes"]] == ["userName", "name", "active"]
    assert [each["name"] for each in data["attributes"][1]["subAttributes"]] == ["givenName"]


def __getattr__(name):
    """Build the adapter on first use, when Django is set up."""
    if name != "SmallAdapter":
        raise AttributeError(name)
    from django_scim.adapters import UserAdapter

    kept = ("userName", "name.givenName", "active")
    attributes = {path: UserAdapter.attributes[path] for path in kept}
    return type("SmallAdapter", (UserAdapter,), {"attributes": attributes, "extensions": []})
