"""Secrets never reach the audit log, however a client spells, nests or encodes them."""

import hashlib
import json
import logging
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_scim.adapters.accounts.passwords import SET, UNSET
from django_scim.adapters.writing.changes import Change
from django_scim.audit.redacted_text import hide_secrets, limited, shown_text
from django_scim.audit.redaction import (
    Redactor,
    redact_body,
    redact_url,
    redact_value,
    rule_for,
    secrets_in_url,
    shown_changes,
)
from django_scim.audit.secret_detection import hide_tokens, is_secret_name, secrets_in, tokens_in
from django_scim.models import Event
from django_scim.protocol.messages.bulk import REQUEST_URN
from tests.client import ENTERPRISE, GROUP, PATCH, USER

SECRET = "hunter2-hunter2"
TOKEN = "scim_Zk3" + "x7Q-y_9" * 5 + "Tail9"


def stored():
    """Return the text of every column of every event."""
    texts = [
        json.dumps(event, default=str, ensure_ascii=False) + str(event)
        for event in Event.objects.values()
    ]
    assert texts
    return texts


def events_with(secret):
    """Return the events that contain a secret, or its end."""
    return [text for text in stored() if secret in text or secret[8:] in text]


def patch_body(*operations):
    return {"schemas": [PATCH], "Operations": [*operations]}


NAMES = [
    "password", "Password", "PASSWORD", " password ", "ｐａｓｓｗｏｒｄ", "paſſword", "passwd",
    "pass\u200bword", "userPassword", "new-password", "password.value", "secret", "client_secret",
    "token", "access_token", "accessToken", "Access-Token", "refreshToken", "authorization",
    "Authorization", "proxy-authorization", "api_key", "apiKey", "X-API-Key", "api-\u212aey",
    "privateKey", "secretKey", "signingKey", "access_key", "bearer", "secrets",
    "Set-Cookie", "jwt", "passphrase", "credentials",
    f"{USER}:password", f"{USER.upper()}:PassWord",
    f"{ENTERPRISE}:password", f"{USER} : password", 'password[value eq "x"]', "/password",
    'emails[type eq "work"].password', "pass%77ord", "$.password",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_secret_names(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["userName", "secretary", "title", "tokenised", "passport", "compass", "key", "emails",
     "tokenType", "apiary", USER, ENTERPRISE, "x509Certificates", ""],
)  # fmt: skip
def test_other_names(name):
    assert not is_secret_name(name)


# Bodies


@pytest.mark.parametrize("key", NAMES)
def test_value_of_a_secret_key_is_hidden(key):
    for value in (SECRET, [SECRET], {"value": SECRET}, {SECRET: True}, [[{"a": [SECRET]}]]):
        assert SECRET not in redact_body({"x": [{key: value}]})
        assert SECRET in secrets_in({"x": [{key: value}]})


PATHS = [
    "password", "PassWord", " password", f"{USER}:password", "password[value pr]", "/password",
    f'password[value eq "{SECRET}"]', f'accessToken[value eq "{SECRET}"]', f"secret.{SECRET}",
    f'{USER}:token [value eq "{SECRET}"].value', ["password"], [["x", "Password"]],
    {"x": "password"}, "ｐａｓｓｗｏｒｄ", '["password"]', "pass\\u0077ord",
]  # fmt: skip
MEMBERS = [("path", "value"), ("Path", "Value"), ("PATH", "VALUE"), ("ｐath", "value"),
           (" path", "values"), ("name", "value"), ("attribute", "value")]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=str)
@pytest.mark.parametrize(("path_key", "value_key"), MEMBERS)
def test_value_of_a_secret_path_is_hidden(path_key, value_key, path):
    if path_key in ("name", "attribute") and isinstance(path, dict):
        return  # a complex attribute of that name
    for value in (SECRET, [SECRET], {"value": SECRET}):
        for operation in ({path_key: path, value_key: value}, {value_key: value, path_key: path}):
            body = {"data": {"data": [{"OPERATIONS": [{"op": "replace", **operation}]}]}}
            assert SECRET not in redact_body(body)
            assert SECRET in secrets_in(body)


@pytest.mark.parametrize(
    "key", ["path", "name", "attribute", "attributeName", "Key", "field", "type"]
)
def test_value_beside_the_name_of_a_secret_is_hidden(key):
    body = {key: "apiKey", "value": SECRET, "default": [SECRET], "version": 2, "op": "add"}
    hidden = {"value": "***", "default": "***"}
    assert json.loads(redact_body(body)) == body | hidden
    assert SECRET in secrets_in(body)
    for other in ("title", 5, None, True, ["title"], {"a": "title"}):
        assert json.loads(redact_body(body | {key: other})) == body | {key: other}
        assert not secrets_in(body | {key: other})


