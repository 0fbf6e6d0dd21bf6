"""Every tolerance: accepted and recorded in the event, and rejected by ``strict``."""

from urllib.parse import urlencode

import pytest

from django_scim.protocol.tolerances import PROFILES, Tolerance

from ..client import ENTERPRISE, GROUP, SEARCH, USER, assert_error

MISSPELT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"
WORK = {"value": "a@b.com", "type": "work"}
FOREIGN = [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"]


def user_patch(op, value, path=None):
    operation = {"op": op, "value": value} | ({"path": path} if path else {})
    return lambda client, user, group: client.patch(f"/Users/{user['id']}", operation)


def user_post(schemas=(USER,), **attributes):
    body = {"schemas": list(schemas), "userName": "new", **attributes}
    return lambda client, user, group: client.post("/Users", body)


def user_list(**params):
    query = urlencode(params, doseq=True)
    return lambda client, user, group: client.get(f"/Users?{query}")


#: A request that uses only this tolerance, and the error of ``strict``.
REFUSED = {
    Tolerance.ANY_ACCEPT: (
        lambda client, user, group: client.get(f"/Users/{user['id']}", accept="text/html"),
        406, None,
    ),
    Tolerance.BARE_EXTENSION: (user_patch("replace", "R", "department"), 400, "invalidPath"),
    Tolerance.BARE_OPERATIONS: (
        lambda client, user, group: client.request(
            "PATCH", f"/Users/{user['id']}", [{"op": "replace", "path": "title", "value": "x"}]
        ),
        400, "invalidSyntax",
    ),
    Tolerance.BARE_VALUE: (
        lambda client, user, group: client.patch(
            f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": user["id"]}
        ),
        400, "invalidValue",
    ),
    Tolerance.BOOLEAN_TEXT: (user_patch("Replace", "False", "active"), 400, "invalidValue"),
    Tolerance.BYTE_ORDER_MARK: (
        lambda client, user, group: client.post(
            "/Users", raw=b'\xef\xbb\xbf{"schemas": ["%s"], "userName": "new"}' % USER.encode()
        ),
        400, "invalidSyntax",
    ),
    Tolerance.COLON_AFTER_URN: (
        user_patch("replace", {"department": "R"}, f"{ENTERPRISE}:"), 400, "invalidPath",
    ),
    Tolerance.CONNID_NAME: (user_patch("replace", False, "__ENABLE__"), 400, "invalidPath"),
    Tolerance.CORE_URN: (user_post(**{USER: {"title": "x"}}), 400, "invalidSyntax"),
    Tolerance.CREATE_TARGET: (
        user_patch("Add", "+1", 'phoneNumbers[type eq "mobile"].value'), 400, "noTarget",
    ),
    Tolerance.DATE_ONLY: (user_list(filter='meta.created gt "2026-11-25"'), 400, "invalidFilter"),
    Tolerance.DOT_AFTER_URN: (
        user_patch("Replace", "R", f"{ENTERPRISE}.department"), 400, "invalidPath",
    ),
    Tolerance.EMPTY_PARAMETER: (user_list(filter=""), 400, "invalidFilter"),
    Tolerance.EMPTY_PATCH: (
        lambda client, user, group: client.patch(f"/Users/{user['id']}"), 400, "invalidSyntax",
    ),
    Tolerance.EMPTY_SEARCH: (
        lambda client, user, group: client.post("/Users/.search"), 400, "invalidSyntax",
    ),
    Tolerance.EXTRA_SLASH: (lambda client, user, group: client.get("//Users"), 404, None),
    Tolerance.JSON_TEXT: (user_patch("replace", '{"title": "x"}'), 400, "invalidValue"),
    Tolerance.LEAVER: (
        lambda client, user, group: client.patch(
            f"/Users/{user['id']}",
            {"op": "replace", "path": "active", "value": False},
            {"op": "replace", "path": "userName", "value": "x" * 400},
        ),
        400, "invalidValue",
    ),
    Tolerance.LISTED_REMOVAL: (
        lambda client, user, group: client.patch(
            f"/Groups/{group['id']}",
            {"op": "Remove", "path": "members", "value": [{"value": user["id"]}]},
        ),
        400, "invalidSyntax",
    ),
    Tolerance.LONE_ELEMENT: (user_post(emails=WORK), 400, "invalidValue"),
    Tolerance.LOOSE_FORMAT: (
        user_post(addresses=[{"type": "work", "country": "USA"}]), 400, "invalidValue",
    ),
    Tolerance.LOOSE_REFERENCE: (
        lambda client, user, group: client.patch(
            f"/Groups/{group['id']}",
            {"op": "add", "path": "members",
             "value": [{"value": user["id"], "$ref": "../Users/other"}]},
        ),
        400, "invalidValue",
    ),
    Tolerance.LOOSE_SCHEMAS: (user_post([]), 400, "invalidSyntax"),
    Tolerance.MISSPELT_URN: (
        user_post([USER, MISSPELT], **{MISSPELT: {"department": "R"}}), 400, "invalidSyntax",
    ),
    Tolerance.NUMBER_FOR_TEXT: (user_post(externalId=12345), 400, "invalidValue"),
    Tolerance.NUMBER_TEXT: (
        lambda client, user, group: client.post(
            "/Users/.search", {"schemas": [SEARCH], "count": "5"}
        ),
        400, "invalidSyntax",
    ),
    Tolerance.OTHER_MEDIA_TYPE: (
        lambda client, user, group: client.post(
            "/Users", {"schemas": [USER], "userName": "new"}, content_type="application/scim"
        ),
        415, None,
    ),
    Tolerance.OTHER_QUOTES: (user_list(filter="userName eq 'bjensen'"), 400, "invalidFilter"),
    Tolerance.PARAMETER_CASE: (user_list(Filter='userName eq "x"'), 400, "invalidValue"),
    Tolerance.PATH_KEYS: (user_patch("replace", {"name.givenName": "B"}), 400, "invalidPath"),
    Tolerance.PENDING_REFERENCE: (
        user_post([USER, ENTERPRISE], **{ENTERPRISE: {"manager": {"value": "123456"}}}),
        400, "invalidValue",
    ),
    Tolerance.READ_ONLY_PATH: (
        user_patch("add", [{"value": "x"}], "groups"), 400, "mutability",
    ),
    Tolerance.REPEATED_PARAMETER: (user_list(attributes=["title", "name"]), 400, "invalidValue"),
    Tolerance.SINGLE_IN_LIST: (
        user_patch("Replace", [{"$ref": None, "value": "User X"}], "displayName"),
        400, "invalidValue",
    ),
    Tolerance.UNKNOWN_ATTRIBUTE: (user_post(favouriteColour="blue"), 400, "invalidSyntax"),
    Tolerance.UNKNOWN_SCHEMA: (
        lambda client, user, group: client.post(
            "/Groups", {"schemas": FOREIGN, "displayName": "new"}
        ),
        400, "invalidSyntax",
    ),
    Tolerance.UNQUOTED_VALUE: (user_list(filter="userName eq bjensen"), 400, "invalidFilter"),
    Tolerance.VALUE_PATH_SUFFIX: (
        user_list(filter='emails[type eq "work"].value eq "a@b.com"'), 400, "invalidFilter",
    ),
    Tolerance.WHOLE_SCHEMA: (user_list(filter=f"{ENTERPRISE} pr"), 400, "invalidFilter"),
}  # fmt: skip

#: Here ``strict`` responds differently but without an error; each has its own test below.
OTHERWISE = {
    Tolerance.ATTRIBUTE_BRACKETS, Tolerance.KEEP_MEMBERS, Tolerance.KEEP_SELECTORS,
    # with tests in rows/
    Tolerance.EMPTY_VALUE, Tolerance.LOCKED_ATTRIBUTE, Tolerance.OUTER_BLANKS,
    Tolerance.PLAIN_PLUS,
}  # fmt: skip


def store(client):
    user = client.make_user(emails=[WORK])
    return user, client.make_group("G", user)


def state(client):
    """Return everything that the client can read."""
    return [client.get(path).data["Resources"] for path in ("/Users", "/Groups")]


def test_every_tolerance_has_a_request():
    assert REFUSED.keys() | OTHERWISE == set(Tolerance)
    assert not REFUSED.keys() & OTHERWISE


@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "strict"])
@pytest.mark.parametrize("tolerance", REFUSED)
def test_profile_accepts_and_records_its_tolerances(tolerance, profile, connect, used):
    client = connect(profile, log_reads=True)
    call, status, scim_type = REFUSED[tolerance]
    user, group = store(client)
    answer = call(client, user, group)
    if tolerance in PROFILES[profile].tolerances:
        assert answer.status_code < 300, answer.data
        assert used(client) == {tolerance}
    else:
        assert_error(answer, status, scim_type)
        assert used(client) == set()


