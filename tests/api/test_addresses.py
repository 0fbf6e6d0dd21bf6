"""Addresses that an admin may paste into an identity provider by mistake (S10, 31a)."""

import pytest

from ..client import ScimClient, assert_error


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


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/scim/Users",
        "/scim/Users/7?x=1",
        "/scim/Groups",
        "/scim/Bulk",
        "/scim/ServiceProviderConfig",
        "/scim/V2",
        "/scim/V2/Users",
        "/scim/v2/v2/Users",
        "/scim/v2/scim/v2/Users",
        "/scim/v2//Userz",
    ],
)
def test_s10_a_wrong_address_says_which_is_right(everywhere, events, method, path):
    response = everywhere.request(method, path)
    assert_error(response, 404)
    assert response["Content-Type"].startswith("application/scim+json")
    right = "the base URL of this server is http://testserver/scim/v2"
    assert right in response.data["detail"]
    assert not response.data["detail"].partition("/scim/v2 ")[2].startswith("/")
    (event,) = events(outcome="failure")
    assert event.status == 404 and right in event.detail and event.connection is not None
    assert event.path == path


def test_s10_without_a_token_an_address_tells_nothing(everywhere, events):
    response = everywhere.get("/scim/Users", token=False)
    assert_error(response, 401)
    assert "base URL" not in response.data["detail"]
    (event,) = events(action="authentication")
    assert event.path == "/scim/Users"


def test_s10_the_setting_of_the_base_is_used(everywhere, settings):
    settings.DJANGO_SCIM = {"BASE_URL": "https://id.example.com/"}
    response = everywhere.get("/scim/Users")
    assert "is https://id.example.com/scim/v2 " in response.data["detail"] + " "


def test_s10_an_older_version_says_which_is_right(everywhere):
    response = everywhere.get("/scim/v1/Users")
    assert_error(response, 400, "invalidVers")
    assert "http://testserver/scim/v2" in response.data["detail"]


@pytest.mark.parametrize("path", ["/scim/", "/scim/page", "/scim/users", "/Users", "/scimx"])
def test_s10_other_addresses_are_left_to_the_site(everywhere, path):
    assert everywhere.http.get(path)["Content-Type"].startswith("text/html")
