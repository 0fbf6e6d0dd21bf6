"""Addresses that an admin may paste into an identity provider by mistake (S10, 31a)."""

import pytest

from ..client import USER, ScimClient, assert_error


@pytest.fixture
def everywhere(scim):
    """Return a client whose paths start at the host."""
    return ScimClient(scim.connection, scim.secret, base="")


def test_31a_the_base_without_its_slash_is_the_base(everywhere, scim):
    scim.make_user("amy")
    without, with_slash = everywhere.get("/scim/v2"), everywhere.get("/scim/v2/")
    assert without.status_code == with_slash.status_code == 200
    assert without.data == with_slash.data and without.data["totalResults"] == 1
    assert_error(everywhere.get("/scim/v2", token=False), 401)


@pytest.mark.parametrize("base", ["/scim", "/scim/V2"])
def test_other_forms_of_the_base_are_served(everywhere, scim, base):
    """Without a version, a URL means the latest one (RFC 7644 section 3.13)."""
    scim.make_user("amy")
    for path in ("/Users", "/Groups", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes"):
        assert everywhere.get(f"{base}{path}").status_code == 200
    listed = everywhere.get(f'{base}/Users?filter=userName eq "amy"').data["Resources"]
    assert listed[0]["meta"]["location"].startswith(f"http://testserver{base}/Users/")
    made = everywhere.post(f"{base}/Users", {"schemas": [USER], "userName": "bea"})
    assert made.status_code == 201
    path = made.headers["Location"].removeprefix("http://testserver")
    assert everywhere.patch(path, {"op": "replace", "path": "title", "value": "x"}).data["title"]
    assert everywhere.delete(path).status_code == 204
    assert_error(everywhere.get(path), 404)
    assert_error(everywhere.get(f"{base}/Users", token=False), 401)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path",
    ["/scim/V2/Userz", "/scim/v2/v2/Users?x=1", "/scim/v2/scim/v2/Users", "/scim/v2//Userz"],
)
def test_s10_error_for_a_wrong_address_names_the_right_one(everywhere, events, method, path):
    response = everywhere.request(method, path)
    assert_error(response, 404)
    assert response["Content-Type"].startswith("application/scim+json")
    base = "http://testserver/scim/V2" if "/V2/" in path else "http://testserver/scim/v2"
    right = f"the base URL of this server is {base}"
    assert f"{right} " in response.data["detail"]
    (event,) = events(outcome="failure")
    assert event.status == 404 and right in event.detail and event.connection is not None
    assert event.path == path


def test_s10_without_a_token_an_address_tells_nothing(everywhere, events):
    response = everywhere.get("/scim/v2/Userz", token=False)
    assert_error(response, 401)
    assert "base URL" not in response.data["detail"]
    (event,) = events(action="authentication")
    assert event.path == "/scim/v2/Userz"


def test_s10_the_setting_of_the_base_is_used(everywhere, settings):
    settings.DJANGO_SCIM = {"BASE_URL": "https://id.example.com/"}
    response = everywhere.get("/scim/v2/Userz")
    assert "is https://id.example.com/scim/v2 " in response.data["detail"] + " "


@pytest.mark.parametrize("path", ["/Users", "/Users/", "/Users/1", "/Bulk", "/", "", "/Userz"])
@pytest.mark.parametrize("version", ["v1", "V1", "v3", "v2.0", "v2.1", "V2.1", "v1.1.0", "v10"])
def test_s10_error_for_another_version_names_the_right_address(everywhere, version, path):
    response = everywhere.get(f"/scim/{version}{path}")
    assert_error(response, 400, "invalidVers")
    assert "http://testserver/scim/v2" in response.data["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/scim/",
        "/scim/page",
        "/scim/Userz",
        "/Users",
        "/scimx",
        "/scim/v",
        "/scim/v2x/Users",
        "/scim/v2./Users",
        "/scim/vip/Users",
        "/scim/v.1/Users",
    ],
)
def test_s10_other_addresses_are_left_to_the_site(everywhere, path):
    assert everywhere.http.get(path)["Content-Type"].startswith("text/html")
