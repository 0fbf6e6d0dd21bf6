"""Filters (RFC 7644 section 3.4.2.2)."""

import pytest

from tests.client import ENTERPRISE, GROUP, SEARCH, USER, assert_error

from .adapters import EXTRA

PEOPLE = {
    "ann": {
        "displayName": 'Ann "the Guide" Łódź',
        "externalId": "A1",
        "title": "Guide",
        "name": {"givenName": "Ann", "familyName": "Jensen"},
        "emails": [
            {"value": "ann@work.com", "type": "work"},
            {"value": "ann@home.org", "type": "home", "primary": True},
        ],
        "x509Certificates": [{"value": "MIID"}],
        ENTERPRISE: {"department": "Tours"},
    },
    "Bob": {
        "externalId": "a1",
        "active": False,
        "emails": [{"value": "bob@home.org", "type": "work"}],
        "phoneNumbers": [{"type": "mobile"}],
    },
    "carl_100%": {"title": "Chief", "emails": [], "roles": []},
}


@pytest.fixture
def people(scim):
    for name, attributes in PEOPLE.items():
        scim.make_user(name, **attributes)
    return scim


@pytest.fixture
def extra(settings, scim):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.adapters.ExtraUserAdapter"}}
    return scim


def found(scim, text):
    """Return the initials of the users that a filter finds."""
    return "".join(sorted(each["userName"][0].lower() for each in scim.find(text)))


MATCHES = [
    ("FIL-02", 'title eq "Guide"', "a"),
    ("FIL-03", 'UserName EQ "ann"', "a"),
    ("FIL-03-keywords", 'NOT (userName Eq "ann") AND TITLE Pr', "c"),
    ("FIL-07", r'displayName eq "Ann \"the Guide\" \u0141\u00f3d\u017a"', "a"),
    ("FIL-08", "active eq true", "ac"),
    ("FIL-08-ne", 'title ne "Guide"', "bc"),
    ("FIL-09-sw", 'userName sw "an"', "a"),
    ("FIL-09-equal-sw", 'userName sw "ann"', "a"),
    ("FIL-09-equal-co", 'userName co "ann"', "a"),
    ("FIL-09-equal-ew", 'userName ew "ann"', "a"),
    ("FIL-09-literal", 'userName co "_100%"', "c"),
    ("FIL-09-percent", 'userName sw "a%"', ""),
    ("FIL-09-underscore", 'userName co "_nn"', ""),
    ("FIL-09-dot", 'userName co ".nn"', ""),
    ("FIL-10", "emails pr", "ab"),
    ("FIL-10-any-part", "phoneNumbers pr", "b"),
    ("FIL-10-complex", "name pr", "a"),
    ("FIL-10-empty-list", "roles pr", ""),
    ("FIL-11-text", 'userName gt "ann"', "bc"),
    ("FIL-11-text-le", 'userName le "BOB"', "ab"),
    ("FIL-11-instant", 'meta.lastModified gt "2011-05-13T04:42:34+02:00"', "abc"),
    ("FIL-15-and-before-or", 'active eq false or title eq "Guide" and title eq "Chief"', "b"),
    ("FIL-15-grouping", '(active eq false or title eq "Guide") and title pr', "a"),
    ("FIL-15-not-first", 'not (active eq true) and userName sw "a" or title pr', "ac"),
    ("FIL-16", "not (title pr)", "b"),
    ("FIL-16-no-blank", "not(title pr)", "b"),
    ("FIL-17", 'emails.value co "@home"', "ab"),
    ("FIL-18", 'emails co "@work"', "a"),
    ("FIL-18-qualified", 'name.familyName eq "Jensen"', "a"),
    ("FIL-19", 'emails[type eq "work" and value co "@home"]', "b"),
    ("FIL-19-each-alone", 'emails.type eq "work" and emails.value co "@home"', "ab"),
    ("FIL-21", 'emails[type eq "work"].value eq "bob@home.org"', "b"),
    ("FIL-23", 'userName eq "ANN"', "a"),
    ("FIL-23-exact", 'externalId eq "A1"', "a"),
    ("FIL-24", "active eq true and active pr", "ac"),
    ("FIL-29", f'schemas eq "{ENTERPRISE}"', "a"),
    ("FIL-29-all", f'schemas eq "{USER}"', "abc"),
    ("FIL-29-not", f'not (schemas eq "{ENTERPRISE}")', "bc"),
    ("FIL-30", f'{USER}:name.familyName co "J"', "a"),
    ("FIL-30-extension", f'{ENTERPRISE}:department eq "Tours"', "a"),
    ("FIL-31", "title eq null", "b"),
    ("FIL-31-ne", "title ne null", "ac"),
    ("FIL-36", 'userName eq "\' OR 1=1 --"', ""),
    ("FIL-36-backslash", r'userName eq "\\" or userName eq "%"', ""),
]


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(*case, id=row) for row, *case in MATCHES]
)
def test_matching_filters(text, expected, people):
    assert found(people, text) == expected
    search = {"schemas": [SEARCH], "filter": f"not ({text})"}
    opposite = people.post("/Users/.search", search).data
    assert opposite["totalResults"] == 3 - len(expected)


