"""What Microsoft Entra ID sends: both dialects, on its profile."""

import pytest
from django.contrib.auth.models import Group, User

from ..client import ENTERPRISE, GROUP, USER, assert_error

ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
CREATE = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_ab6490ee",
    "active": True,
    "emails": [{"primary": True, "type": "work", "value": "a@b.com"}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "g"},
    "roles": [],
}


@pytest.fixture(params=["entra", "default"])
def entra(request, connect):
    """The profile of Entra; the default one takes all of it, too, but for unknown schemas."""
    return connect(request.param)


@pytest.fixture
def user(entra):
    answer = entra.post("/Users", CREATE)
    assert answer.status_code == 201
    assert answer.headers["Location"] == answer.data["meta"]["location"]
    return answer.data


def patch(client, user, *operations, query=""):
    answer = client.patch(f"/Users/{user['id']}{query}", *operations)
    assert answer.status_code == 200, answer.data
    return answer.data


def test_connection(entra):
    answer = entra.get("/Users", {"filter": 'userName eq "non-existent user"'})
    assert answer.status_code == 200
    assert answer.data["totalResults"] == 0 and answer.data["Resources"] == []
    plus = entra.get("/Users?filter=userName+eq+%22non-existent%22")
    assert plus.status_code == 200


def test_match(entra, user):
    for text in (
        'userName eq "test_user_AB6490EE"',
        f'externalId eq "{CREATE["externalId"]}"',
        'emails[type eq "work"].value eq "A@b.com"',
        f"externalId eq {CREATE['externalId']}",
    ):
        assert [each["id"] for each in entra.find(text)] == [user["id"]]


def test_create(entra, user):
    account = User.objects.get()
    assert (account.username, account.email) == ("Test_User_ab6490ee", "a@b.com")
    assert (account.first_name, account.last_name) == ("g", "familyName")
    assert "roles" not in user
    assert_error(entra.post("/Users", CREATE), 409, "uniqueness")


def test_create_with_nulls_and_unknown_names(entra):
    body = CREATE | {"addresses": None, "phoneNumbers": None, "title": None, "department": None}
    assert entra.post("/Users", body | {"manager": None}).status_code == 201


def test_create_with_the_misspelt_urn(entra):
    wrong = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"
    body = CREATE | {"schemas": [USER, wrong], wrong: {"department": "R"}}
    answer = entra.post("/Users", body)
    assert answer.data["schemas"] == [USER, ENTERPRISE]
    assert answer.data[ENTERPRISE] == {"department": "R"}


def test_create_with_the_extension_missing_from_schemas(entra):
    body = CREATE | {"schemas": [USER], ENTERPRISE: {"manager": "123456"}}
    assert entra.post("/Users", body).data[ENTERPRISE]["manager"] == {"value": "123456"}


def test_update_in_the_default_dialect(entra, user):
    data = patch(
        entra,
        user,
        {"op": "Replace", "path": "displayName", "value": "Pvlo"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "t@x.com"},
        {"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
        {"op": "Replace", "path": "externalId", "value": "Eqpj"},
        {"op": "Replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "Eqpj"},
        {"op": "Add", "path": "nickName", "value": "Babs"},
    )
    assert data["emails"] == [{"value": "t@x.com", "type": "work", "primary": True}]
    assert (data["displayName"], data["nickName"], data["externalId"]) == ("Pvlo", "Babs", "Eqpj")
    account = User.objects.get()
    assert (account.email, account.first_name) == ("t@x.com", "Gtfd")
    assert account.scim_profile.employee_number == "Eqpj"


@pytest.mark.parametrize("query", ["?aadOptscim062020", "?aadOptscim062020=true"])
def test_update_in_the_corrected_dialect(query, entra, user):
    data = patch(
        entra,
        user,
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "T@x.com"},
        {
            "op": "replace",
            "value": {
                "displayName": "Bjfe",
                "name.givenName": "Kkom",
                "name.familyName": "Unua",
                f"{ENTERPRISE}:employeeNumber": "Aklq",
            },
        },
        query=query,
    )
    assert data["emails"][0]["value"] == "T@x.com"
    assert (data["displayName"], data["name"]["familyName"]) == ("Bjfe", "Unua")
    account = User.objects.get()
    assert (account.first_name, account.last_name) == ("Kkom", "Unua")
    assert account.scim_profile.employee_number == "Aklq"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": [{"$ref": None, "value": "False"}]},
    ],
)
def test_disable(operation, entra, user):
    assert patch(entra, user, operation)["active"] is False
    assert not User.objects.get().is_active
    assert patch(entra, user, operation | {"value": "True"})["active"] is True