FILTERS = [
    f'accessToken[value eq "{SECRET}"]', f'{USER}:client_secret[type eq "x" and value sw {SECRET}]',
    f'access-token [value eq "{SECRET}"].value', f'apiKey[not (value co "{SECRET}")]',
    f'jwt.value eq "{SECRET}"', f'title pr and token.value.x ne "{SECRET}"',
    f'title[token.value eq "{SECRET}"]', f'emails[type eq "work" and tokens[value eq "{SECRET}"]]',
    f'ｔｏｋｅｎ[value eq "{SECRET}"]', f'tok%65n%5Bvalue eq "{SECRET}"%5D',
    f't\\u006fken[value eq "{SECRET}"]', f"secret.$ref eq '{SECRET}'",
]  # fmt: skip
PLACES = [
    lambda text: {"path": text},
    lambda text: {"op": "replace", "path": text, "value": "x"},
    lambda text: {"op": "replace", "path": "title", "value": text},
    lambda text: {"title": text},
    lambda text: {"filter": text},
    lambda text: {"sortBy": [text]},
    lambda text: {text: 1},
]


@pytest.mark.parametrize("place", range(len(PLACES)))
@pytest.mark.parametrize("text", FILTERS)
def test_value_in_a_filter_on_a_secret_is_hidden(text, place):
    body = PLACES[place](text)
    for each in (body, {"title": json.dumps(body)}, {"title": json.dumps(json.dumps([body]))}):
        assert SECRET not in redact_body(each)
    assert SECRET not in redact_url(f"/scim/v2/Users?filter={quote(text)}")
    assert SECRET not in redact_url(f"/scim/v2/Users?sortBy={text}")
    assert SECRET not in redact_url(f"/scim/v2/Users/{quote(text)}")


TEXTS = [
    json.dumps({"password": SECRET}),
    f"  {json.dumps([{'Password': SECRET}])}",
    json.dumps(json.dumps({"password": SECRET})),
    "\ufeff" + json.dumps({"x": json.dumps({"apiKey": SECRET})}),
    f'{{"password": "{SECRET}"',
    f'{{"p\\u0061ssword": "{SECRET}"',
    f"password={SECRET}",
    f"a=1&api_key={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"token: {SECRET}",
    f"Bearer {SECRET}",
    f"cookie: {SECRET}",
    f"jwt={SECRET}",
    f"pwd={SECRET}",
    f"credentials = {SECRET}",
    f"my passphrase is {SECRET}",
    f"signing-key: {SECRET}",
    f'secret eq "{SECRET}"',
    quote(f"password={SECRET}"),
    "[" * 2000 + json.dumps({"password": SECRET}) + "]" * 2000,
    json.dumps({"n": 1})[:-1] + f', "m": {"1" * 5000}, "password": "{SECRET}"}}',
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30])
def test_secret_in_a_string_is_hidden(text):
    for body in (text, {"value": text}, {"title": [text]}):
        assert SECRET not in redact_body(body)


@pytest.mark.parametrize(
    "body",
    [
        '{"password": "hunter2-hunter2"}',
        '\ufeff {"password": "hunter2-hunter2"}',
        {"title": '{"pwd":"hunter2-hunter2"}'},
        {"title": '"{\\"pwd\\": \\"hunter2-hunter2\\"}"'},
        [['{"pwd": ["hunter2-hunter2"]}']],
        {"path": "password", "value": ["x", ["hunter2-hunter2"]]},
        {"path": 'token[value eq "hunter2-hunter2"]'},
    ],
    ids=str,
)
def test_secrets_are_found_in_values_and_in_json_in_strings(body):
    assert SECRET in secrets_in(body)


def test_only_what_is_hidden_is_a_secret():
    assert secrets_in({"path": "title", "password": SECRET}) == {SECRET}
    assert secrets_in({"path": "password", "value": SECRET, "op": "replace"}) == {SECRET}
    assert secrets_in({"path": SECRET, "name": "password"}) >= {SECRET}
    assert secrets_in({"path": f"token.{SECRET}", "op": "remove"}) >= {SECRET}
    assert secrets_in({"password": f"tokenx={SECRET}"}) >= {SECRET}
    found = secrets_in({"path": f'token[value eq "{SECRET}"]'})
    assert SECRET in found and not {"token", "eq", "value "} & found
    assert secrets_in({"userName": "bjensen", "title": ["Guide"], "active": True}) == set()


@pytest.mark.parametrize(
    "text", ['{"pwd":"abcdef"}', '[{"pwd":"abcdef"}]', ' {"pwd":"abcdef"}', '\t{"pwd":"abcdef"}']
)
def test_short_json_in_a_string_is_searched(text):
    assert "abcdef" in secrets_in({"title": text}) & secrets_in([text])


def test_encoded_nul_in_a_name_hides_no_other_name():
    body = {"x%00y": "Guide", "password": SECRET}
    assert json.loads(redact_body(body)) == body | {"password": "***"}
    assert secrets_in(body) == {SECRET}


