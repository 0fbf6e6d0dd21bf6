"""Lists: filters, sorting, paging and projection (RFC 7644 section 3.4)."""

import pytest
from django.contrib.auth.models import User

from ..client import ENTERPRISE, GROUP, SEARCH, USER, assert_error

PEOPLE = {
    "ann": {
        "displayName": "Ann Łódź",
        "title": "Guide",
        "externalId": "A1",
        "name": {"givenName": "Ann", "familyName": "Jensen"},
        "emails": [
            {"value": "ann@work.com", "type": "work"},
            {"value": "ann@home.org", "type": "home", "primary": True},
        ],
        ENTERPRISE: {"department": "Tours"},
    },
    "Bob": {
        "active": False,
        "externalId": "a1",
        "displayName": "Bob",
        "emails": [{"value": "bob@home.org", "type": "work"}],
        "phoneNumbers": [{"value": "+1", "type": "mobile"}],
        "photos": [{"value": "https://x/Bob.png"}],
    },
    "carl_100%": {"title": "Chief", "addresses": [{"type": "work", "locality": "Rome"}]},
}


@pytest.fixture
def company(scim):
    made = {name: scim.make_user(name, **attributes) for name, attributes in PEOPLE.items()}
    scim.make_group("Staff", made["ann"], made["Bob"])
    scim.patch(
        f"/Users/{made['Bob']['id']}",
        {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": made["ann"]["id"]}},
    )
    scim.ids = {name: user["id"] for name, user in made.items()}
    return scim


def names(resources):
    return {each["userName"].partition("_")[0].lower()[0] for each in resources}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "BOB"', "b"),
        ('userName ne "bob"', "ac"),
        ('not (userName eq "bob")', "ac"),
        ('userName sw "CARL_1"', "c"),
        ('userName sw "carl%"', ""),
        ('userName co "_100%"', "c"),
        ('userName ew "N"', "a"),
        ('userName gt "ann"', "bc"),
        ('userName ge "ANN" and userName lt "carl"', "ab"),
        ('displayName eq "ANN ŁÓDŹ"', "a"),
        ('displayName co "łó"', "a"),
        ('displayName sw "ann ł"', "a"),
        ("displayName pr", "ab"),
        ("title pr", "ac"),
        ("not (title pr)", "b"),
        ("title eq null", "b"),
        ("title ne null", "ac"),
        ('title ne "guide"', "bc"),
        ('not (title eq "guide")', "bc"),
        ('not (title gt "a")', "b"),
        ('title lt "d"', "c"),
        ('externalId eq "A1"', "a"),
        ('externalId eq "a1"', "b"),
        ('externalId sw "a"', "b"),
        ("active eq true", "ac"),
        ("active eq false", "b"),
        ("not (active eq true)", "b"),
        ("name pr", "a"),
        ("not (name pr)", "bc"),
        ('name.familyName co "ENS"', "a"),
        (f"{USER}:name.familyName pr", "a"),
        ('name[familyName eq "jensen" and givenName pr]', "a"),
        (f'{ENTERPRISE}:department eq "tours"', "a"),
        (f'{ENTERPRISE.upper()}:DEPARTMENT ne "tours"', "bc"),
        ("emails pr", "ab"),
        ("not (emails pr)", "c"),
        ('emails.value eq "ANN@work.com"', "a"),
        ('emails eq "ann@home.org"', "a"),
        ('emails.type eq "work"', "ab"),
        ('emails.type ne "work"', "ac"),
        ('not (emails.type eq "work")', "c"),
        ('emails[type eq "work" and value co "@home"]', "b"),
        ('emails.type eq "work" and emails.value co "@home"', "ab"),
        ('emails[type eq "work"].value eq "bob@home.org"', "b"),
        ('emails[not (type eq "work")]', "a"),
        ("emails[primary eq true]", "a"),
        ("emails[primary eq false]", "ab"),
        ("emails.primary pr", "a"),
        ('phoneNumbers[type eq "mobile"].value eq "+1"', "b"),
        ('addresses.locality eq "ROME"', "c"),
        ("addresses[type eq \"work\" and streetAddress pr]", ""),
        ('photos.value eq "https://x/Bob.png"', "b"),
        ('photos.value eq "https://x/bob.png"', ""),
        ("groups pr", "ab"),
        ('groups.display eq "staff"', "ab"),
        ('not (groups.display eq "staff")', "c"),
        ("manager pr", "b"),
        ("not (manager pr)", "ac"),
        (f'{ENTERPRISE}:manager.value eq "nobody"', ""),
        ('meta.resourceType eq "User"', "abc"),
        ('meta.resourceType eq "Group"', ""),
        ('meta.created gt "2011-05-13T04:42:34+02:00"', "abc"),
        ("meta pr", "abc"),
        ('meta.location eq "http://testserver/none"', ""),
        ('groups[$ref pr and type eq "direct"]', "ab"),
        ('meta.lastModified lt "2011-05-13T04:42:34Z"', ""),
        ('title eq "chief" or active eq false and title pr', "c"),
        ('(title eq "chief" or active eq false) and title pr', "c"),
        ('not (active eq true) and userName sw "a" or title pr', "ac"),
        ("userName eq \"' OR 1=1 --\"", ""),
        ('title co ""', "ac"),
        ('not (title co "")', "b"),
    ],
)  # fmt: skip
def test_filters(text, expected, company):
    found = company.find(text)
    assert names(found) == set(expected)
    opposite = company.find(f"not ({text})")
    assert names(opposite) == set("abc") - set(expected)