@pytest.mark.parametrize("tolerance", REFUSED)
def test_strict_rejects_and_changes_nothing(tolerance, connect, used):
    client = connect("strict", log_reads=True)
    call, status, scim_type = REFUSED[tolerance]
    user, group = store(client)
    before = state(client)
    assert_error(call(client, user, group), status, scim_type)
    assert used(client) == set()
    assert state(client) == before


def test_brackets_in_attributes(connect, used):
    params = {"attributes": 'emails[type eq "work"]'}
    tolerant, strict = connect("entra", log_reads=True), connect("strict")
    user, _ = store(tolerant)
    data = tolerant.get(f"/Users/{user['id']}", params).data
    assert data == {"schemas": [USER], "id": user["id"], "emails": [WORK]}
    assert used(tolerant) == {Tolerance.ATTRIBUTE_BRACKETS}
    user = strict.make_user("another", emails=[WORK])
    data = strict.get(f"/Users/{user['id']}", params).data
    assert data == {"schemas": [USER], "id": user["id"]}  # an unknown name selects nothing


@pytest.mark.parametrize("profile", PROFILES)
def test_put_of_a_group_without_members(profile, connect, used, members):
    client = connect(profile)
    user, group = store(client)
    body = {"schemas": [GROUP], "displayName": "Renamed"}
    assert client.put(f"/Groups/{group['id']}", body).status_code == 200
    is_kept = Tolerance.KEEP_MEMBERS in PROFILES[profile].tolerances
    assert members(client, group) == ({user["id"]} if is_kept else set())
    assert used(client) == ({Tolerance.KEEP_MEMBERS} if is_kept else set())
    client.put(f"/Groups/{group['id']}", body | {"members": []})
    assert members(client, group) == set()