def test_harmless_bodies_are_kept():
    body = {
        "schemas": [USER],
        "userName": "bjensen",
        "title": "Secretary of the token office",
        "attributes": ["userName", "password"],
        "emails": [{"value": "b@example.com", "primary": True, "type": "work"}],
        "n": None,
        "Operations": [{"op": "remove", "path": "password"}, {"path": "title", "value": "[x]"}],
    }
    assert json.loads(redact_body(body)) == body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": {"givenName": "B", "familyName": "J"}},
         {"name": {"givenName": "***", "familyName": "J"}}),
        (patch_body({"Path": "name", "value": {"givenName": "B"}}), {"givenName": "***"}),
        (patch_body({"PATH": "NAME.givenName", "value": "B"}), "***"),
        (patch_body({"path": f"{USER}:name.givenName", "value": "B"}), "***"),
        (patch_body({"value": {"name.givenName": "B"}}), {"name.givenName": "***"}),
        (patch_body({"path": 'phoneNumbers[type eq "work"].value', "value": "+49"}), "***"),
        ({ENTERPRISE: {"employeeNumber": "7", "division": "D"}},
         {ENTERPRISE: {"employeeNumber": "***", "division": "D"}}),
        (patch_body({"path": f"{ENTERPRISE}:employeeNumber", "value": "7"}), "***"),
        ({"title": "Guide"}, {"title": None}),
    ],
)  # fmt: skip
def test_rules_of_the_site_in_bodies(settings, body, expected):
    settings.DJANGO_SCIM = {
        "REDACT": {
            "name.givenName": "mask",
            "phoneNumbers": "mask",
            f"{ENTERPRISE}:employeeNumber": "mask",
            "title": "drop",
        }
    }
    found = json.loads(redact_body(body))
    assert (found["Operations"][0]["value"] if "Operations" in found else found) == expected


@pytest.mark.parametrize(
    "message",
    [
        {"Operations": [{"method": "POST", "path": "/Users", "data": {"title": "Guide"}}]},
        {"operations": [{"DATA": patch_body({"path": "title", "value": "Guide"})}]},
        {"totalResults": 1, "Resources": [{"id": "1", "title": "Guide"}]},
    ],
)
def test_rules_of_the_site_in_messages(settings, message):
    settings.DJANGO_SCIM = {"REDACT": {"title": "mask"}}
    assert json.loads(redact_body(message)) == json.loads(
        json.dumps(message).replace('"Guide"', '"***"')
    )


def test_rules_by_path(settings):
    settings.DJANGO_SCIM = {
        "REDACT": {f"{USER}:title": "mask", ENTERPRISE: "drop", "name": "hash", "name.x": "keep"}
    }
    assert rule_for("Title") == rule_for(f"{USER}:title") == "mask"
    assert rule_for(f"{ENTERPRISE}:manager.value") == "drop"
    assert (rule_for("name.givenName"), rule_for("name.x"), rule_for("emails")) == (
        "hash", "keep", "keep",
    )  # fmt: skip


BADGE = "urn:example:scim:schemas:acme:2.0:Badge"
ROOM = {"floor": "12", "colour": "red"}


@pytest.mark.parametrize(
    ("rule", "hidden"),
    [
        (f"{BADGE}:number", ["7"]),
        (f"{BADGE.upper()}:NUMBER", ["7"]),
        (f"{BADGE}:room", ["12", "red"]),
        (f"{BADGE}:room.colour", ["red"]),
        (BADGE, ["7", "12", "red"]),
        ("room.floor", ["12"]),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        {BADGE: {"number": "7", "room": ROOM}},
        patch_body({"path": BADGE, "value": {"number": "7", "room": ROOM}}),
        patch_body({"value": {BADGE: {"number": "7", "room.floor": "12", "room.colour": "red"}}}),
        patch_body({"value": {f"{BADGE}:number": "7", f"{BADGE}:room.floor": "12",
                              f"{BADGE}:room": {"colour": "red"}}}),
    ],
)  # fmt: skip
def test_rules_cover_members_of_an_extension(settings, rule, hidden, body):
    settings.DJANGO_SCIM = {"REDACT": {rule: "mask"}}
    found = redact_body(body)
    assert [each for each in ("7", "12", "red") if f'"{each}"' not in found] == hidden


def test_rule_of_an_attribute_precedes_that_of_its_extension(settings):
    settings.DJANGO_SCIM = {"REDACT": {BADGE: "drop", f"{BADGE}:room": "keep"}}
    for path in (f"{BADGE}:room", f"{BADGE}:room.floor", f"{BADGE}.room.floor"):
        assert rule_for(path) == "keep"
    assert rule_for(BADGE) == rule_for(f"{BADGE}:number") == rule_for(f"{BADGE}.number") == "drop"


def test_rule_for_a_core_schema_covers_its_attributes(settings):
    """Bodies name them without the URN; other members of a message are no attributes."""
    settings.DJANGO_SCIM = {"REDACT": {USER.upper(): "mask", "nickName": "keep"}}
    body = {
        "schemas": [USER, ENTERPRISE],
        "title": "Guide",
        "nickName": "Bob",
        "name": {"givenName": "Robert"},
        ENTERPRISE: {"department": "Sales"},
    }
    assert json.loads(redact_body(body)) == body | {"title": "***", "name": "***"}
    patch = patch_body({"op": "replace", "path": "title", "value": "Guide"})
    assert json.loads(redact_body(patch))["Operations"][0]["value"] == "***"
    assert rule_for(f"{USER}:title") == rule_for("name.givenName") == "mask"
    assert rule_for(f"{ENTERPRISE}:department") == rule_for(f"{USER}:nickName") == "keep"


def test_rule_of_the_containing_attribute_precedes_that_of_an_equal_name(settings):
    settings.DJANGO_SCIM = {"REDACT": {"manager": "drop", "displayName": "keep"}}
    assert rule_for(f"{ENTERPRISE}:manager.displayName") == "drop"
    assert rule_for("displayName") == "keep"


