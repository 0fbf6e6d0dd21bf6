"""Values and paths as real clients send them, in POST, PUT and PATCH."""

import pytest
from django.contrib.auth.models import Group, User

from tests.client import ENTERPRISE, GROUP, PATCH, USER, assert_error

WORK = {"value": "ann@example.com", "type": "work", "primary": True}


def replace(client, resource, value, path=None, op="replace", endpoint="Users"):
    operation = {"op": op, "value": value} | ({"path": path} if path else {})
    return client.patch(f"/{endpoint}/{resource['id']}", operation)


@pytest.fixture
def group(lenient):
    one, two = lenient.make_user("one"), lenient.make_user("two")
    return lenient.make_group("G", one, two)


def count():
    return Group.objects.get().user_set.count()


EMPTY = [[{"value": None}], [{"value": ""}], [{"Value": None}], [{}], [None], [""],
         [{"display": "x"}], [{"type": "User"}], {"value": None}]  # fmt: skip


@pytest.mark.parametrize("value", EMPTY, ids=str)
def test_row_22a_22b_J25_empty_member(lenient, group, value):
    for op in ("replace", "add"):
        answer = replace(lenient, group, value, "members", op, "Groups")
        assert_error(answer, 400, "invalidValue", "members")
    answer = replace(lenient, group, {"members": value}, None, "replace", "Groups")
    assert_error(answer, 400, "invalidValue", "members")
    if isinstance(value, list):
        body = {"displayName": "G", "members": value}
        assert_error(lenient.put(f"/Groups/{group['id']}", body), 400, "invalidValue", "members")
    assert count() == 2


@pytest.mark.parametrize("where", ["not ($ref pr)", "$ref eq null", 'display eq "nobody"'])
def test_row_9a_9b_no_member_is_selected(connect, where):
    for profile in ("default", "strict"):
        client = connect(profile)
        user = client.make_user(f"u{profile}")
        group = client.make_group(f"G{profile}", user)
        remove = {"op": "remove", "path": f"members[{where}]"}
        assert client.patch(f"/Groups/{group['id']}", remove).status_code in (200, 204)
        assert len(client.get(f"/Groups/{group['id']}").data["members"]) == 1


def test_row_J1_put_without_members(connect, events):
    client, keeping = connect("keycloak"), connect("default")
    for each, left in ((client, 0), (keeping, 1)):
        group = each.make_group(each.connection.profile, each.make_user(each.connection.profile))
        body = {"displayName": each.connection.profile, "externalId": "1"}
        assert each.put(f"/Groups/{group['id']}", body).status_code == 200
        assert len(each.get(f"/Groups/{group['id']}").data["members"]) == left
    event = events(connection=keeping.connection)[-1]
    assert "keep-members" in event.tolerances and "keycloak" in event.detail


@pytest.mark.parametrize("value", [None, ""])
def test_row_J6_external_id_is_cleared(connect, value):
    for profile in ("default", "strict"):
        client = connect(profile)
        for endpoint, body in (
            ("/Users", {"userName": profile}), ("/Groups", {"displayName": profile}),
        ):  # fmt: skip
            urn = f"urn:ietf:params:scim:schemas:core:2.0:{endpoint[1:-1]}"
            body |= {"schemas": [urn]}
            made = client.make(endpoint, body | {"externalId": "old"})
            path = f"{endpoint}/{made['id']}"
            assert client.put(path, body).data["externalId"] == "old"
            assert "externalId" not in client.put(path, body | {"externalId": value}).data
            client.put(path, body | {"externalId": "new"})
            put = {"method": "PUT", "path": path, "data": body | {"externalId": value}}
            client.bulk(put)
            assert "externalId" not in client.get(path).data


@pytest.mark.parametrize("value", [None, ""])
def test_row_J7_emptied_value_goes_away(lenient, value):
    user = lenient.make_user(emails=[WORK], phoneNumbers=[{"value": "1", "type": "mobile"}],
                             ims=[{"value": "x", "type": "xmpp"}])  # fmt: skip
    data = replace(lenient, user, value, 'emails[type eq "work"].value').data
    assert "emails" not in data
    assert User.objects.get().email == ""
    assert "phoneNumbers" not in replace(lenient, user, value, "phoneNumbers.value").data
    assert "ims" not in replace(lenient, user, {'ims[type eq "xmpp"].value': value}).data
    nothing = replace(lenient, user, value, 'emails[type eq "home"].value', "add").data
    assert "emails" not in nothing
    body = {"userName": "bjensen", "phoneNumbers": [{"value": value, "type": "work"}]}
    assert "phoneNumbers" not in lenient.put(f"/Users/{user['id']}", body).data