REFUSED = [
    ("FIL-04", ""),
    ("FIL-04-blank", "   "),
    ("FIL-04-parentheses", "()"),
    ("FIL-05", "userName eq bjensen"),
    ("FIL-05-quotes", "userName eq 'ann'"),
    ("FIL-05-half", "userName eq"),
    ("FIL-05-open", 'userName eq "ann'),
    ("FIL-05-joined", 'userName eq "ann" userName eq "bob"'),
    ("FIL-06", "meta.resourceType eq User"),
    ("FIL-12", "active gt true"),
    ("FIL-12-binary", 'x509Certificates.value le "MIID"'),
    ("FIL-13", "active co true"),
    ("FIL-13-date", 'meta.created sw "2024"'),
    ("FIL-14", 'active eq "true"'),
    ("FIL-14-number", "userName eq 5"),
    ("FIL-14-date", "meta.created gt 2024"),
    ("FIL-16-bare", "not title pr"),
    ("FIL-18-complex", 'name eq "x"'),
    ("FIL-20", 'emails[userName eq "x"]'),
    ("FIL-21-strict", 'emails[type eq "work"].value eq "x"'),
    ("FIL-22", "emails[type[value pr]]"),
    ("FIL-22-same", 'emails[emails[type eq "work"]]'),
    ("FIL-25", 'userName regex "x"'),
    ("FIL-25-sign", 'userName = "x"'),
    ("FIL-26", 'nosuch eq "x"'),
    ("FIL-26-sub", "name.nosuch pr"),
    ("FIL-31-order", "title gt null"),
    ("FIL-33", 'password eq "x"'),
    ("FIL-33-pr", "password pr"),
    ("FIL-36-name", "userName)) OR 1=1 -- pr"),
    ("FIL-36-lookup", 'userName__startswith eq "a"'),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=row) for row, text in REFUSED])
def test_rejected_filters(text, connect):
    strict = connect("strict")
    strict.make_user()
    assert_error(strict.get("/Users", {"filter": text}), 400, "invalidFilter")
    search = {"schemas": [SEARCH], "filter": text}
    assert_error(strict.post("/Users/.search", search), 400, "invalidFilter")


def test_fil_01_supported(scim):
    assert scim.get("/ServiceProviderConfig").data["filter"]["supported"] is True
    scim.make_user("ann")
    scim.make_group("ann")
    assert len(scim.find('userName eq "ann"')) == 1
    assert len(scim.find('displayName eq "ann"', "/Groups")) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("userName eq ann", id="FIL-05"),
        pytest.param('meta.resourceType eq User and userName eq "ann"', id="FIL-06"),
        pytest.param('active eq "True" and title eq "Guide"', id="FIL-14"),
    ],
)
def test_filters_of_connectors(text, people):
    assert found(people, text) == "a"