def test_strictest_rule_of_two_core_schemas_holds_for_a_name_of_both(settings):
    for one, other in (("keep", "drop"), ("drop", "keep"), ("mask", "hash"), ("hash", "mask")):
        settings.DJANGO_SCIM = {"REDACT": {USER: one, GROUP: other}}
        strictest = "drop" if "drop" in (one, other) else "mask"
        assert rule_for("displayName") == strictest, (one, other)


def test_rules_hold_if_an_adapter_cannot_be_imported(settings):
    settings.DJANGO_SCIM = {"REDACT": {USER: "mask"}, "ADAPTERS": {"User": "nowhere.Adapter"}}
    assert rule_for("title") == "mask"


def test_filters_in_paths_are_hidden_by_the_rules_of_the_site(settings):
    settings.DJANGO_SCIM = {"REDACT": {"phoneNumbers": "mask"}}
    hidden, kept = 'phoneNumbers[value eq "+49301234"].type', 'emails[value eq "a@b.cd"].type'
    body = patch_body({"op": "remove", "path": hidden}, {"op": "remove", "path": kept})
    redacted = set()
    operations = json.loads(redact_body(body, redacted))["Operations"]
    assert [each["path"] for each in operations] == ["phoneNumbers[***]", kept]
    assert "+49301234" in redacted and "a@b.cd" not in redacted


def test_redacted_texts_are_returned(settings):
    settings.DJANGO_SCIM = {"REDACT": {"title": "mask", "name": "drop", "locale": "hash"}}
    redacted = set()
    body = {"title": "Guide", "name": {"givenName": "Ada"}, "locale": "de-CH", "nickName": "Nick"}
    found = json.loads(redact_body(body, redacted))
    digest = hashlib.sha256(b'"de-CH"').hexdigest()[:16]
    assert found == {"title": "***", "name": None, "locale": f"sha256:{digest}", "nickName": "Nick"}
    assert redacted >= {"Guide", "Ada", "de-CH"} and "Nick" not in redacted


def test_rules_of_the_site_in_changes(settings):
    rules = {"title": "mask", "nickName": "drop", "locale": "hash", "name": "keep"}
    settings.DJANGO_SCIM = {"REDACT": rules}
    changes = [
        Change("title", None, "Guide"),
        Change("nickName", "a", "b"),
        Change("locale", "de", "en"),
        Change("name.givenName", "A", "B"),
        Change("active", True, False),
    ]
    de, en = (hashlib.sha256(text).hexdigest()[:16] for text in (b'"de"', b'"en"'))
    assert shown_changes(changes) == [
        {"path": "title", "old": None, "new": "***"},
        {"path": "locale", "old": f"sha256:{de}", "new": f"sha256:{en}"},
        {"path": "name.givenName", "old": "A", "new": "B"},
        {"path": "active", "old": True, "new": False},
    ]


def test_equal_values_have_the_same_hash():
    assert redact_value("hash", {"a": 1, "b": 2}) == redact_value("hash", {"b": 2, "a": 1})
    assert redact_value("hash", Decimal("1.5")) != redact_value("hash", Decimal("2.5"))
    assert len(redact_value("hash", "x")) == len("sha256:") + 16


def test_secrets_in_changes_are_hidden(settings):
    settings.DJANGO_SCIM = {"REDACT": {f"{BADGE}:room.floor": "mask"}}
    changes = [
        Change("password", UNSET, SET),
        Change(f"{BADGE}:apiKey", "old", SECRET),
        Change(f"{BADGE}:secretary", "Ada", "Bob"),
        Change("title", f"password: {SECRET}", "x"),
        Change(f"{BADGE}:room", None, {"floor": 1, "colour": "red"}),
    ]
    assert shown_changes(changes) == [
        {"path": "password", "old": UNSET, "new": SET},
        {"path": f"{BADGE}:apiKey", "old": "***", "new": "***"},
        {"path": f"{BADGE}:secretary", "old": "Ada", "new": "Bob"},
        {"path": "title", "old": "***", "new": "x"},
        {"path": f"{BADGE}:room", "old": None, "new": {"floor": "***", "colour": "red"}},
    ]


def test_changes_show_a_hundred_members():
    members = [{"value": str(number)} for number in range(150)]
    first, second = shown_changes([Change("members", members[:100], members), Change("x", 1, 2)])
    assert first["old"] == members[:100]
    assert first["new"] == [*members[:100], {"more": 50}]
    assert second == {"path": "x", "old": 1, "new": 2}


def test_json_in_a_string_keeps_what_is_not_secret():
    text = '{"password": "hunter2-hunter2", "n": [1, "\\ud800"]}'
    shown = '{"password": "***", "n": [1, "\\ud800"]}'
    assert json.loads(redact_body({"title": text})) == {"title": shown}
    for kept in ("[1,  2]", '{"a":1}', '"x"', " {not JSON", "[x]"):
        assert json.loads(redact_body({"title": kept})) == {"title": kept}
    long = json.dumps({"password": SECRET, "n": "x" * 5_000})
    found = json.loads(redact_body({"title": long}))["title"]
    assert len(found) == 2_000 and found.startswith('{"password": "***", "n": "xxx')


