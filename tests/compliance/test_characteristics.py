"""Characteristics of attributes (RFC 7643 section 2)."""

import pytest

from tests.client import USER, assert_error

from .adapters import EXTRA


def post(scim, **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": "bjensen", **attributes})


def post_extra(scim, **attributes):
    return post(scim, schemas=[USER, EXTRA], **{EXTRA: attributes})


def characteristics(scim, urn):
    return {each["name"]: each for each in scim.get(f"/Schemas/{urn}").data["attributes"]}


def path_of(resource):
    return f"/{resource['meta']['resourceType']}s/{resource['id']}"


# Multi-valued attributes


def test_sch_17_one_primary(scim):
    emails = [{"value": f"{n}@example.com", "primary": True} for n in "ab"]
    assert_error(post(scim, emails=emails), 400, "invalidValue", "emails")
    made = scim.make_user(emails=emails[:1])
    body = {"schemas": [USER], "userName": "bjensen", "emails": emails}
    assert_error(scim.put(path_of(made), body), 400, "invalidValue", "emails")
    assert scim.get(path_of(made)).data == made


def test_sch_18_missing_primary_is_false(scim):
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


@pytest.mark.parametrize("base", ["scim/", "scim/v1/", "scim/v2/", ""])
def test_sch_20_references_compare_without_version(base, scim):
    user = scim.make_user()
    group = scim.make_group("Guides", user)
    scim.make_group("Others", scim.make_user("other"))
    base = base and f"http://testserver/{base}"
    (found,) = scim.find(f'members.$ref eq "{base}Users/{user["id"]}"', "/Groups")
    assert found["id"] == group["id"]


def test_sch_21_equal_values_are_stored_once(scim):
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


def test_sch_23_unassigned_attributes_are_omitted(connect):
    scim = connect("strict")
    user = scim.make_user(emails=[{"value": "b@example.com"}])
    for resource in (user, scim.make_group("Empty"), scim.make_group("Full", user)):
        assert nothing_empty(scim.get(path_of(resource)).data)


# Mutability and returned


def test_sch_24_read_only(scim, connect):
    group = scim.make_group("Guides")
    made = scim.make_user()
    groups = [{"value": group["id"]}]
    body = {"schemas": [USER], "userName": "bjensen", "groups": groups}
    assert scim.put(path_of(made), body).data == made
    add = {"op": "add", "path": "groups", "value": groups}
    assert scim.patch(path_of(made), add).data == made  # ignored, and noted in the event
    strict = connect("strict")
    other = path_of(strict.make_user("other"))
    assert_error(strict.patch(other, add), 400, "mutability", "groups")


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
    made = scim.make_user(**secret)  # the client searches every response for a password
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


# Discovery


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


def test_sch_32_complex_attributes_have_sub_attributes(scim):
    for attribute in all_attributes(scim):
        assert bool(attribute.get("subAttributes")) is (attribute["type"] == "complex")
