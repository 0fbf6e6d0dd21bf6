"""Microsoft Entra ID: both dialects, with its profile."""

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
    """Use Entra's profile; the default one differs only for unknown schemas."""
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
    guid = "bdd7f0a5-d5ec-4a0e-8b6f-f1b3e4d8a7c2"
    for text in (f'userName+eq+"{guid}"', f"userName%20eq%20%22{guid}%22"):
        answer = entra.get(f"/Users?filter={text}")
        assert answer.status_code == 200
        assert (answer.data["totalResults"], answer.data["startIndex"]) == (0, 1)


def test_schemas_contain_no_null(entra):
    def has_null(value):
        if isinstance(value, dict):
            value = list(value.values())
        return any(map(has_null, value)) if isinstance(value, list) else value is None

    for path in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig"):
        assert not has_null(entra.get(path).data)


def test_token_issued_by_entra_is_rejected(entra):
    """Entra sends it if the field Secret Token is empty."""
    answer = entra.get("/Users", authorization="Bearer eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJ4In0.c2ln")
    assert_error(answer, 401)


def test_match(entra, user):
    for text in (
        'userName eq "test_user_AB6490EE"',
        f'externalId eq "{CREATE["externalId"]}"',
        'emails[type eq "work"].value eq "A@b.com"',
        f"externalId eq {CREATE['externalId']}",
    ):
        assert [each["id"] for each in entra.find(text)] == [user["id"]]
    assert entra.find("externalId eq jyoung") == []


def test_create(entra, user):
    account = User.objects.get()
    assert (account.username, account.email) == ("Test_User_ab6490ee", "a@b.com")
    assert (account.first_name, account.last_name) == ("g", "familyName")
    assert "roles" not in user
    assert user["emails"] == CREATE["emails"] and user["name"] == CREATE["name"]
    answer = entra.post("/Users", CREATE)
    assert_error(answer, 409, "uniqueness")
    assert answer.data["status"] == "409"


def test_create_with_nulls_and_unknown_names(entra):
    body = CREATE | {"addresses": None, "phoneNumbers": None, "title": None, "department": None}
    assert entra.post("/Users", body | {"manager": None}).status_code == 201


def test_create_with_misspelt_urn(entra):
    wrong = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"
    body = CREATE | {"schemas": [USER, wrong], wrong: {"department": "R"}}
    answer = entra.post("/Users", body)
    assert answer.data["schemas"] == [USER, ENTERPRISE]
    assert answer.data[ENTERPRISE] == {"department": "R"}


@pytest.mark.parametrize("name", ["manager", "Manager"])
def test_create_with_the_extension_missing_from_schemas(name, entra):
    body = CREATE | {"schemas": [USER], ENTERPRISE: {name: "123456"}}
    data = entra.post("/Users", body).data
    assert data["schemas"] == [USER, ENTERPRISE]
    assert data[ENTERPRISE]["manager"] == {"value": "123456"}


def test_create_with_a_custom_extension(entra, used):
    urn = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"
    answer = entra.post("/Users", CREATE | {urn: {"tag": "701984"}})
    assert answer.status_code == 201 and answer.data["schemas"] == [USER]
    assert used(entra) == {"unknown-attribute"}


def test_create_by_the_validator(entra):
    """The validator sends custom types, and booleans as text."""
    body = CREATE | {
        "displayName": "YTNKSSYY8FS8",
        "title": "T",
        "preferredLanguage": "en-US",
        "addresses": [{"type": "work", "formatted": "M", "postalCode": "xd36 6dp",
                       "primary": True, "country": "Saint Vincent"}],
        "phoneNumbers": [{"type": "work", "value": "1", "primary": True},
                         {"type": "mobile", "value": "2"}, {"type": "fax", "value": "3"}],
        "roles": [{"primary": "True", "display": "IY0K", "value": "9J3W", "type": "IRAN"}],
        ENTERPRISE: {"employeeNumber": "1", "manager": "K5"},
    }  # fmt: skip
    answer = entra.post("/Users", body)
    assert answer.status_code == 201
    assert answer.data["roles"] == [body["roles"][0] | {"primary": True}]
    for name in ("addresses", "phoneNumbers"):
        assert answer.data[name] == body[name]
    assert_error(
        entra.patch(
            f"/Users/{answer.data['id']}",
            {"op": "Replace", "path": 'emails[type eq "work"].primary', "value": "9J3W"},
        ),
        400, "invalidValue", "emails.primary",
    )  # fmt: skip