def test_cut_body_says_how_long_it_was(settings):
    settings.DJANGO_SCIM = {"EVENT_BODY_LIMIT": 100}
    assert redact_body({"a": "\u00e9" * 91}) == json.dumps({"a": "\u00e9" * 91}, ensure_ascii=False)
    text = redact_body({"a": "x" * 200})
    assert text == f'{{"a": "{"x" * 93}\u2026 (209 characters)'


# Tokens and URLs


@pytest.mark.parametrize(
    "text",
    [TOKEN, f"x{TOKEN}", f"Bearer {TOKEN}, please", TOKEN.replace("_", "%5F"),
     "".join(f"%{ord(char):02x}" for char in TOKEN), TOKEN.replace("_", "%255f"), TOKEN.upper(),
     quote(quote(f"?x={TOKEN}"))],
)  # fmt: skip
def test_tokens_are_hidden(text):
    hidden = hide_tokens(text)
    assert "***" in hidden and "Tail" not in hidden and "54" not in hidden
    assert "Tail" not in redact_url(f"/scim/v2/{text}?a={text}")
    assert "Tail" not in redact_body({"title": text, text: 1})


@pytest.mark.parametrize("token", ["scim_" + "abcdefgh" * 5, "scim_abcdefghijklmnopqrs7", TOKEN])
def test_tokens_of_any_length_are_hidden(token):
    assert hide_tokens(token) == hide_tokens(token.replace("_", "%5F")) == "***"
    assert tokens_in(f"{token}, {token}") == [token, token]
    assert secrets_in({"title": f"is {token}"}) == {token}


def test_prefixes_of_tokens_are_kept():
    assert hide_tokens(f"token {TOKEN[:11]}… issued") == f"token {TOKEN[:11]}… issued"
    assert hide_tokens("scim_conformance_provisioning_test") == "scim_conformance_provisioning_test"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/Users?count=1&startIndex=2", "/Users?count=1&startIndex=2"),
        (f"/Users?count=1&access_token={SECRET}", "/Users?count=1&access_token=***"),
        (f"/Users?ACCESS%5FTOKEN={SECRET}", "/Users?ACCESS%5FTOKEN=***"),
        (f"/Users?a=1;password={SECRET}", "/Users?a=***"),
        (f"/Users?apiKey={SECRET}&count=2", "/Users?apiKey=***&count=2"),
        (f"/Users?filter=pass%2577ord+eq+{SECRET}", "/Users?filter=***"),
        (f'/Users?filter=title eq "x" and Password eq "{SECRET}"', "/Users?filter=***"),
        (f"/Users?x=%26password%3D{SECRET}", "/Users?x=***"),
        (f"/Users?password {SECRET}", "/Users?***"),
        (f"/Users/password={SECRET}", "/Users/***"),
        (f"/Users;token={SECRET}/x", "/***/x"),
        ("/Users?attributes=password,userName", "/Users?attributes=password,userName"),
        ("/Users?filter=phoneNumbers.value eq 5", "/Users?filter=***"),
    ],
)  # fmt: skip
def test_urls(url, expected, settings):
    settings.DJANGO_SCIM = {"REDACT": {"phoneNumbers": "mask"}}
    assert redact_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"/Users?access_token={SECRET}",
        f"/Users?count=1&pwd={SECRET}&x=1",
        f"/Users/password={SECRET}/x",
        f"/Users/pass%77ord={SECRET}",
        f"/Users?filter={quote(f'token eq {SECRET}')}",
    ],
)
def test_secrets_in_urls_are_found(url):
    assert SECRET in secrets_in_url(url)
    assert not {"Users", "count", "1"} & secrets_in_url(url)
    assert secrets_in_url(f"/Users/{TOKEN}?x={TOKEN}") == {TOKEN}
    assert secrets_in_url('/Users?filter=title eq "Guide"') == set()


# Limits and speed


def test_limited_texts():
    assert limited("short", 10) == "short"
    text = limited("x" * 5_000, 100)
    assert text == "x" * 81 + "… (5000 characters)"
    assert limited("x" * 5_000, 100, "***") == "***… (5000 characters)"
    assert limited("x" * 100, 100) == "x" * 100


def test_shown_texts_are_on_one_line_and_without_secrets():
    assert shown_text("a\nb\x00c", 100) == "a�b�c"
    assert shown_text(f"path: {SECRET}", 100, {SECRET}) == "path: ***"
    assert shown_text("x" * 5_000, 100) == "x" * 81 + "… (5000 characters)"
    # A token is recognised although the limit cuts it.
    assert TOKEN[:20] not in shown_text("x" * 60 + TOKEN, 100)
    assert TOKEN[:20] not in redact_body({"title": "%" + "x" * 1_950 + TOKEN + "y" * 5_000})


def test_hidden_values_are_hidden_in_details():
    long = "s3cret " * 20
    known = {SECRET, long, "it's"}
    assert hide_secrets(f"op: {SECRET!r} is unknown", known) == "op: '***' is unknown"
    assert hide_secrets(f"path: {SECRET.upper()} here", known) == "path: *** here"
    assert "s3cret" not in hide_secrets(f"{long[:80]!r} does not begin", known)
    assert hide_secrets("userName: is required", {"user"}) == "userName: is required"


