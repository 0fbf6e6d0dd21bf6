"""Resources, their common attributes and extensions, Users and Groups (RFC 7643 sections 3, 4)."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from django_scim.models import UserLink
from tests.client import ENTERPRISE, GROUP, SEARCH, USER, assert_error

from .adapters import MUST


def body(name="bjensen", /, **attributes):
    return {"schemas": [USER], "userName": name, **attributes}


def enterprise(**attributes):
    return {"schemas": [USER, ENTERPRISE], ENTERPRISE: attributes}


def path_of(resource):
    return f"/{resource['meta']['resourceType']}s/{resource['id']}"


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


# schemas


def test_res_01_schemas_in_every_response(scim):
    made = scim.make_user()
    path = path_of(made)
    answers = [
        scim.get(path),
        scim.get(path, {"attributes": "userName"}),
        scim.get(path, {"excludedAttributes": "schemas"}),
        scim.put(path, body(title="Guide")),
        scim.patch(path, replace("title", "Chief")),
    ]
    for answer in answers:
        assert answer.status_code == 200 and answer.data["schemas"] == [USER]
    (listed,) = scim.get("/Users", {"attributes": "userName"}).data["Resources"]
    assert listed["schemas"] == [USER]


@pytest.mark.parametrize(
    "schemas",
    [
        pytest.param([USER, "urn:example:unknown"], id="RES-02"),
        pytest.param([USER, USER], id="RES-03-twice"),
        pytest.param([USER, USER.upper()], id="RES-03-in-another-case"),
        pytest.param([ENTERPRISE], id="RES-05"),
    ],
)
def test_invalid_schemas(schemas, connect):
    scim = connect("strict")
    path = path_of(scim.make_user("other"))
    for answer in (
        scim.post("/Users", body(schemas=schemas)),
        scim.put(path, body("other", schemas=schemas)),
    ):
        assert_error(answer, 400, "invalidSyntax", "schemas")


def test_res_04_order_of_schemas(scim):
    given = enterprise(department="Tours") | {"userName": "bjensen"}
    made = scim.make("/Users", given | {"schemas": [ENTERPRISE, USER]})
    assert sorted(made["schemas"]) == sorted([USER, ENTERPRISE])
    assert made[ENTERPRISE] == {"department": "Tours"}


# Extensions


def test_res_06_extension_under_its_urn(scim):
    made = scim.make("/Users", body(**enterprise(department="Tours")))
    data = scim.get(path_of(made)).data
    assert data[ENTERPRISE] == {"department": "Tours"} and "department" not in data


def test_res_07_urn_in_any_case(scim):
    given = body(schemas=[USER, ENTERPRISE], **{ENTERPRISE.upper(): {"DEPARTMENT": "Tours"}})
    data = scim.make("/Users", given)
    assert data[ENTERPRISE] == {"department": "Tours"}
    assert ENTERPRISE in data["schemas"]


def test_res_08_schemas_list_used_extensions(scim):
    without_urn = scim.make("/Users", body("one", **{ENTERPRISE: {"department": "Tours"}}))
    assert sorted(without_urn["schemas"]) == sorted([USER, ENTERPRISE])
    without_data = scim.make("/Users", body("two", schemas=[USER, ENTERPRISE]))
    assert without_data["schemas"] == [USER]


def test_res_09_required_extension(scim, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.adapters.MustUserAdapter"}}
    (user, _) = scim.get("/ResourceTypes").data["Resources"]
    assert user["schemaExtensions"] == [{"schema": MUST, "required": True}]
    for given in ({}, {MUST: {}}, {MUST: {"badge": ""}}):
        assert_error(scim.post("/Users", body(**given)), 400, "invalidValue", MUST)
    made = scim.make("/Users", body(schemas=[USER, MUST], **{MUST: {"badge": "7"}}))
    assert_error(scim.put(path_of(made), body()), 400, "invalidValue", MUST)
    removed = scim.patch(path_of(made), {"op": "remove", "path": f"{MUST}:badge"})
    assert_error(removed, 400, "mutability", f"{MUST}:badge")
    assert scim.get(path_of(made)).data[MUST] == {"badge": "7"}


def test_res_09_required_extension_without_required_attributes(scim, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.adapters.MayUserAdapter"}}
    refused = f"{MUST}: is a required extension"
    assert_error(scim.post("/Users", body()), 400, "invalidValue", refused)
    made = scim.make("/Users", body(schemas=[USER, MUST], **{MUST: {"badge": "7"}}))
    assert_error(scim.put(path_of(made), body()), 400, "invalidValue", refused)
    assert scim.get(path_of(made)).data == made


# id, externalId, meta


def test_res_10_ids_are_never_reused(scim):
    first = scim.make_user()
    scim.delete(path_of(first))
    second = scim.make_user()
    group = scim.make_group()
    assert len({first["id"], second["id"], group["id"]}) == 3 and second["id"]
    assert scim.put(path_of(second), body("renamed")).data["id"] == second["id"]
    assert_error(scim.get(f"/Groups/{second['id']}"), 404)
    # The deleted link remains, so that the unique column refuses its id for ever.
    with pytest.raises(IntegrityError), transaction.atomic():
        UserLink.objects.create(connection=scim.connection, scim_id=first["id"])


def test_res_11_id_of_the_client_is_ignored(scim):
    made = scim.make_user(id="x")
    assert made["id"] != "x"
    assert_error(scim.get("/Users/x"), 404)


def test_res_12_id_is_not_a_bulk_id(scim):
    made = [scim.make_user(f"u{n}", id=f"bulkId:{n}")["id"] for n in range(20)]
    assert not any("bulkid" in each.lower() for each in made)
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"bulkId:{n}", "data": body(f"v{n}")}
        for n in range(20)
    ]
    results = scim.bulk(*operations).data["Operations"]
    made += [each["location"].rpartition("/")[2] for each in results]
    assert len(set(made)) == 40 and {uuid.UUID(each).version for each in made} == {4}


def test_res_13_id(scim):
    path = path_of(scim.make_user())
    assert_error(scim.get(path.replace(path[7:], path[7:].upper())), 404)
    assert scim.get(path, {"excludedAttributes": "id"}).data["id"] == path[7:]
    assert_error(scim.patch(path, replace("id", "x")), 400, "mutability", "id")


def test_res_14_external_id_belongs_to_the_client(scim):
    made = scim.make_user()
    assert "externalId" not in made and "externalId" not in scim.get(path_of(made)).data


def test_res_15_external_id_is_not_unique(connect):
    scim, other = connect(), connect()
    one, two = (scim.make_user(name, externalId="7") for name in ("one", "two"))
    found = {each["id"] for each in scim.find('externalId eq "7"')}
    assert found == {one["id"], two["id"]}
    assert other.find('externalId eq "7"') == []


def test_res_16_external_id_is_case_exact(scim):
    scim.make_user(externalId="abc")
    assert not scim.find('externalId eq "ABC"') and scim.find('externalId eq "abc"')


def test_res_17_meta_is_read_only(scim):
    given = {"created": "1999-01-01T00:00:00Z", "resourceType": "Group", "location": "x"}
    made = scim.make_user(meta=given)
    assert made["meta"]["created"] > "2000" and made["meta"]["resourceType"] == "User"
    assert scim.put(path_of(made), body(meta=given)).data["meta"] == made["meta"]


def test_res_18_meta(scim):
    types = {each["name"] for each in scim.get("/ResourceTypes").data["Resources"]}
    for made in (scim.make_user(), scim.make_group()):
        meta = made["meta"]
        assert meta["resourceType"] in types
        assert scim.get(meta["location"].removeprefix("http://testserver/scim/v2")).data == made
        for name in ("created", "lastModified"):
            assert scim.find(f'meta.{name} eq "{meta[name]}"', f"/{meta['resourceType']}s")


def test_res_19_never_modified(scim):
    made = scim.make_user()
    assert made["meta"]["lastModified"] == made["meta"]["created"]
    changed = scim.patch(path_of(made), replace("title", "Guide")).data["meta"]
    assert changed["lastModified"] > changed["created"] == made["meta"]["created"]


def test_res_20_location(scim):
    answer = scim.post("/Users", body())
    location = answer.data["meta"]["location"]
    assert answer.headers["Location"] == location
    path = path_of(answer.data)
    for other in (scim.get(path), scim.put(path, body()), scim.patch(path, replace("title", "x"))):
        assert other.headers["Content-Location"] == other.data["meta"]["location"] == location


def test_res_21_version(scim):
    answer = scim.post("/Users", body())
    path = path_of(answer.data)
    for each in (answer, scim.get(path), scim.put(path, body(title="x")),
                 scim.patch(path, replace("title", "y")), scim.get(path)):  # fmt: skip
        assert each.headers["ETag"] == each.data["meta"]["version"]
        assert each.headers["ETag"].startswith('W/"')


# Users


def test_res_22_username(scim):
    for given in ({"userName": ""}, {"userName": None}, {}):
        answer = scim.post("/Users", {"schemas": [USER], **given})
        assert_error(answer, 400, "invalidValue", "userName")
    scim.make_user("bjensen")
    assert_error(scim.post("/Users", body("BJENSEN")), 409, "uniqueness", "userName")


def test_res_23_name(scim):
    parts = {"givenName": "Barbara", "familyName": "Jensen"}
    assert scim.make_user("one", name=parts)["name"] == parts
    whole = parts | {"formatted": "Ms. Barbara Jensen"}
    assert scim.make_user("two", name=whole)["name"] == whole


def test_res_24_country(connect):
    strict = connect("strict")
    for country in ("USA", "us", "Germany"):
        answer = strict.post("/Users", body(addresses=[{"country": country}]))
        assert_error(answer, 400, "invalidValue", "addresses[0].country")
    made = strict.make_user(addresses=[{"country": "US", "type": "work"}])
    operation = replace('addresses[type eq "work"].country', "USA")
    assert_error(strict.patch(path_of(made), operation), 400, "invalidValue", "country")
    assert strict.find('addresses.country sw "u"')
    lenient = connect().make_user("lenient", addresses=[{"country": "USA"}])
    assert lenient["addresses"] == [{"country": "USA"}]


def test_res_25_addresses_are_kept_and_compared_folded(scim):
    given = {
        "emails": [{"value": "B@EXAMPLE.com"}],
        "phoneNumbers": [{"value": "+1 (555) 12"}],
        "ims": [{"value": "Babs J"}],
    }
    made = scim.make_user(**given)
    assert {name: made[name] for name in given} == given
    assert scim.find('emails.value eq "b@example.COM"')


def test_res_26_photos_are_uris(connect):
    strict = connect("strict")
    answer = strict.post("/Users", body(photos=[{"value": "<img src=x>"}]))
    assert_error(answer, 400, "invalidValue", "photos[0].value")
    photos = [{"value": "https://example.com/p.png?size=1", "type": "photo"}]
    assert strict.make_user(photos=photos)["photos"] == photos


def test_res_27_groups(scim, connect):
    user = scim.make_user()
    group = scim.make_group("Guides")
    add = {"op": "add", "path": "groups", "value": [{"value": group["id"]}]}
    assert scim.patch(path_of(user), add).status_code == 200  # ignored, and noted in the event
    assert "groups" not in scim.get(path_of(user)).data
    strict = connect("strict")
    assert_error(strict.patch(path_of(strict.make_user("s")), add), 400, "mutability", "groups")
    member = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    scim.patch(path_of(group), member)
    (shown,) = scim.get(path_of(user)).data["groups"]
    assert (shown["value"], shown["$ref"]) == (group["id"], group["meta"]["location"])
    scim.patch(path_of(group), {"op": "remove", "path": "members"})
    assert "groups" not in scim.get(path_of(user)).data


def test_res_28_type_of_membership(scim):
    user = scim.make_user()
    scim.make_group("Guides", user)
    assert scim.get(path_of(user)).data["groups"][0]["type"] == "direct"


def test_res_29_certificates(scim, connect):
    pem = "-----BEGIN CERTIFICATE-----\nMIIDQzCCAqygAwIBAgICEAAw\n-----END CERTIFICATE-----"
    for wrong in (pem, "MIIDQzCC,MIIDQzCC", "MIID QzCC"):
        answer = scim.post("/Users", body(x509Certificates=[{"value": wrong}]))
        assert_error(answer, 400, "invalidValue", "x509Certificates[0].value")
    certificate = [{"value": "MIIDQzCCAqygAwIBAgICEAAw"}]
    assert scim.make_user(x509Certificates=certificate)["x509Certificates"] == certificate
    strict, one, two = connect("strict"), "MAQwAgIA", "MAQwAgIAMAQwAgIA"
    for wrong in (certificate[0]["value"], two, pem):  # incomplete, two in one value, not base64
        answer = strict.post("/Users", body(x509Certificates=[{"value": wrong}]))
        assert_error(answer, 400, "invalidValue", "x509Certificates[0].value")
    shown = strict.make_user("one", x509Certificates=[{"value": one}])["x509Certificates"]
    assert shown == [{"value": one}]


# Groups


def test_res_30_display_name_is_required(scim):
    assert_error(scim.post("/Groups", {"schemas": [GROUP]}), 400, "invalidValue", "displayName")
    attributes = scim.get(f"/Schemas/{GROUP}").data["attributes"]
    (name,) = [each for each in attributes if each["name"] == "displayName"]
    assert name["required"] is True


def test_res_31_members(scim):
    one, two = scim.make_user("one", displayName="One"), scim.make_user("two")
    group = scim.make_group("Guides", one)
    path = path_of(group)
    assert group["members"][0]["type"] == "User"
    select = f'members[value eq "{one["id"]}"]'
    for sub, value in (("value", two["id"]), ("display", "Other"), ("type", "Group")):
        answer = scim.patch(path, replace(f"{select}.{sub}", value))
        if sub != "display":  # read-only: ignored, and noted in the event
            assert_error(answer, 400, "mutability", f"members.{sub}")
    assert scim.get(path).data == group
    scim.patch(path, {"op": "add", "path": "members", "value": [{"value": two["id"]}]})
    scim.patch(path, {"op": "remove", "path": select})
    assert [each["value"] for each in scim.get(path).data["members"]] == [two["id"]]


def test_res_32_no_groups_in_groups(scim):
    inner = scim.make_group("Inner")
    given = {"schemas": [GROUP], "displayName": "Outer", "members": [{"value": inner["id"]}]}
    assert_error(scim.post("/Groups", given), 400, "invalidValue", inner["id"])
    assert [each["displayName"] for each in scim.get("/Groups").data["Resources"]] == ["Inner"]
    search = {"schemas": [SEARCH], "filter": 'members.type eq "Group"'}
    assert scim.post("/Groups/.search", search).data["totalResults"] == 0


# Enterprise users


def test_res_33_manager(scim, connect):
    boss = scim.make_user("boss", displayName="The Boss")
    manager = {"value": boss["id"], "displayName": "Somebody Else"}
    made = scim.make("/Users", body(**enterprise(manager=manager)))
    shown = {"value": boss["id"], "$ref": boss["meta"]["location"], "displayName": "The Boss"}
    assert made[ENTERPRISE]["manager"] == shown
    operation = replace(f"{ENTERPRISE}:manager.displayName", "Somebody Else")
    answer = scim.patch(path_of(made), operation)  # ignored, and noted in the event
    assert answer.data[ENTERPRISE]["manager"] == shown
    strict = connect("strict")
    answer = strict.patch(path_of(strict.make_user("s")), operation)
    assert_error(answer, 400, "mutability", "displayName")


def test_res_34_manager_as_text(connect):
    entra, strict = connect("entra"), connect("strict")
    boss, report = entra.make_user("boss"), entra.make_user("report")
    operation = replace(f"{ENTERPRISE}:manager", boss["id"])
    manager = entra.patch(path_of(report), operation).data[ENTERPRISE]["manager"]
    assert manager["value"] == boss["id"]
    boss, report = strict.make_user("boss2"), strict.make_user("report2")
    operation = replace(f"{ENTERPRISE}:manager", boss["id"])
    assert_error(strict.patch(path_of(report), operation), 400, "invalidValue", "manager")