@pytest.mark.parametrize(
    ("path", "value", "attribute", "expected"),
    [
        ('phoneNumbers[type eq "mobile"].value', "+1", "phoneNumbers",
         [{"type": "mobile", "value": "+1"}]),
        ('addresses[type eq "work"].formatted', "Main St", "addresses",
         [{"type": "work", "formatted": "Main St"}]),
        ('emails[type eq "untyped"].value', "u@x.com", "emails",
         [CREATE["emails"][0], {"type": "untyped", "value": "u@x.com"}]),
        ('emails[type eq "work"].display', "Work", "emails",
         [CREATE["emails"][0] | {"display": "Work"}]),
        ('roles[primary eq "True"].value', "Admin", "roles",
         [{"primary": True, "value": "Admin"}]),
        ('emails[type eq "work"].primary', "false", "emails",
         [CREATE["emails"][0] | {"primary": False}]),
        ("roles", [{"value": '{"id":"1","value":"Admin","displayName":"Admin"}'}], "roles",
         [{"value": '{"id":"1","value":"Admin","displayName":"Admin"}'}]),
        ("roles", [{"primary": False, "type": "WindowsAzureActiveDirectoryRole",
                    "display": "User", "value": "User"}], "roles",
         [{"primary": False, "type": "WindowsAzureActiveDirectoryRole", "display": "User",
           "value": "User"}]),
        ("displayName", [{"$ref": None, "value": "User X"}], "displayName", "User X"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("op", ["Add", "Replace"])
def test_values_that_are_not_there_yet(op, path, value, attribute, expected, entra, user):
    data = patch(entra, user, {"op": op, "path": path, "value": value})
    assert data[attribute] == expected


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"{ENTERPRISE}:manager", "plain"),
        (f"{ENTERPRISE}.manager", "plain"),
        ("manager", "list"),
        (f"{ENTERPRISE}:manager", "object"),
    ],
)
def test_every_form_of_the_manager(path, form, entra, user):
    boss = entra.make_user("boss")
    value = {
        "plain": boss["id"],
        "list": [{"$ref": f"http://x/Users/{boss['id']}", "value": boss["id"]}],
        "object": {"value": boss["id"]},
    }[form]
    data = patch(entra, user, {"op": "Add", "path": path, "value": value})
    assert data[ENTERPRISE]["manager"]["value"] == boss["id"]
    account = User.objects.get(username=user["userName"])
    assert account.scim_profile.manager.username == "boss"
    check = f'id eq "{user["id"]}" and manager eq "{boss["id"]}"'
    assert entra.find(check, attributes="id") == [{"schemas": [USER, ENTERPRISE], "id": user["id"]}
                                                  ] or entra.find(check)  # fmt: skip
    data = patch(entra, user, {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": ""})
    assert ENTERPRISE not in data


def test_delete(entra, user):
    assert entra.delete(f"/Users/{user['id']}").status_code == 204
    assert_error(entra.get(f"/Users/{user['id']}"), 404)


def test_group(connect):
    entra = connect("entra")
    body = {
        "schemas": [GROUP, ADSCIM],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "d",
        "meta": {"resourceType": "Group"},
    }
    answer = entra.post("/Groups", body)
    assert answer.status_code == 201
    path = f"/Groups/{answer.data['id']}"
    assert "members" not in entra.get(path, {"excludedAttributes": "members"}).data
    params = {"excludedAttributes": "members", "filter": 'displayName eq "D"'}
    assert entra.get("/Groups", params).data["totalResults"] == 1
    one, two, three = (entra.make_user(name)["id"] for name in ("one", "two", "three"))

    def change(operation):
        answer = entra.patch(path, operation)
        assert answer.status_code == 204 and not answer.content
        return {member["value"] for member in entra.get(path).data.get("members", [])}

    for member, expected in ((one, {one}), (two, {one, two}), (three, {one, two, three})):
        value = [{"$ref": None, "value": member}]
        assert change({"op": "Add", "path": "members", "value": value}) == expected
    check = f'id eq "{answer.data["id"]}" and members eq "{one}"'
    assert entra.find(check, "/Groups")
    check = f'members eq "{one}" and id eq "{answer.data["id"]}"'
    assert entra.find(check, "/Groups")
    value = [{"$ref": None, "value": one}]
    assert change({"op": "Remove", "path": "members", "value": value}) == {two, three}
    assert change({"op": "remove", "path": f'members[value eq "{two}"]'}) == {three}
    change({"op": "Replace", "path": "displayName", "value": "new"})
    assert entra.get(path).data["displayName"] == "new"
    assert Group.objects.get().user_set.get().username == "three"
    unknown = {"op": "Add", "path": "members", "value": [{"value": "string id 1"}]}
    assert_error(entra.patch(path, unknown), 400, "invalidValue", "string id 1")
    assert entra.delete(path).status_code == 204


def test_a_foreign_schema_is_for_entra_alone(connect):
    body = {"schemas": [GROUP, ADSCIM], "displayName": "d"}
    assert_error(connect("default").post("/Groups", body), 400, "invalidSyntax")


def test_microsofts_collections(entra, user):
    assert entra.get("/users/?filter=DisplayName+eq+%22x%22").status_code == 200
    assert entra.find("userName sw test_u")
    assert entra.find("meta.Created gt 2015-10-10T14:38:21.8617979-07:00")
    text = 'active eq true and (meta.lastModified ge "0001-01-03T00:00:00.0000000Z")'
    assert entra.find(text)
    text = "name.FamilyName eq familyName and (emails.Value co b.com or emails.Value co b.org)"
    assert entra.find(text)
    data = entra.get("/Users", {"attributes": 'emails[type eq "work"]'}).data["Resources"]
    assert data[0]["emails"] and "userName" not in data[0]