QUOTED = 'it\'s "mine"'


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        (f"{SECRET} is unknown, {SECRET}", {SECRET}, "*** is unknown, ***"),
        (f"{SECRET} or {SECRET[:7]}", {SECRET, SECRET[:7]}, "*** or ***"),
        (f"abc or {SECRET}", {"abc", SECRET}, "abc or ***"),
        (f"got {QUOTED!r}", {QUOTED}, "got '***'"),
        (f"got {QUOTED}", {QUOTED}, "got ***"),
        ("got 'back\\\\slash'", {"back\\slash"}, "got '***'"),
        ("got 'two\\nlines'", {"two\nlines"}, "got '***'"),
        ("pass, a pass, passing, bypass", {"pass"}, "***, a ***, passing, bypass"),
        ("a pass x", {"pass"}, "a *** x"),
        ("word7777 and a7777777", {"7777777", "word7777"}, "*** and a7777777"),
        ("aword7777b", {"word7777"}, "a***b"),
        (f"{'s3cret' * 4}… is too long", {"s3cret" * 5}, "***… is too long"),
        (f"{'s3cret' * 4}s is too long", {"s3cret" * 5}, "*** is too long"),
        (f"got {'s3cret' * 4}", {"s3cret" * 5}, "got ***"),
    ],
)
def test_every_form_of_a_secret_is_hidden(text, secrets, expected):
    assert hide_secrets(text, secrets) == expected


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("y" * 998, 21),
        ("é" * 998, 21),
        ({"value": "y" * 993}, 21),
        ({"value": "é" * 993}, 21),
        (["y" * 996], 21),
        ({"password": "y"}, 1_429),
        (5, 5_001),
        (None, 5_001),
    ],
)
def test_a_list_is_cut_at_the_limit_of_its_event(value, kept):
    rows = Redactor(20_000).redact([value] * 10_000)
    assert abs(len(rows) - 1 - kept) < kept / 10
    assert rows[-1] == {"more": 10_000 - len(rows) + 1}


def test_an_object_is_cut_at_the_limit_of_its_event():
    for value in ({"a": "é"}, 5):
        found = Redactor(2_000).redact({f"key {n}": value for n in range(10_000)})
        assert 100 < len(found) < 300
        assert list(found)[-1] == "more" and found["more"] == 10_000 - len(found) + 1


def test_values_of_changes_are_limited():
    redactor = Redactor(20_000)
    shown = redactor.redact("x" * 5_000_000)
    assert len(shown) < 3_000 and shown.endswith("(5000000 characters)")
    rows = redactor.redact([{"value": "y" * 1_000}] * 1_000)
    assert len(rows) < 40 and rows[-1] == {"more": 1_000 - len(rows) + 1}


def deep(levels):
    body = {"password": SECRET}
    for _ in range(levels):
        body = {"a": [body]}
    return body


BIG = {
    "operations": patch_body(
        *({"op": "replace", "path": f"emails[value eq {n}].value", "value": f"{'v' * 40}{n}"}
          for n in range(10_000))
    ),
    "passwords": patch_body(
        *({"op": "replace", "path": "password", "value": f"{'v' * 40}{n}"} for n in range(10_000))
    ),
    "list": {"members": [f"value {n}" for n in range(50_000)]},
    "objects": {"members": [{"value": str(n)} for n in range(50_000)]},
    "keys": {f"key{n}": n for n in range(50_000)},
    "text": {"title": "pass scim_ % \\u0041 {" * 50_000},
    "percent": {"title": "%25" * 300_000},
    "tokens": {"title": "scim_a-" * 150_000},
    "full width": {"title": "ｐａｓｓ" * 50_000},
    "json text": {"value": json.dumps([{"path": "x", "value": "y" * 60}] * 10_000)},
    "deep": deep(14),
    "deeper": deep(400),
    "deep text": {"value": "[" * 100_000},
    "quoted": {"path": '"' * 500_000, "value": "x"},
}  # fmt: skip


@pytest.mark.parametrize("kind", BIG)
def test_redaction_of_large_bodies(kind):
    """A time that grows faster than the body would exceed the time limit of a test."""
    text = redact_body(BIG[kind])
    assert len(text) < 10_100 and SECRET not in text
    assert "detail" in hide_secrets("detail " * 400, secrets_in(BIG[kind]))


REPEATED = [
    "\\", "\\u", '"', '\\"', "%", "%25", "%5F", "token", "tokens", "password_", "bearer ", "scim_",
    "token'", "token.", "token.value", "token.v ", "token [", "urn:", "/", "&token=x", "[", "é\\",
]  # fmt: skip


@pytest.mark.parametrize("part", REPEATED)
@pytest.mark.parametrize("length", [95_000, 1_000_000])
def test_redaction_of_long_texts(part, length):
    """No pattern looks at the same part of a long text again and again."""
    text = (part * length)[:length]
    assert len(redact_url(f"/scim/v2/Users?filter={text}")) > 20
    secrets_in_url(f"/scim/v2/Users?filter={text}")
    body = {"title": text, "Operations": [{"op": "replace", "path": text, "value": text}]}
    secrets_in(body)
    assert len(redact_body(body)) < 10_100


# Over HTTP


@pytest.mark.parametrize("path", ["password", "PASSWORD", ["password"], "password[value pr]"])
@pytest.mark.parametrize("key", ["path", "Path", "PATH"])
def test_failing_patch_hides_the_password(scim, key, path):
    user = scim.make_user()
    answer = scim.patch(
        f"/Users/{user['id']}", {"op": "replace", key: path, "value": SECRET}, {"op": "x"}
    )
    assert answer.status_code == 400
    assert Event.objects.count() == 2 and not events_with(SECRET)