def test_filters_by_reference(company):
    ann = company.ids["ann"]
    assert names(company.find(f'manager eq "{ann}"')) == {"b"}
    assert names(
        company.find(f'{ENTERPRISE}:manager.$ref eq "http://testserver/scim/v2/Users/{ann}"')
    ) == {"b"}
    assert names(company.find(f'id eq "{company.ids["Bob"]}" and manager eq "{ann}"')) == {"b"}
    assert not company.find(f'id eq "{ann.upper()}"')
    (group,) = company.find(f'members eq "{ann}"', "/Groups")
    assert names(company.find(f'groups.value eq "{group["id"]}"')) == {"a", "b"}
    assert not company.find(f'members.value eq "{company.ids["carl_100%"]}"', "/Groups")
    both = f'id eq "{group["id"]}" and members eq "{ann}"'
    assert company.find(both, "/Groups")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (" ", "empty"),
        ('nope eq "x"', "character 1"),
        ('userName regex "x"', "character 10"),
        ("active gt true", "character 8"),
        ('password sw "a"', "password"),
        ('name eq "x"', "complex"),
        ("meta.version pr", "meta.version"),
        ('emails[userName eq "x"]', "character 8"),
    ],
)
def test_invalid_filters(text, word, scim):
    assert_error(scim.get("/Users", {"filter": text}), 400, "invalidFilter", word)


def test_sorting(company):
    def order(**params):
        return [each["userName"][0] for each in company.get("/Users", params).data["Resources"]]

    assert order(sortBy="userName") == ["a", "B", "c"]
    assert order(sortBy="userName", sortOrder="descending") == ["c", "B", "a"]
    assert order(sortBy="title") == ["c", "a", "B"]
    assert order(sortBy="title", sortOrder="descending") == ["B", "a", "c"]
    assert order(sortBy="emails.value") == ["a", "B", "c"]
    assert order(sortBy="x509Certificates.value") == ["a", "B", "c"]
    assert order(sortBy="photos.value") == ["B", "a", "c"]
    assert order(sortBy="externalId") == ["a", "B", "c"]
    assert order(sortBy=f"{ENTERPRISE}:department") == ["a", "B", "c"]
    assert order(sortBy="meta.created", sortOrder="descending") == ["c", "B", "a"]