@pytest.mark.parametrize("profile", PROFILES)
def test_replaced_value_keeps_its_type(profile, connect, used):
    client = connect(profile)
    user, _ = store(client)
    operation = {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "new@b.com"}}
    data = client.patch(f"/Users/{user['id']}", operation).data
    is_kept = Tolerance.KEEP_SELECTORS in PROFILES[profile].tolerances
    kept = {"type": "work"} if is_kept else {}
    assert data["emails"] == [{"value": "new@b.com"} | kept]
    assert used(client) == ({Tolerance.KEEP_SELECTORS} if kept else set())


@pytest.mark.parametrize("name", ["department", "DEPARTMENT"])
def test_extension_attribute_without_urn(name, connect, used):
    tolerant, strict = connect("default", log_reads=True), connect("strict")
    user = tolerant.make_user(**{ENTERPRISE: {"department": "R"}})
    strict.make_user("another", **{ENTERPRISE: {"department": "R"}})
    for params in ({"filter": f'{name} eq "R"'}, {"sortBy": name}, {"attributes": name}):
        (found,) = tolerant.get("/Users", params).data["Resources"]
        assert found["id"] == user["id"] and found[ENTERPRISE] == {"department": "R"}
        assert used(tolerant) == {Tolerance.BARE_EXTENSION}
    assert_error(strict.get("/Users", {"filter": f'{name} eq "R"'}), 400, "invalidFilter", name)
    assert_error(strict.get("/Users", {"sortBy": name}), 400, "invalidValue", name)
    (found,) = strict.get("/Users", {"attributes": name}).data["Resources"]
    assert set(found) == {"schemas", "id"}


def test_strict_accepts_no_deviation_in_a_filter(connect):
    scim = connect("strict")
    for text in ("userName eq bjensen", 'emails[type eq "work"].value eq "x"', 'active eq "true"'):
        assert_error(scim.get("/Users", {"filter": text}), 400, "invalidFilter")