def test_external_id_and_address_shared_by_users(entra):
    for name in ("one", "two"):
        assert entra.post("/Users", CREATE | {"userName": name}).status_code == 201
    assert len(entra.find(f'externalId eq "{CREATE["externalId"]}"')) == 2
    assert len(entra.find('emails[type eq "work"].value eq "a@b.com"')) == 2


def test_create_guest(entra):
    name = "x_gmail.com#EXT#@tenant.onmicrosoft.com"
    assert entra.post("/Users", CREATE | {"userName": name}).data["userName"] == name
    assert entra.get("/Users", {"filter": f'userName eq "{name}"'}).data["totalResults"] == 1
    assert User.objects.get().username == name


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
         [{"value": "Admin", "display": "Admin"}]),
        ("roles", [{"primary": False, "type": "WindowsAzureActiveDirectoryRole",
                    "display": "User", "value": "User"}], "roles",
         [{"primary": False, "type": "WindowsAzureActiveDirectoryRole", "display": "User",
           "value": "User"}]),
        ("displayName", [{"$ref": None, "value": "User X"}], "displayName", "User X"),
        ("nickName", "Babs", "nickName", "Babs"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("op", ["Add", "Replace"])
def test_replace_values_that_do_not_exist_yet(op, path, value, attribute, expected, entra, user):
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
def test_every_form_of_manager(path, form, entra, user):
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
    for text in (
        f'id eq "{user["id"]}" and manager eq "{boss["id"]}"',
        f'manager eq "{boss["id"]}" and id eq "{user["id"]}"',
    ):
        (found,) = entra.find(text, attributes="id")
        assert found["id"] == user["id"] and set(found) == {"schemas", "id"}
    assert entra.find(f'id eq "{user["id"]}" and manager eq "{user["id"]}"') == []
    assert entra.find('id eq "unknown" and manager eq "unknown"', attributes="id") == []
    data = patch(entra, user, {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": ""})
    assert ENTERPRISE not in data
    account.scim_profile.refresh_from_db()
    assert account.scim_profile.manager is None


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
    assert entra.find(f'id eq "{answer.data["id"]}" and members eq "unknown"', "/Groups") == []
    assert_error(entra.post("/Groups", body), 409, "uniqueness")
    value = [{"$ref": None, "value": one}]
    assert change({"op": "Remove", "path": "members", "value": value}) == {two, three}
    for nobody in ([], [{"$ref": None, "value": None}], [{"$ref": None, "value": "gone"}]):
        operation = {"op": "Remove", "path": "members", "value": nobody}
        assert change(operation) == {two, three}
    assert change({"op": "remove", "path": f'members[value eq "{two}"]'}) == {three}
    change({"op": "Replace", "path": "displayName", "value": "new"})
    assert entra.get(path).data["displayName"] == "new"
    assert Group.objects.get().user_set.get().username == "three"
    for member in ("string id", "string id 1"):
        unknown = {"op": "Add", "path": "members", "value": [{"value": member}]}
        assert_error(entra.patch(path, unknown), 400, "invalidValue", member)
    assert entra.delete(path).status_code == 204


def test_foreign_schema_is_not_accepted_by_strict(connect):
    body = {"schemas": [GROUP, ADSCIM], "displayName": "d"}
    assert connect("default").post("/Groups", body).status_code == 201
    assert_error(connect("strict").post("/Groups", body), 400, "invalidSyntax")


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
    assert entra.get("/Groups/?filter=displayName+sw+d").data["totalResults"] == 0