@pytest.mark.parametrize(
    "params",
    [
        {"sortBy": "password"}, {"sortBy": "nope"}, {"sortBy": "name"},
        {"sortBy": "userName", "sortOrder": "up"},
        {"startIndex": "one"}, {"count": "1.5"}, {"count": "--5"}, {"count": "9" * 40},
        {"attributes": "userName", "excludedAttributes": "name"},
    ],
)  # fmt: skip
def test_invalid_parameters(params, scim):
    assert_error(scim.get("/Users", params), 400, "invalidValue")


@pytest.mark.parametrize(
    ("params", "start", "shown"),
    [
        ({}, 1, 5),
        ({"startIndex": 0}, 1, 5),
        ({"startIndex": -3}, 1, 5),
        ({"count": 2}, 1, 2),
        ({"startIndex": 4, "count": 2}, 4, 2),
        ({"startIndex": 5, "count": 2}, 5, 1),
        ({"startIndex": 9}, 9, 0),
        ({"startIndex": 10**17}, 10**17, 0),
        ({"startIndex": -(10**17), "count": -(10**17)}, 1, 0),
        ({"startIndex": "+2", "count": " 2 "}, 2, 2),
        ({"count": 0}, 1, 0),
        ({"count": -1}, 1, 0),
        ({"count": 10**12}, 1, 5),
        ({"foo": "bar"}, 1, 5),
    ],
)
def test_paging(params, start, shown, scim):
    made = [scim.make_user(f"u{number}")["id"] for number in range(5)]
    data = scim.get("/Users", params).data
    assert data["totalResults"] == 5
    assert (data["startIndex"], data["itemsPerPage"]) == (start, shown)
    assert [each["id"] for each in data["Resources"]] == made[start - 1 : start - 1 + shown]


def test_too_many_results(scim, settings):
    """Only a client that does not page can ask for too much (RFC 7644 section 3.4.2.1)."""
    for number in range(3):
        scim.make_user(f"u{number}")
    assert scim.get("/Users").data["totalResults"] == 3  # no limit unless the site sets one
    settings.DJANGO_SCIM = {"MAX_RESULTS": 2}
    search = {"schemas": [SEARCH]}
    for answer in (
        scim.get("/Users"), scim.get("/"), scim.get("/Users", {"filter": "userName pr"}),
        scim.post("/Users/.search", search), scim.post("/.search", search),
    ):  # fmt: skip
        assert_error(answer, 400, "tooMany", "3 resources", "2")
    for page in ({"count": 2}, {"startIndex": 1}, {"cursor": ""}, {"count": 0}):
        assert scim.get("/Users", page).data["totalResults"] == 3
        assert scim.post("/.search", search | page).status_code == 200
    assert scim.find('userName sw "u1"')
    settings.DJANGO_SCIM = {"MAX_RESULTS": 3}
    assert scim.get("/Users").status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        'emails.value eq "ann@home.org"', 'emails eq "ann@home.org"', "emails pr",
        'emails[type eq "work"]', 'title pr and not (EMAILS.type eq "work")',
        'name.familyName eq "Jensen"', f'{USER}:name.familyName eq "Jensen"',
        'name[familyName eq "Jensen"]', f'{ENTERPRISE}:department eq "Tours"',
    ],
)  # fmt: skip
def test_sensitive_filter_in_a_url_is_rejected(company, settings, events, text):
    """See RFC 7644 section 7.5.2."""
    assert company.get("/Users", {"filter": text}).status_code == 200
    settings.DJANGO_SCIM = {"SENSITIVE_FILTERS": ["emails", "name.familyName", "department"]}
    for endpoint in ("/Users", "/"):
        assert_error(company.get(endpoint, {"filter": text}), 403, "sensitive", ".search")
        assert events()[-1].path == f"/scim/v2{endpoint}"  # the value is not in the event either
        search = company.post(f"{endpoint}/.search".replace("//", "/"), {
            "schemas": [SEARCH], "filter": text,
        })  # fmt: skip
        assert search.status_code == 200
    for harmless in ('userName eq "ann"', 'name.givenName eq "Ann"', 'title eq "Guide"'):
        assert company.get("/Users", {"filter": harmless}).status_code == 200


