"""Adapters that the settings declare for one connection (``CONNECTION_ADAPTERS``)."""

import pytest

from django_scim import connections
from django_scim.adapters import Constant, UserAdapter
from tests.client import USER, ScimClient, assert_error

TYPE = "urn:ietf:params:scim:schemas:core:2.0:User"


class PartnerAdapter(UserAdapter):
    """Give every user the same title and store no nicknames."""

    attributes = {
        path: mapping
        for path, mapping in UserAdapter.attributes.items()
        if path not in ("nickName", "title")
    } | {"title": Constant("Partner")}


@pytest.fixture
def partner(db, settings):
    settings.DJANGO_SCIM = {
        "CONNECTION_ADAPTERS": {"Partner": {"User": f"{__name__}.PartnerAdapter"}}
    }
    return ScimClient(connections.create("Partner"))


def test_applies_to_its_connection_only(partner, scim):
    body = {"schemas": [USER], "title": "Chief", "nickName": "Babs"}
    theirs = partner.post("/Users", body | {"userName": "theirs"}).data
    ours = scim.post("/Users", body | {"userName": "ours"}).data
    assert theirs["title"] == "Partner" and "nickName" not in theirs
    assert (ours["title"], ours["nickName"]) == ("Chief", "Babs")
    assert [each["userName"] for each in partner.find('title eq "partner"')] == ["theirs"]
    assert_error(partner.get("/Users", {"filter": "nickName pr"}), 400, "invalidFilter")


def test_schemas_reflect_the_connection_adapter(partner, scim):
    def published(client):
        attributes = client.get(f"/Schemas/{TYPE}").data["attributes"]
        return {each["name"]: each["mutability"] for each in attributes}

    assert published(partner)["title"] == "readOnly" and "nickName" not in published(partner)
    assert published(scim)["title"] == "readWrite" and "nickName" in published(scim)