def test_row_J7_scimgateway_deletes_a_number(lenient):
    user = lenient.make_user(phoneNumbers=[{"value": "1", "type": "work"}])
    number = {"value": "", "type": "work", "operation": "delete"}
    body = {"userName": "bjensen", "phoneNumbers": [number]}
    assert "phoneNumbers" not in lenient.put(f"/Users/{user['id']}", body).data


TEXT = '{"value": "a@example.com", "type": "work"}'
OBJECT = {"value": "a@example.com", "type": "work"}


@pytest.mark.parametrize("value", [TEXT, [TEXT]])
def test_row_J13_object_as_text(lenient, strict, value):
    user = lenient.make_user()
    assert replace(lenient, user, value, "emails", "add").data["emails"] == [OBJECT]
    assert replace(lenient, user, value, "phoneNumbers").data["phoneNumbers"] == [OBJECT]
    assert replace(lenient, user, {"roles": value}).data["roles"] == [OBJECT]
    name = '{"givenName": "Ann"}'
    assert replace(lenient, user, name, "name").data["name"] == {"givenName": "Ann"}
    extension = '{"department": "R"}'
    data = replace(lenient, user, extension, ENTERPRISE).data
    assert data[ENTERPRISE] == {"department": "R"}
    body = {"userName": "new", "emails": value, "name": name, ENTERPRISE: extension}
    made = lenient.make("/Users", body)
    assert (made["emails"], made["name"]) == ([OBJECT], {"givenName": "Ann"})
    assert made[ENTERPRISE] == {"department": "R"}
    assert_error(replace(lenient, user, '{"value": ', "emails"), 400, "invalidValue", "emails")
    other = strict.make_user("strict")
    assert_error(replace(strict, other, value, "emails"), 400, "invalidValue")


def test_row_J14_role_as_json(lenient):
    text = '{"id":"1","value":"Admin","displayName":"The Admin"}'
    user = lenient.make_user(roles=[{"value": "Admin"}])
    data = replace(lenient, user, [{"value": text}], "roles", "add").data
    assert data["roles"] == [{"value": "Admin", "display": "The Admin"}]
    made = lenient.make("/Users", {"userName": "new", "roles": [{"value": text}]})
    assert made["roles"] == [{"value": "Admin", "display": "The Admin"}]


def test_row_J15_object_in_a_list(lenient, strict):
    user = lenient.make_user()
    assert replace(lenient, user, [{"displayName": "x"}]).data["displayName"] == "x"
    data = replace(lenient, user, [{"department": "D"}], ENTERPRISE).data
    assert data[ENTERPRISE] == {"department": "D"}
    made = lenient.make("/Users", {"userName": "new", ENTERPRISE: [{"department": "D"}]})
    assert made[ENTERPRISE] == {"department": "D"}
    other = strict.make_user("strict")
    assert_error(replace(strict, other, [{"displayName": "x"}]), 400, "invalidValue")


def in_bulk(client, user, value):
    data = {
        "schemas": [PATCH],
        "Operations": [{"op": "replace", "path": ENTERPRISE, "value": value}],
    }
    return client.bulk({"method": "PATCH", "path": f"/Users/{user['id']}", "data": data})


CLEARING = {
    "path": lambda client, user, value: replace(client, user, value, ENTERPRISE),
    "key": lambda client, user, value: replace(client, user, {ENTERPRISE: value}),
    "bulk": in_bulk,
}


@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize("form", CLEARING)
@pytest.mark.parametrize("value", [None, {}, []])
def test_row_J22_extension_is_gone(connect, value, form, profile):
    client = connect(profile)
    user = client.make_user(**{ENTERPRISE: {"department": "R"}})
    assert CLEARING[form](client, user, value).status_code == 200
    assert ENTERPRISE not in client.get(f"/Users/{user['id']}").data