@pytest.mark.parametrize("key", ["Data", "data"])
def test_failing_bulk_hides_the_password(scim, key):
    user = scim.make_user()
    inner = patch_body({"op": "replace", "PATH": "password", "value": SECRET}, {"op": "x"})
    for data in (inner, {"Operations": [{"data": inner}]}, json.dumps(inner), [inner]):
        operation = {"method": "PATCH", "path": f"/Users/{user['id']}", key: data}
        scim.request("POST", "/Bulk", {"schemas": [REQUEST_URN], "Operations": [operation]})
        scim.request("POST", "/Bulk", {"Operations": [operation]})
    assert not events_with(SECRET)


@pytest.mark.parametrize("name", ["access_token", "accessToken", "x", "Authorization"])
@pytest.mark.parametrize("authorized", [True, False])
def test_token_in_the_url_is_not_stored(scim, name, authorized):
    scim.get(f"/Users?{name}={scim.secret}&filter=x pr", token=authorized)
    scim.get(f"/Users/{scim.secret}", token=authorized)
    scim.get(f"/Nothing/{scim.secret.replace('_', '%5F', 1)}", token=authorized)
    assert not events_with(scim.secret[11:])


def test_token_in_headers_and_values_is_not_stored(connect):
    scim = connect(log_reads=True)
    secret = scim.secret
    for header in ("user_agent", "x_request_id"):
        scim.get("/Users", **{header: secret})
    scim.get("/Users", user_agent="curl " + "x" * 230 + secret)
    scim.get("/Users", user_agent=f"curl --header 'api-key: {secret[11:]}'")
    scim.get(f"/Users/password={secret[11:]}")
    scim.delete(f"/Users/secret%3D{secret[11:]}")
    body = {"schemas": [USER], "userName": f"a {secret}", "externalId": secret, "title": secret}
    assert scim.post("/Users", body).status_code == 201
    assert scim.post("/Users", body).status_code == 409
    made = Event.objects.filter(action="create").first()
    scim.patch(f"/Users/{made.scim_id}", {"op": "replace", "path": "title", "value": "x"})
    scim.get("/Users", {"filter": f'userName eq "{secret}'})
    scim.get("/Users", {"sortBy": "x" * 60 + secret})
    assert not events_with(secret[11:])


def test_other_credentials_in_headers_are_not_stored(scim):
    scim.get("/Users", authorization=f"Bearer {SECRET}", user_agent=f"curl {SECRET}")
    scim.get(f"/Users/{SECRET}", authorization=f"Bearer {SECRET}")
    assert not events_with(SECRET)


def test_password_in_an_error_is_not_stored(scim):
    user = scim.make_user()
    for operation in (
        {"op": "replace", "path": f"password.{SECRET}", "value": "x"},
        {"op": "replace", "path": f'password[value eq {SECRET}]', "value": "x"},
        {"op": "replace", "path": "password", "value": {SECRET: "x"}},
        {"op": "replace", "value": {"password": {SECRET: "x"}, SECRET: "y"}},
        {"op": "replace", "path": SECRET, "name": "password", "value": SECRET},
        {"op": "replace", "path": f'accessToken[value eq "{SECRET}"]', "value": "x"},
        {"op": "replace", "path": f"token.{SECRET}", "value": "x"},
        {"op": "replace", "path": f'emails[token eq "{SECRET}"]', "value": "x"},
    ):  # fmt: skip
        assert scim.patch(f"/Users/{user['id']}", operation, {"op": "x"}).status_code == 400
        scim.patch(f"/Users/{user['id']}", operation)
    scim.get("/Users", {"filter": f"password eq {SECRET}"})
    scim.get("/Users", {"filter": f"title eq {SECRET} or password pr"})
    scim.get("/Users", {"password": SECRET, "sortBy": SECRET})
    for text in (f'accessToken[value eq "{SECRET}"]', f'token.value eq "{SECRET}"'):
        scim.get("/Users", {"filter": text})
        scim.post("/Users/.search", {"filter": text})
        scim.post("/Users/.search", {"filter": text, "x": [json.dumps({"filter": text})]})
    assert not events_with(SECRET)


def test_values_redacted_by_the_site_are_not_in_details(scim, settings):
    settings.DJANGO_SCIM = {"REDACT": {"userName": "mask", "emails": "hash"}}
    scim.make_user("ada.lovelace")
    answer = scim.post("/Users", {"schemas": [USER], "userName": "ada.lovelace"})
    assert "ada.lovelace" in answer.data["detail"]
    scim.post("/Users", {"schemas": [USER], "userName": "x", "emails": [{"value": [5, "a@b.cd"]}]})
    failed = Event.objects.filter(outcome="failure")
    assert len(failed) == 2
    for event in failed:
        for text in (event.detail, event.request_body, event.response_body):
            assert "ada.lovelace" not in text and "a@b.cd" not in text