def test_unassigned_attribute_sorts_as_absent(company):
    for name in ("Bob", "carl_100%"):
        title = {"op": "replace", "path": "title", "value": name}
        company.patch(f"/Users/{company.ids[name]}", title)
    company.patch(f"/Users/{company.ids['ann']}", {"op": "remove", "path": "title"})
    for order, expected in (("ascending", "bca"), ("descending", "acb")):
        page = company.get("/Users", {"sortBy": "title", "sortOrder": order}).data
        assert "".join(each["userName"][0].lower() for each in page["Resources"]) == expected


def test_total_after_a_rename_without_signal(company):
    User.objects.filter(username="ann").update(username="Renamed")
    page = company.get("/Users", {"filter": 'userName eq "Renamed"', "count": 1}).data
    assert (page["totalResults"], page["itemsPerPage"]) == (1, 1)


def test_page_size_is_limited(scim, settings):
    settings.DJANGO_SCIM = {"MAX_PAGE_SIZE": 2}
    for number in range(3):
        scim.make_user(f"u{number}")
    assert scim.get("/Users", {"count": 50}).data["itemsPerPage"] == 2


def test_no_match_is_an_empty_list(scim):
    assert scim.get("/Users", {"filter": 'userName eq "x"'}).data == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }


def test_projection(company):
    ann = f"/Users/{company.ids['ann']}"
    assert company.get(ann, {"attributes": "name.familyName"}).data == {
        "schemas": [USER],
        "id": company.ids["ann"],
        "name": {"familyName": "Jensen"},
    }
    data = company.get(ann, {"attributes": "EMAILS.value"}).data
    assert data["emails"] == [{"value": "ann@work.com"}, {"value": "ann@home.org"}]
    data = company.get(ann, {"attributes": ENTERPRISE}).data
    assert set(data) == {"schemas", "id", ENTERPRISE}
    data = company.get(ann, {"excludedAttributes": "id,schemas,userName,emails.type"}).data
    assert data["id"] and data["schemas"] and "userName" not in data
    assert all("type" not in email for email in data["emails"])
    assert set(company.get(ann, {"attributes": "nosuch"}).data) == {"schemas", "id"}
    assert "password" not in company.get(ann, {"attributes": "password"}).data


def test_url_in_other_case_and_with_a_slash(company):
    assert company.get("/users").data["totalResults"] == 3
    assert company.get("/Users/", {"filter": "title pr"}).data["totalResults"] == 2
    assert company.get(f"/users/{company.ids['ann']}/").status_code == 200


def test_search_by_post(company):
    body = {
        "schemas": [SEARCH],
        "filter": "title pr",
        "sortBy": "userName",
        "attributes": ["userName"],
        "count": 1,
        "startIndex": 2,
    }
    answer = company.post("/Users/.search", body)
    assert answer.status_code == 200
    assert answer.data["totalResults"] == 2
    assert [each["userName"] for each in answer.data["Resources"]] == ["carl_100%"]
    assert_error(company.post("/Users/.search", {"schemas": [USER]}), 400, "invalidSyntax")
    texts = body | {"count": "1", "startIndex": "2"}
    assert company.post("/Users/.search", texts).status_code == 200


def test_search_over_all_types(company):
    data = company.get("/").data
    assert data["totalResults"] == 4
    kinds = [each["meta"]["resourceType"] for each in data["Resources"]]
    assert kinds == ["User", "User", "User", "Group"]
    body = {"schemas": [SEARCH], "filter": 'displayName co "a"', "count": 1, "startIndex": 2}
    answer = company.post("/.search", body).data
    assert (answer["totalResults"], answer["itemsPerPage"]) == (2, 1)
    assert answer["Resources"][0]["schemas"] == [GROUP]
    assert company.get("/", {"filter": "userName pr"}).data["totalResults"] == 3
    assert company.get("/", {"filter": "not (userName pr)"}).data["totalResults"] == 1
    assert_error(company.get("/", {"filter": "nothing pr"}), 400, "invalidFilter")