def test_row_J23_selector_on_a_single_value(lenient):
    boss = lenient.make_user("boss")
    name = {"givenName": "A", "familyName": "B"}
    user = lenient.make_user("ann", name=name, **{ENTERPRISE: {"manager": {"value": boss["id"]}}})
    path = f"/Users/{user['id']}"
    other = 'name[familyName eq "ZZ"]'
    assert lenient.patch(path, {"op": "remove", "path": other}).data["name"] == name
    for op in ("replace", "add"):
        for where in (other, f"{other}.givenName"):
            value = "x" if where.endswith("Name") else {"givenName": "x"}
            assert_error(replace(lenient, user, value, where, op), 400, "noTarget")
    manager = f"{ENTERPRISE}:manager"
    remove = {"op": "remove", "path": f'{manager}[value eq "OTHER"]'}
    assert lenient.patch(path, remove).data[ENTERPRISE]["manager"]["value"] == boss["id"]
    same = 'name[familyName eq "B"]'
    assert replace(lenient, user, "C", f"{same}.givenName").data["name"]["givenName"] == "C"
    remove = {"op": "remove", "path": f'{manager}[value eq "{boss["id"]}"]'}
    assert ENTERPRISE not in lenient.patch(path, remove).data
    assert "name" not in lenient.patch(path, {"op": "remove", "path": same}).data


def test_row_J24_other_quotes_in_a_path(lenient, strict):
    user = lenient.make_user(phoneNumbers=[{"value": "1", "type": "mobile"}])
    group = lenient.make_group("G", user)
    data = replace(lenient, user, "2", "phoneNumbers[type eq 'mobile'].value").data
    assert data["phoneNumbers"] == [{"value": "2", "type": "mobile"}]
    remove = {"op": "remove", "path": f"members[value eq '{user['id']}']"}
    assert lenient.patch(f"/Groups/{group['id']}", remove).status_code in (200, 204)
    assert not Group.objects.get().user_set.exists()
    other = strict.make_user("strict")
    answer = replace(strict, other, "2", "phoneNumbers[type eq 'mobile'].value")
    assert_error(answer, 400, "invalidFilter")


def test_row_24a_24b_unknown_name_in_a_path(lenient, strict, events):
    custom = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag"
    for path in (custom, f"{ENTERPRISE}:extensionAttribute1", "favouriteColour", "name.nick"):
        user = lenient.make_user(path[-20:])
        add = {"op": "Add", "path": path, "value": "x"}
        away = {"op": "Replace", "path": "active", "value": "False"}
        assert lenient.patch(f"/Users/{user['id']}", add).status_code == 200
        event = events(connection=lenient.connection)[-1]
        assert event.tolerances == ["unknown-attribute"] and path[:80] in event.detail
        assert lenient.patch(f"/Users/{user['id']}", add, away).data["active"] is False
    answer = strict.patch(f"/Users/{strict.make_user('s')['id']}", add)
    assert_error(answer, 400, "invalidPath", "nick")


@pytest.mark.parametrize("value", [12345, 701984.0, 1.5])
def test_row_45_numbers_for_texts(lenient, strict, value):
    body = {"userName": "ann", "externalId": value, "phoneNumbers": [{"value": value}],
            ENTERPRISE: {"employeeNumber": value}}  # fmt: skip
    made = lenient.make("/Users", body)
    assert made["externalId"] == made["phoneNumbers"][0]["value"] == str(value)
    assert made[ENTERPRISE]["employeeNumber"] == str(value)
    body = {"schemas": [USER], "userName": "x", "externalId": value}
    assert_error(strict.post("/Users", body), 400, "invalidValue", "externalId")