def test_stored_texts_are_limited(scim):
    user = scim.make_user()
    huge = "x" * 1_000_000
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": huge})
    scim.post("/Users", {"schemas": [USER], "userName": "y", huge: 1})
    scim.post("/Users", {"schemas": [USER], "userName": "y", "title": "t", "TITLE": huge})
    scim.post("/Users", raw=f'{{"{huge}": 1, "{huge}": 2}}')
    scim.get("/Users", {"filter": huge[:15_000]})
    scim.get("/Users", user_agent=huge[:5_000], authorization="Bearer wrong")
    photos = [{"value": f"https://example.com/{huge}"}]
    scim.post("/Users", {"schemas": [USER], "userName": "z", "photos": photos})
    assert max(map(len, stored())) < 30_000
    event = Event.objects.filter(path__contains="filter").get()
    assert len(event.path) == 500 and event.path.endswith(" characters)")
    assert any(event.detail.endswith(" characters)") for event in Event.objects.all())
    agent = Event.objects.get(user_agent__startswith="xxx").user_agent
    assert len(agent) == 255 and agent.endswith("… (5000 characters)")


@pytest.mark.parametrize("text", FILTERS)
def test_filter_on_a_secret_in_a_string_is_not_stored(scim, text):
    """A path in JSON in a string is redacted, and so is what an error repeats of it."""
    user = scim.make_user()
    operation = {"op": "replace", "path": text, "value": "x"}
    for title in (json.dumps(operation), json.dumps([json.dumps(operation)]), json.dumps([text])):
        body = {"schemas": [USER], "userName": "", "title": title, text: "x"}
        assert scim.post("/Users", body).status_code == 400
        assert scim.put(f"/Users/{user['id']}", body).status_code == 400
        titled = {"op": "replace", "path": "title", "value": title}
        assert scim.patch(f"/Users/{user['id']}", titled, {"op": "x"}).status_code == 400
        assert scim.patch(f"/Users/{user['id']}", titled).status_code == 200
        scim.patch(f"/Users/{user['id']}", operation)
        scim.bulk({"method": "PATCH", "path": f"/Users/{user['id']}", "data": body})
    assert not events_with(SECRET)


SPELLINGS = st.sampled_from(
    ["password", "Password", "PASSWORD", f"{USER}:password", f"{USER}:PASSWORD", " password",
     "ｐassword", "password.value", "passwd", "accessToken", "API-Key", "client_secret"]
)  # fmt: skip
LEAVES = st.sampled_from(
    [SECRET, [SECRET], {"value": SECRET}, [{"value": SECRET}], {SECRET: 1}, [[SECRET], 5]]
)


def operations(spelling):
    """Return a strategy for objects that contain the secret under this name."""
    key = st.sampled_from(["path", "Path", "PATH"])
    path = st.sampled_from(
        [spelling, [spelling], f"{spelling}[value pr]", f'{spelling}[value eq "{SECRET}"]']
    )
    keyed = LEAVES.map(lambda leaf: {spelling: leaf})
    return st.one_of(
        keyed,
        st.builds(lambda k, p, v: {"op": "replace", k: p, "value": v}, key, path, LEAVES),
        keyed.map(lambda value: {"op": "add", "value": value}),
        keyed.map(lambda value: {"op": "add", "value": json.dumps(value)}),
        keyed.map(lambda value: {"op": "add", "path": "title", "value": json.dumps(value)}),
    )


def wrapped(inner):
    return st.one_of(
        inner.map(lambda each: {"data": each}),
        inner.map(lambda each: [each, "x"]),
        inner.map(lambda each: {"name": each, "title": "Guide"}),
        inner.map(lambda each: {"Operations": [each]}),
        inner.map(lambda each: {"title": json.dumps(each)}),
        inner.map(lambda each: {ENTERPRISE: each}),
    )


SECRETS = SPELLINGS.flatmap(
    lambda spelling: st.recursive(operations(spelling), wrapped, max_leaves=5)
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(SECRETS, st.sampled_from(["default", "entra", "okta"]), st.booleans(), st.booleans())
def test_secret_never_reaches_an_event(db, connect, caplog, nested, profile, accept, fails):
    Event.objects.all().delete()
    scim = connect(profile, passwords="accept" if accept else "ignore", log_reads=True)
    with caplog.at_level(logging.DEBUG, "django_scim"):
        user = scim.make_user(f"user {scim.connection.pk}")
        path = f"/Users/{user['id']}"
        body = nested if isinstance(nested, dict) else {"x": nested}
        name = "" if fails else f"new {scim.connection.pk}"
        scim.post("/Users", {**body, "schemas": [USER], "userName": name})
        scim.put(path, {**body, "schemas": [USER], "userName": name or None})
        scim.patch(path, body, *([{"op": "x"}] if fails else []))
        scim.patch(path, {"op": "replace", "value": nested})
        scim.request("PATCH", path, body)
        scim.bulk(
            {"method": "PATCH", "path": path.lstrip("/"), "data": patch_body(body)},
            {"method": "POST", "path": "/Users", "bulkId": "b", "data": body | {"schemas": [USER]}},
            {"method": "POST", "path": "/Users", "bulkId": "c", "data": nested},
        )  # fmt: skip
        scim.post("/Users/.search", body)
    assert not events_with(SECRET)
    records = [record for record in caplog.records if record.name == "django_scim"]
    assert not [record for record in records if SECRET in logging.Formatter().format(record)]
    caplog.clear()
