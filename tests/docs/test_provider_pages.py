"""The page of each identity provider: its sections, tables and requests, compared with the code."""

import json
import re
import shlex

import pytest

from django_scim.adapters import UserAdapter
from django_scim.audit.explanations import REASONS
from django_scim.protocol.tolerances import Tolerance
from tests.client import ENTERPRISE, GROUP, USER

from .test_profiles_page import ROOT, table, tables

FOLDER = ROOT / "docs" / "how-to" / "providers"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md"))
SECTIONS = [
    "What to paste where",
    "Attribute mapping",
    "What to match by",
    "How to test it",
    "What the log says on failure",
    "Quirks",
    "Single sign-on",
    "How it was verified",
]
EXAMPLE = "https://example.com/scim/v2"


def text_of(page):
    return (FOLDER / f"{page}.md").read_text("utf-8")


def section(page, title):
    return text_of(page).partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def overview():
    """Return the rows of the overview, by the page that they link to."""
    rows = table("how-to/connectors.md", "identity provider")
    return {re.search(r"\(providers/(.+)\.md\)", row["identity provider"])[1]: row for row in rows}


def test_overview_links_to_every_page():
    assert sorted(overview()) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_sections(page):
    assert re.findall(r"^## (.+)$", text_of(page), re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("page", PAGES)
def test_command_has_the_profile_of_the_overview(page):
    (command,) = re.findall(r"^python manage\.py (scim_connect .+)$", text_of(page), re.MULTILINE)
    _, _name, *options = shlex.split(command)
    profile = overview()[page]["profile"].strip("`")
    assert options == ([] if profile == "default" else ["--profile", profile])


def stored(path):
    """Return the column in which the stock user adapter stores an attribute."""
    name = re.sub(r"\[.*\]", "", path)
    mappings = UserAdapter.attributes | {
        "externalId": UserAdapter.declaration().by_name["externalId"][0]
    }
    mapping = mappings.get(name) or mappings[name.removesuffix(".value")]
    return getattr(mapping, "column", "") or mapping.storage.mirror or "scim_values"


@pytest.mark.parametrize("page", PAGES)
def test_columns_of_the_attribute_mapping(page):
    (rows,) = (rows for rows in tables(f"how-to/providers/{page}.md") if "Django" in rows[0])
    assert len(rows) >= 6
    assert [row["Django"].strip("`") for row in rows] == [
        stored(row["SCIM"].strip("`")) for row in rows
    ]


@pytest.mark.parametrize("page", PAGES)
def test_tolerances_and_reasons_exist(page):
    rows = [row for rows in tables(f"how-to/providers/{page}.md") for row in rows]
    tolerances = [name for row in rows for name in re.findall("`(.+?)`", row.get("tolerance", ""))]
    assert set(tolerances) <= set(Tolerance)
    reasons = re.findall(r"^\| \[`(\w+)`\]\(\S+#(\w+)\)", section(page, SECTIONS[4]), re.MULTILINE)
    assert len(reasons) >= 3 and all(code == anchor for code, anchor in reasons)
    assert {code for code, _ in reasons} <= set(REASONS)


@pytest.mark.parametrize("page", PAGES)
def test_named_tests_exist(page):
    named = re.findall(r"^- `(tests/\S+\.py)`", section(page, SECTIONS[-1]), re.MULTILINE)
    assert overview()[page]["checked by"].strip("`") in named
    assert all((ROOT / path).exists() for path in named)


@pytest.mark.parametrize("page", PAGES)
def test_requests_are_answered(page, connect):
    """Send the requests of the page, with the profile of its identity provider."""
    client = connect(overview()[page]["profile"].strip("`"))
    commands = re.findall(r"^curl ((?:.*\\\n)*.+)$", section(page, "How to test it"), re.MULTILINE)
    assert commands
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        (url,) = (word for word in words if word.startswith(EXAMPLE))
        has_token = "Authorization: Bearer $TOKEN" in words
        answer = client.get(url.removeprefix(EXAMPLE), token=has_token)
        assert answer.status_code == 200
        if "filter=" in url:
            assert answer.data["totalResults"] == 0


def test_template_of_onelogin(scim):
    (template,) = re.findall(r"^```json\n(.+?)^```$", text_of("onelogin"), re.MULTILINE | re.DOTALL)
    body = json.loads(re.sub(r"\{\$[\w.]+\}", "x", template))
    answer = scim.post("/Users", body)
    assert answer.status_code == 201
    assert answer.data[ENTERPRISE] == {"department": "x"} and answer.data["title"] == "x"


# The reasons that the pages name


def refused(client, method, path, body=None, **headers):
    answer = client.request(method, path, body, **headers)
    assert answer.status_code >= 400
    return answer


CREATE = {"schemas": [USER], "userName": "ada"}


@pytest.mark.parametrize(
    ("reason", "method", "path", "body", "headers"),
    [
        ("token_unknown", "GET", "/Users", None, {"authorization": "Bearer eyJ0eX.eyJpc3.c2ln"}),
        ("token_malformed", "GET", "/Users", None, {"authorization": "Basic YTpi"}),
        ("token_missing", "GET", "/Users", None, {"token": False}),
        ("name_taken", "POST", "/Users", CREATE | {"userName": "LOCAL"}, {}),
        ("group_name_taken", "POST", "/Groups", {"schemas": [GROUP], "displayName": "g"}, {}),
        ("member_unknown", "POST", "/Groups",
         {"schemas": [GROUP], "displayName": "h", "members": [{"value": "gone"}]}, {}),
        ("value_invalid", "POST", "/Users", {"schemas": [USER], "displayName": "x"}, {}),
        ("resource_unknown", "PUT", "/Users/gone", CREATE, {}),
    ],
)  # fmt: skip
def test_reasons(reason, method, path, body, headers, connect, events, django_user_model):
    client = connect("default")
    django_user_model.objects.create_user("local")
    client.make_group("G")
    refused(client, method, path, body, **headers)
    assert events()[-1].reason == reason


def test_url_with_a_part_too_many(scim, events):
    scim.get("/v2/Users")
    assert events()[-1].reason == "wrong_url"


def test_template_that_is_not_json(scim, events):
    scim.post("/Users", raw='{"userName": "a"b"}')
    assert events()[-1].reason == "message_invalid"


def test_filter_expression_that_is_not_valid(connect, events):
    client = connect("ping", log_reads=True)
    client.get("/Users", {"filter": 'mail eq "ada@example.com"'})
    assert events()[-1].reason == "filter_invalid"
