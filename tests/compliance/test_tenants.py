"""Several tenants on one site, each a connection (RFC 7644 section 6)."""

import pytest
from django.contrib.auth.models import Group, User

from ..client import BASE, ENTERPRISE, GROUP, USER, ScimClient, assert_error

ACME = "/tenants/acme/scim/v2"


@pytest.fixture
def tenants(connect):
    return connect(), connect()


def ids(scim, endpoint="/Users", **params):
    return {each["id"] for each in scim.get(endpoint, params).data["Resources"]}


def test_ten_01_several_tenants(tenants):
    one, other = tenants
    for number, scim in enumerate(tenants):
        scim.make_user(f"user{number}", title="Guide")
    assert one.get("/Users").data["totalResults"] == other.get("/Users").data["totalResults"] == 1
    assert User.objects.count() == 2


def test_ten_02_token_determines_the_tenant(tenants):
    one, other = tenants
    mine, theirs = one.make_user("mine"), other.make_user("theirs")
    assert ids(one) == {mine["id"]} and ids(other) == {theirs["id"]}
    assert ids(one, filter='userName eq "theirs"') == set()
    with_their_token = ScimClient(one.connection, other.secret)
    assert ids(with_their_token) == {theirs["id"]}


@pytest.mark.urls("tests.compliance.urls")
@pytest.mark.parametrize("host", ["acme.example.com", "testserver"])
@pytest.mark.parametrize("base", [ACME, BASE])
def test_ten_03_prefix_or_host_may_name_the_tenant(connect, base, host):
    for name, scim in (("mine", connect()), ("theirs", connect())):
        scim.base = base
        scim.http.defaults["HTTP_HOST"] = host
        user = scim.make_user(name)
        path = f"/Users/{user['id']}"
        assert user["meta"]["location"] == f"http://{host}{base}{path}"
        assert ids(scim) == {user["id"]}
        assert scim.get(path).data == scim.put(path, user).data == user
        operation = {"op": "add", "path": "title", "value": "x"}
        assert scim.patch(path, operation).data["title"] == "x"
        assert scim.get(f"/Schemas/{USER}").data["id"] == USER
        assert_error(scim.get("/Nope"), 404)
        assert scim.delete(path).status_code == 204


@pytest.mark.urls("tests.compliance.urls")
def test_ten_04_token_decides_independently_of_the_prefix(connect):
    one, other = connect(), connect()
    one.base, other.base = ACME, ACME.replace("acme", "other")
    theirs = other.make_user("theirs")
    one.base = other.base
    assert ids(one) == set()
    assert_error(one.get(f"/Users/{theirs['id']}"), 404)


def test_ten_04_other_tenants_are_out_of_reach(tenants):
    one, other = tenants
    user, group = other.make_user(), other.make_group()
    for path in (f"/Users/{user['id']}", f"/Groups/{group['id']}"):
        before = other.get(path).data
        for method in ("GET", "PUT", "DELETE"):
            assert_error(one.request(method, path, before), 404)
        assert_error(one.patch(path, {"op": "replace", "path": "displayName", "value": "x"}), 404)
        assert other.get(path).data == before


def test_ten_05_external_ids_belong_to_the_tenant(tenants):
    one, other = tenants
    mine, theirs = one.make_user("mine", externalId="7"), other.make_user("theirs", externalId="7")
    assert ids(one, filter='externalId eq "7"') == {mine["id"]}
    assert ids(other, filter='externalId eq "7"') == {theirs["id"]}


def test_ten_06_filters_groups_and_references_stay_in_the_tenant(tenants):
    one, other = tenants
    mine, theirs = one.make_user("mine"), other.make_user("theirs", title="Guide")
    for text in ('userName eq "theirs"', 'title eq "Guide"', f'id eq "{theirs["id"]}"'):
        assert ids(one, filter=text) == set()
    assert ids(one, filter='not (userName eq "x")') == {mine["id"]}
    team = one.make_group("Team", mine)
    assert other.make_group("Team")["displayName"] == "Team"
    assert_error(
        one.post("/Groups", {"schemas": [GROUP], "displayName": "TEAM"}), 409, "uniqueness"
    )
    assert ids(other, "/Groups", filter=f'members.value eq "{mine["id"]}"') == set()
    join = {"op": "add", "path": "members", "value": [{"value": theirs["id"]}]}
    assert_error(one.patch(f"/Groups/{team['id']}", join), 400, "invalidValue", "members")
    manager = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": theirs["id"]}}
    shown = one.patch(f"/Users/{mine['id']}", manager).data[ENTERPRISE]["manager"]
    assert shown == {"value": theirs["id"]}  # a name that no resource of this tenant has
    assert Group.objects.filter(user__isnull=False).get().user_set.get().username == "mine"


def test_ten_06_usernames_are_unique_on_the_site(tenants):
    one, other = tenants
    one.make_user("amy")
    answers = [scim.post("/Users", {"schemas": [USER], "userName": "AMY"}) for scim in (one, other)]
    for answer in answers:
        assert_error(answer, 409, "uniqueness", "userName: 'AMY' is taken")
    assert ids(other) == set()


@pytest.mark.urls("tests.compliance.urls")
def test_ten_07_locations_keep_the_prefix(connect):
    scim = connect()
    scim.base = ACME
    answer = scim.post("/Users", {"schemas": [USER], "userName": "bjensen"})
    user, location = answer.data, f"http://testserver{ACME}/Users/{answer.data['id']}"
    assert answer.headers["Location"] == user["meta"]["location"] == location
    group = scim.make_group("G", user)
    assert group["meta"]["location"].startswith(f"http://testserver{ACME}/Groups/")
    assert group["members"][0]["$ref"] == location
    assert (
        scim.request("GET", location.removeprefix(f"http://testserver{ACME}")).data["id"]
        == (user["id"])
    )
    assert (
        scim.get("/Schemas")
        .data["Resources"][0]["meta"]["location"]
        .startswith(f"http://testserver{ACME}/Schemas/")
    )
