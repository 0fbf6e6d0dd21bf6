"""Schema definitions and types of attributes (RFC 7643 sections 2 and 7)."""

import pytest

from django_scim import checks
from django_scim.adapters import Attribute, Schema, UserAdapter
from tests.client import ENTERPRISE, GROUP, USER, assert_error

from .adapters import EXTRA

CERTIFICATE = "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQ"


def post(scim, **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": "bjensen", **attributes})


def post_extra(scim, **attributes):
    return post(scim, schemas=[USER, EXTRA], **{EXTRA: attributes})


def characteristics(scim, urn):
    return {each["name"]: each for each in scim.get(f"/Schemas/{urn}").data["attributes"]}


def path_of(resource):
    return f"/{resource['meta']['resourceType']}s/{resource['id']}"


# Definitions: errors are reported at start-up


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
def test_faulty_definition_is_reported(attribute, words, settings, scim, monkeypatch):
    faulty = Schema("urn:example:scim:schemas:faulty:2.0:User", "Faulty", attributes=(attribute,))
    adapter = type("Faulty", (UserAdapter,), {"extensions": [faulty]})
    monkeypatch.setitem(globals(), "Subject", adapter)
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Subject"}}
    (message,) = checks.check_adapters()
    assert message.id == "django_scim.E008" and words in message.msg
    assert_error(scim.get("/Users"), 500)


def test_sch_01_ref_is_a_valid_name(scim):
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
    assert (active["caseExact"], active["uniqueness"]) == (False, "none")


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        pytest.param("rate", [1, 1.5, -0.25], ["1.5", True], id="SCH-08"),
        pytest.param("level", [0, -3, 7], [1.0, 1.5, "7", True], id="SCH-09"),
        pytest.param(
            "since",
            ["2008-01-23T04:56:22Z", "2008-01-23T06:56:22+02:00"],
            ["2024-13-01", "04:56:22Z", "2024-02-30T00:00:00Z", 1700000000],
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
    "form",
    [
        "{}",
        "Users/{}",
        "../Users/{}",
        "http://testserver/scim/v2/Users/{}",
        "http://testserver/scim/v2/Users/{}/",
    ],
)
def test_sch_12_references(form, scim):
    boss = scim.make_user("boss")
    manager = {"$ref": form.format(boss["id"])}
    report = scim.make_user("report", **{ENTERPRISE: {"manager": manager}})
    assert report[ENTERPRISE]["manager"]["value"] == boss["id"]
    assert report[ENTERPRISE]["manager"]["$ref"] == boss["meta"]["location"]
    group = scim.make(
        "/Groups", {"schemas": [GROUP], "displayName": "Tour Guides", "members": [manager]}
    )
    assert [each["value"] for each in group["members"]] == [boss["id"]]
    assert scim.find(f'members.$ref eq "{form.format(boss["id"])}"', "/Groups") == [group]


def test_sch_12_uris(connect):
    strict = connect("strict")
    answer = post(strict, profileUrl="no uri at all")
    assert_error(answer, 400, "invalidValue", "profileUrl")
    for uri in ("https://example.com/a?b#c", "photos/1", "urn:example:1"):
        assert strict.make_user(uri, profileUrl=uri)["profileUrl"] == uri
    reference = characteristics(strict, USER)["profileUrl"]
    assert reference["type"] == "reference" and reference["caseExact"] is True


def test_sch_13_reference_can_be_resolved(scim):
    user = scim.make_user()
    (member,) = scim.make_group("Guides", user)["members"]
    path = member["$ref"].removeprefix("http://testserver/scim/v2")
    assert scim.get(path).data["id"] == user["id"]
    scim.delete(path)
    assert_error(scim.get(path), 404)


def test_sch_14_references_need_a_target(connect):
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
