"""Schemas and the characteristics of attributes (RFC 7643 sections 2 and 7)."""

import pytest

from django_scim import checks
from django_scim.adapters import Attribute, Schema, UserAdapter
from tests.client import ENTERPRISE, GROUP, USER, assert_error

from .adapters import EXTRA

CERTIFICATE = "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQ"


@pytest.fixture
def extra(settings, scim):
    """Users with an extension that has an attribute of every kind."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.adapters.ExtraUserAdapter"}}
    return scim


def post(scim, **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": "bjensen", **attributes})


def post_extra(scim, **attributes):
    return post(scim, schemas=[USER, EXTRA], **{EXTRA: attributes})


def characteristics(scim, urn):
    return {each["name"]: each for each in scim.get(f"/Schemas/{urn}").data["attributes"]}


def path_of(resource):
    return f"/{resource['meta']['resourceType']}s/{resource['id']}"


# Definitions: what is wrong in one is told at start-up, and never served


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        pytest.param(Attribute(name="1x"), "a name must be a letter", id="SCH-01"),
        pytest.param(Attribute(name="born", type="date"), "type must be one of", id="SCH-04"),
        pytest.param(
            Attribute(
                name="a",
                type="complex",
                sub_attributes=(
                    Attribute(name="b", type="complex", sub_attributes=(Attribute(name="c"),)),
                ),
            ),
            "a sub-attribute cannot be complex",
            id="SCH-16",
        ),
    ],
)
def test_a_flawed_definition_is_refused(attribute, words, settings, scim, monkeypatch):
    flawed = Schema("urn:example:scim:schemas:flawed:2.0:User", "Flawed", attributes=(attribute,))
    adapter = type("Flawed", (UserAdapter,), {"extensions": [flawed]})
    monkeypatch.setitem(globals(), "Subject", adapter)
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Subject"}}
    (message,) = checks.check_adapters()
    assert message.id == "django_scim.E008" and words in message.msg
    assert_error(scim.get("/Users"), 500)


def test_sch_01_ref_is_a_name(scim):
    members = characteristics(scim, GROUP)["members"]
    assert "$ref" in [sub["name"] for sub in members["subAttributes"]]


def test_sch_02_names_in_any_case(scim):
    body = {"SCHEMAS": [USER], "USERNAME": "ann", "name": {"GIVENNAME": "Ann"}}
    made = scim.make("/Users", body)
    assert made["userName"] == "ann" and made["name"] == {"givenName": "Ann"}


def test_sch_03_defaults(extra):
    assert characteristics(extra, EXTRA)["plain"] == {
        "name": "plain",
        "type": "string",
        "multiValued": False,
        "description": "",
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }


# Types


def test_sch_05_unicode(scim):
    text = "Łódź 名 e\u0301 𝒳"
    made = scim.make_user(displayName=text)
    assert scim.get(path_of(made)).data["displayName"] == text


def test_sch_06_canonical_values(extra):
    made = extra.make_user(emails=[{"value": "a@example.com", "type": "weird"}])
    assert made["emails"][0]["type"] == "weird"
    answer = extra.post(
        "/Users", {"schemas": [USER, EXTRA], "userName": "ann", EXTRA: {"size": "XXL"}}
    )
    assert_error(answer, 400, "invalidValue", f"{EXTRA}:size")


def test_sch_07_boolean(connect):
    for value in ("True", 1, "yes"):
        assert_error(post(connect("strict"), active=value), 400, "invalidValue", "active")
    assert post(connect("entra"), active="False").data["active"] is False
    active = characteristics(connect(), USER)["active"]
    assert "caseExact" not in active and "uniqueness" not in active


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        pytest.param("rate", [1, 1.5, -0.25], ["1.5", True], id="SCH-08"),
        pytest.param("level", [0, -3, 7], [1.0, 1.5, "7", True], id="SCH-09"),
        pytest.param(
            "since",
            ["2008-01-23T04:56:22Z", "2008-01-23T06:56:22+02:00"],
            ["2024-01-01", "04:56:22Z", "2024-02-30T00:00:00Z", 1700000000],
            id="SCH-10",
        ),
    ],
)
def test_numbers_and_dates(name, good, bad, extra):
    for number, value in enumerate(good):
        made = extra.make(
            "/Users",
            {"schemas": [USER, EXTRA], "userName": f"u{number}", EXTRA: {name: value}},
        )
        shown = made[EXTRA][name]
        assert shown == (value if name != "since" else "2008-01-23T04:56:22Z")
    for value in bad:
        assert_error(post_extra(extra, **{name: value}), 400, "invalidValue", f"{EXTRA}:{name}")


def test_sch_09_no_exponent(extra):
    raw = f'{{"schemas": ["{USER}", "{EXTRA}"], "userName": "u", "{EXTRA}": {{"level": 1e3}}}}'
    assert_error(extra.post("/Users", raw=raw), 400, "invalidValue", f"{EXTRA}:level")


def test_sch_11_binary(scim):
    for value in ("@@", "-----BEGIN CERTIFICATE-----", "A"):
        answer = post(scim, x509Certificates=[{"value": value}])
        assert_error(answer, 400, "invalidValue", "x509Certificates[0].value")
    assert len(CERTIFICATE) % 4  # no padding
    made = scim.make_user(x509Certificates=[{"value": CERTIFICATE}])
    assert made["x509Certificates"] == [{"value": CERTIFICATE}]
    found = f'x509Certificates.value eq "{CERTIFICATE}"'
    assert scim.find(found) and not scim.find(found.replace("MIID", "miid"))


@pytest.mark.parametrize(
    "form", ["{}", "Users/{}", "../Users/{}", "http://testserver/scim/v2/Users/{}"]
)
def test_sch_12_references(form, scim):
    boss = scim.make_user("boss")
    manager = {"$ref": form.format(boss["id"])}
    report = scim.make_user("report", **{ENTERPRISE: {"manager": manager}})
    assert report[ENTERPRISE]["manager"]["value"] == boss["id"]
    assert report[ENTERPRISE]["manager"]["$ref"] == boss["meta"]["location"]


def test_sch_12_uris(connect):
    strict = connect("strict")
    answer = post(strict, profileUrl="no uri at all")
    assert_error(answer, 400, "invalidValue", "profileUrl")
    for uri in ("https://example.com/a?b#c", "photos/1", "urn:example:1"):
        assert strict.make_user(uri, profileUrl=uri)["profileUrl"] == uri
    reference = characteristics(strict, USER)["profileUrl"]
    assert reference["type"] == "reference" and reference["caseExact"] is True


def test_sch_13_a_reference_leads_somewhere(scim):
    user = scim.make_user()
    (member,) = scim.make_group("Guides", user)["members"]
    path = member["$ref"].removeprefix("http://testserver/scim/v2")
    assert scim.get(path).data["id"] == user["id"]
    scim.delete(path)
    assert_error(scim.get(path), 404)


def test_sch_14_references_have_a_target(connect):
    scim = connect()
    body = {"schemas": [GROUP], "displayName": "Guides", "members": [{"value": "nobody"}]}
    assert_error(scim.post("/Groups", body), 400, "invalidValue", "members")
    answer = post(connect("strict"), **{
        "schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": "nobody"}}})  # fmt: skip
    assert_error(answer, 400, "invalidValue", "manager")


def test_sch_15_order_of_sub_attributes(scim):
    name = {"givenName": "Barbara", "familyName": "Jensen", "middleName": "J"}
    emails = [{"value": "b@example.com", "type": "work", "primary": True}]
    made = scim.make_user("one", name=name, emails=emails)
    turned = scim.make_user(
        "two",
        emails=[dict(reversed(emails[0].items()))],
        name=dict(reversed(name.items())),
    )
    assert (made["name"], made["emails"]) == (turned["name"], turned["emails"])


# Multi-valued attributes


def test_sch_17_one_primary(scim):
    emails = [{"value": f"{n}@example.com", "primary": True} for n in "ab"]
    assert_error(post(scim, emails=emails), 400, "invalidValue", "emails")
    made = scim.make_user(emails=emails[:1])
    body = {"schemas": [USER], "userName": "bjensen", "emails": emails}
    assert_error(scim.put(path_of(made), body), 400, "invalidValue", "emails")
    assert scim.get(path_of(made)).data == made


def test_sch_18_primary_absent_is_false(scim):
    scim.make_user("one", emails=[{"value": "one@example.com"}])
    scim.make_user("two", emails=[{"value": "two@example.com", "primary": True}])
    (found,) = scim.find("emails[primary eq false]")
    assert found["userName"] == "one"


def test_sch_19_default_sub_attributes(scim):
    subs = {s["name"]: s for s in characteristics(scim, USER)["emails"]["subAttributes"]}
    assert set(subs) == {"value", "display", "type", "primary"}
    assert subs["display"]["mutability"] == "readWrite" and subs["primary"]["type"] == "boolean"
    email = {"value": "b@example.com", "display": "Babs", "type": "work", "primary": True}
    path = path_of(scim.make_user(emails=[email]))
    assert scim.get(path).data["emails"] == [email]
    scim.patch(path, {"op": "replace", "path": "emails[primary eq true].display", "value": "B"})
    assert scim.get(path).data["emails"] == [email | {"display": "B"}]


@pytest.mark.parametrize("base", ["https://h/", "https://h/v1/", "https://h/v2/", ""])
def test_sch_20_references_compare_without_version(base, scim):
    user = scim.make_user()
    group = scim.make_group("Guides", user)
    scim.make_group("Others", scim.make_user("other"))
    (found,) = scim.find(f'members.$ref eq "{base}Users/{user["id"]}"', "/Groups")
    assert found["id"] == group["id"]


def test_sch_21_a_value_once(scim):
    email = {"value": "b@example.com", "type": "work"}
    made = scim.make_user(emails=[email])
    answer = scim.patch(path_of(made), {"op": "add", "path": "emails", "value": [email]})
    assert answer.status_code == 200 and answer.data == made
    twice = scim.make_user("twice", emails=[email, email])
    assert twice["emails"] == [email]


def test_sch_22_null_and_empty_are_unassigned(scim):
    made = scim.make_user(title=None, roles=[], name={}, nickName="")
    assert not {"title", "roles", "name", "nickName"} & set(made)
    for path in ("title", "roles", "name", "nickName"):
        assert not scim.find(f"{path} pr")
    path = path_of(scim.make_user("other", title="Guide", roles=[{"value": "x"}]))
    for name, value in (("title", None), ("roles", [])):
        scim.patch(path, {"op": "replace", "path": name, "value": value})
        assert name not in scim.get(path).data


def nothing_empty(value):
    if isinstance(value, dict):
        return all(nothing_empty(each) for each in value.values()) and bool(value)
    if isinstance(value, list):
        return bool(value) and all(nothing_empty(each) for each in value)
    return value is not None


def test_sch_23_what_is_unassigned_is_left_out(scim):
    user = scim.make_user(emails=[{"value": "b@example.com"}])
    for resource in (user, scim.make_group("Empty"), scim.make_group("Full", user)):
        assert nothing_empty(scim.get(path_of(resource)).data)


# Mutability and returned


def test_sch_24_read_only(scim):
    group = scim.make_group("Guides")
    made = scim.make_user()
    groups = [{"value": group["id"]}]
    body = {"schemas": [USER], "userName": "bjensen", "groups": groups}
    assert scim.put(path_of(made), body).data == made
    add = {"op": "add", "path": "groups", "value": groups}
    assert_error(scim.patch(path_of(made), add), 400, "mutability", "groups")


def test_sch_25_immutable(extra):
    one, other = extra.make_user("one"), extra.make_user("other")
    group = path_of(extra.make_group("Guides", one))
    path = f'members[value eq "{one["id"]}"].value'
    replace = {"op": "replace", "path": path, "value": other["id"]}
    assert_error(extra.patch(group, replace), 400, "mutability", "members.value")
    first = {"op": "add", "path": f"{EXTRA}:once", "value": "first"}
    assert extra.patch(path_of(one), first).data[EXTRA]["once"] == "first"
    second = first | {"op": "replace", "value": "second"}
    assert_error(extra.patch(path_of(one), second), 400, "mutability", f"{EXTRA}:once")
    assert extra.patch(path_of(one), first).status_code == 200


def test_sch_26_write_only_is_never_returned(connect):
    scim = connect(passwords="accept")
    secret = {"password": "Correct-horse-7-battery"}
    made = scim.make_user(**secret)  # the client looks at every answer for a password
    path = path_of(made)
    body = {"schemas": [USER], "userName": "bjensen", **secret}
    replace = {"op": "replace", "path": "password", "value": "Other-horse-8-staple"}
    answers = [
        scim.get(path),
        scim.get(path, {"attributes": "password"}),
        scim.get("/Users", {"attributes": "password"}),
        scim.put(path, body),
        scim.patch(path, replace),
        scim.post("/Users?attributes=password", body | {"userName": "other"}),
    ]
    for answer in answers:
        assert answer.status_code in (200, 201)
        assert "password" not in answer.content.decode().lower()


def test_sch_27_returned(extra):
    answer = post_extra(extra, hidden="x", plain="y")
    made, path = answer.data, path_of(answer.data)
    assert answer.headers["ETag"] == made["meta"]["version"] == extra.get(path).headers["ETag"]
    assert made[EXTRA] == {"hidden": "x", "plain": "y", "shown": "yes"}
    assert extra.get(path).data[EXTRA] == {"plain": "y", "shown": "yes"}
    assert extra.get("/Users").data["Resources"][0][EXTRA] == {"plain": "y", "shown": "yes"}
    asked = extra.get(path, {"attributes": f"{EXTRA}:hidden"}).data
    assert asked[EXTRA] == {"hidden": "x", "shown": "yes"}
    excluded = extra.get(path, {"excludedAttributes": f"{EXTRA}:shown,{EXTRA}:plain"}).data
    assert excluded[EXTRA] == {"shown": "yes"}
    set_it = {"op": "replace", "path": f"{EXTRA}:hidden", "value": "z"}
    assert extra.patch(path, set_it).data[EXTRA]["hidden"] == "z"
    desk = {"op": "add", "path": f"{EXTRA}:desk", "value": {"room": "7", "note": "x"}}
    answer = extra.patch(path, desk, if_match=extra.get(path).headers["ETag"])
    assert answer.data[EXTRA]["desk"] == {"room": "7", "note": "x"}
    assert "hidden" not in answer.data[EXTRA]
    later = extra.get(path)
    assert later.data[EXTRA]["desk"] == {"room": "7"}
    assert later.headers["ETag"] == answer.headers["ETag"] == answer.data["meta"]["version"]


# Case and uniqueness


def test_sch_28_case_is_kept(scim):
    made = scim.make_user("BJensen", externalId="AbC")
    data = scim.get(path_of(made)).data
    assert (data["userName"], data["externalId"]) == ("BJensen", "AbC")


def test_sch_29_unique(extra):
    extra.make_user("one")
    assert_error(extra.post("/Users", {"schemas": [USER], "userName": "ONE"}), 409, "uniqueness")
    body = {"schemas": [USER, EXTRA], EXTRA: {"code": "A1"}}
    extra.make("/Users", body | {"userName": "two"})
    answer = extra.post("/Users", body | {"userName": "three"})
    assert_error(answer, 409, "uniqueness", f"{EXTRA}:code")


def test_sch_30_uniqueness_is_409(scim):
    scim.make_user("one")
    body = {"schemas": [USER], "userName": "one"}
    path = path_of(scim.make_user("other"))
    replace = {"op": "replace", "path": "userName", "value": "one"}
    for answer in (scim.post("/Users", body), scim.put(path, body), scim.patch(path, replace)):
        assert_error(answer, 409, "uniqueness", "userName")


# What is published


def all_attributes(scim):
    for document in scim.get("/Schemas").data["Resources"]:
        for attribute in document["attributes"]:
            yield attribute
            yield from attribute.get("subAttributes", [])


def test_sch_31_reference_types(scim):
    user = characteristics(scim, USER)
    (photo,) = [s for s in user["photos"]["subAttributes"] if s["name"] == "value"]
    (group,) = [s for s in user["groups"]["subAttributes"] if s["name"] == "$ref"]
    assert (photo["referenceTypes"], group["referenceTypes"]) == (["external"], ["Group"])
    for attribute in all_attributes(scim):
        assert ("referenceTypes" in attribute) is (attribute["type"] == "reference")
        assert set(attribute.get("referenceTypes", [])) <= {"User", "Group", "external", "uri"}


def test_sch_32_complex_attributes_have_parts(scim):
    for attribute in all_attributes(scim):
        assert bool(attribute.get("subAttributes")) is (attribute["type"] == "complex")