def test_row_F1_filter_in_a_key(lenient, strict):
    user = lenient.make_user(emails=[WORK])
    keys = {
        'emails[type eq "work"].value': "n@x.example",
        'phoneNumbers[type eq "mobile"].value': "+1",
        'addresses[type eq "work"].locality': "Rome",
        'roles[primary eq "True"].value': "A",
    }
    for op in ("replace", "Add"):
        data = replace(lenient, user, keys, None, op).data
        assert data["emails"] == [WORK | {"value": "n@x.example"}]
        assert data["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]
        assert data["addresses"] == [{"type": "work", "locality": "Rome"}]
        assert data["roles"] == [{"primary": True, "value": "A"}]
    other = strict.make_user("strict")
    assert_error(replace(strict, other, keys), 400, "invalidPath", "emails")


def test_row_F2_add_of_an_empty_object(connect):
    for profile in ("default", "strict"):
        client = connect(profile)
        extension = {ENTERPRISE: {"department": "R"}}
        user = client.make_user(profile, name={"givenName": "A"}, **extension)
        for path, value in (("name", {}), (None, {"name": {}}), (None, {ENTERPRISE: {}}),
                            (ENTERPRISE, {})):  # fmt: skip
            data = replace(client, user, value, path, "add").data
            assert data["name"] == {"givenName": "A"} and data[ENTERPRISE] == extension[ENTERPRISE]
        assert "name" not in replace(client, user, {}, "name").data


def test_row_F6_sub_attribute_of_every_value(connect):
    for profile in ("default", "strict"):
        client = connect(profile)
        emails = [WORK | {"display": "A"}, {"value": "b@example.com", "display": "B"}]
        user = client.make_user(profile, emails=emails)
        data = replace(client, user, "C", "emails.display", "add").data
        assert [each["display"] for each in data["emails"]] == ["C", "C"]
        answer = client.patch(f"/Users/{user['id']}", {"op": "remove", "path": "emails.display"})
        assert not any("display" in each for each in answer.data["emails"])
        assert len(answer.data["emails"]) == 2


def test_row_F10_core_urn_as_a_key(lenient, strict):
    made = lenient.make("/Users", {USER: {"userName": "ann", "title": "x"}})
    assert (made["userName"], made["title"]) == ("ann", "x")
    body = {"schemas": [USER], USER: {"userName": "ann"}}
    assert_error(strict.post("/Users", body), 400, "invalidSyntax", USER)


@pytest.mark.parametrize("name", [" ", "\u00a0", "\u200b", " \t\u200b "])
def test_row_J33_blank_names(connect, name):
    for profile in ("default", "strict"):
        answer = connect(profile).post("/Groups", {"schemas": [GROUP], "displayName": name})
        assert_error(answer, 400, "invalidValue", "displayName")


def test_row_J33_outer_blanks(lenient, strict):
    assert lenient.make_group("Sales ")["displayName"] == "Sales"
    assert_error(lenient.post("/Groups", {"displayName": " sales"}), 409, "uniqueness")
    assert strict.make_group("Sales ")["displayName"] == "Sales "


def test_row_R12_no_equal_pair(connect):
    for profile in ("default", "strict"):
        client = connect(profile)
        pair = [{"value": "a@b.c", "type": "work"}, {"value": "a@b.c", "type": "home"}]
        user = client.make_user(profile, emails=pair)
        data = replace(client, user, "work", 'emails[type eq "home"].type').data
        assert data["emails"] == [pair[0]]


def test_row_R18_end_of_the_day(scim):
    scim.make_user()
    assert scim.find('meta.created lt "2999-01-01T24:00:00Z"')
    assert_error(
        scim.get("/Users", {"filter": 'meta.created lt "2999-01-01T24:00:01Z"'}), 400,
        "invalidFilter",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("locale", ["en", "en-US", "zh-Hant-TW", "x-own"], ["english language", "en_US", "1"]),
        ("preferredLanguage", ["en-US", "da, en-gb;q=0.8, *;q=0.1"], ["en;q=2", "a b"]),
        ("timezone", ["America/Los_Angeles", "Europe/Rome", "UTC"], ["Rome", "GMT+1 (Rome)"]),
    ],
)
def test_row_R10_formats(strict, scim, name, good, bad):
    for number, value in enumerate(good):
        assert strict.make_user(f"{name}{number}", **{name: value})[name] == value
    for number, value in enumerate(bad):
        body = {"schemas": [USER], "userName": f"bad{number}", name: value}
        assert_error(strict.post("/Users", body), 400, "invalidValue", name)
        assert scim.make("/Users", body)[name] == value


def test_row_R10_countries_and_certificates(strict, scim):
    for name, value in (
        ("addresses", {"country": "XX"}), ("addresses", {"country": "us"}),
        ("x509Certificates", {"value": "aGVsbG8="}), ("x509Certificates", {"value": "MIIB"}),
    ):  # fmt: skip
        body = {"schemas": [USER], "userName": str(value), name: [value]}
        assert_error(strict.post("/Users", body), 400, "invalidValue", name)
        assert scim.make("/Users", body)[name] == [value]
    der = {"value": "MAQwAgIA"}  # a sequence in a sequence
    assert strict.make_user("good", x509Certificates=[der])["x509Certificates"] == [der]


def test_row_R8_ref_of_another_site_or_type(scim):
    user = scim.make_user()
    scim.make_group("G", user)
    here, one = "http://testserver/scim", user["id"]
    for uri, expected in (
        (f"{here}/v2/Users/{one}", 1), (f"{here}/v1/Users/{one}", 1), (f"{here}/Users/{one}", 1),
        (f"../Users/{one}", 1), (one, 1), (f"https://else.example/scim/v2/Users/{one}", 0),
        (f"https://else.example/{one}", 0), (f"{here}/v2/Groups/{one}", 0),
    ):  # fmt: skip
        found = scim.find(f'members.$ref eq "{uri}"', "/Groups")
        assert len(found) == expected, uri
    assert scim.find(f'meta.location eq "{here}/v2/Users/{one}"')
    assert not scim.find(f'meta.location eq "https://else.example/Users/{one}"')