def test_fil_11_numbers(extra):
    path = f"{EXTRA}:revision"
    one = extra.make_user("one")
    for number in range(9):
        extra.patch(f"/Users/{one['id']}", {"op": "add", "path": "title", "value": str(number)})
    extra.make_user("two")
    asked = extra.get(f"/Users/{one['id']}", {"attributes": path}).data
    assert asked[EXTRA]["revision"] == 10
    assert [found(extra, f"{path} {op} 9") for op in ("gt", "lt", "ge", "le")] == list("otot")
    assert_error(extra.get("/Users", {"filter": f"{path} co 1"}), 400, "invalidFilter")


def test_fil_11_date_times(scim):
    created = scim.make_user()["meta"]["created"]
    same = created.replace("Z", "+00:00")
    assert scim.find(f'meta.created eq "{same}"') and scim.find(f'meta.created ge "{same}"')
    assert not scim.find(f'meta.created gt "{same}"')
    earlier = created.replace("Z", "+02:00")
    assert scim.find(f'meta.created gt "{earlier}"')


def test_fil_24_default_values(scim):
    made = scim.make_user()
    assert made["active"] is True
    assert scim.find("active eq true") and not scim.find("active ne true")


def test_fil_23_ids_are_case_exact(scim):
    made = scim.make_user()
    assert scim.find(f'id eq "{made["id"]}"') and not scim.find(f'id eq "{made["id"].upper()}"')


def test_fil_27_attribute_of_another_type_is_absent(people):
    people.make_group("Guides")
    kinds = [
        {
            each["meta"]["resourceType"]
            for each in people.get("/", {"filter": text}).data["Resources"]
        }
        for text in ("displayName pr", "userName pr", "not (userName pr)", "members eq null")
    ]
    assert kinds == [{"User", "Group"}, {"User"}, {"Group"}, {"User", "Group"}]


def test_fil_28_resource_type(people):
    group = people.make_group("Guides")
    data = people.get("/", {"filter": 'meta.resourceType eq "Group"'}).data
    assert [each["id"] for each in data["Resources"]] == [group["id"]] and data["totalResults"] == 1
    assert people.get("/", {"filter": 'meta.resourceType eq "User"'}).data["totalResults"] == 3


def test_fil_29_root_query(people):
    people.make_group("Guides")
    for urn, total in ((USER, 3), (GROUP, 1), (ENTERPRISE, 1), ("urn:example:none", 0)):
        assert people.get("/", {"filter": f'schemas eq "{urn}"'}).data["totalResults"] == total
    assert people.get("/", {"filter": "schemas pr"}).data["totalResults"] == 4


def test_fil_33_filters_disclose_nothing(connect):
    scim = connect(passwords="accept")
    scim.make_user(password="Correct-horse-7-battery")
    for text in ('password eq "Correct-horse-7-battery"', "not (password pr)",
                 'userName eq "x" and password pr'):  # fmt: skip
        assert_error(scim.get("/Users", {"filter": text}), 400, "invalidFilter", "password")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "title pr" + ")" * 10_000,
        "not (" * 1_000 + "title pr" + ")" * 1_000,
        " or ".join(["title pr"] * 1_000),
        f'title eq "{"x" * 30_000}"',
    ],
    ids=["parentheses", "negations", "terms", "length"],
)
def test_fil_35_limits(text, scim):
    assert_error(scim.get("/Users", {"filter": text}), 400, "invalidFilter")
    search = {"schemas": [SEARCH], "filter": text}
    assert_error(scim.post("/Users/.search", search), 400, "invalidFilter")


def test_fil_36_values_are_not_sql(people):
    for text in ("'; DROP TABLE auth_user; --", '" OR ""="', "\\'", "%", "{}", "\u2019"):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        assert not people.find(f'userName eq "{quoted}"')
        assert not people.find(f'emails[value eq "{quoted}"]')
        assert not people.find(f'displayName eq "{quoted}"', "/Groups")
    assert people.get("/Users").data["totalResults"] == 3
