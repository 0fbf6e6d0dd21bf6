"""Build a site with some thirty random resources, as a client sees them."""

from dataclasses import dataclass, field

from django.contrib.auth.models import User
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from django_scim import connections
from django_scim.adapters.registry import Registry
from django_scim.protocol.tolerances import PROFILES, Tolerances
from django_scim.testing import ScimClient
from tests.client import BASE, ENTERPRISE, GROUP, USER

from .texts import logins, long_lines, long_names, long_texts, names, plain, texts

MULTI = {
    "emails": ("work", "home"),
    "phoneNumbers": ("work", "mobile"),
    "ims": ("aim",),
    "photos": ("photo",),
    "entitlements": ("a", "B"),
    "roles": ("r", "R"),
}
KEYED = ("emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates")
SINGULAR = ("nickName", "title", "userType", "preferredLanguage", "locale", "timezone")
NAMES = ("familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix", "formatted")
WORK = ("employeeNumber", "costCenter", "organization", "division", "department")
ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type")


def some(**optional):
    """Return a strategy for objects that have any of these keys."""
    return st.fixed_dictionaries({}, optional=optional)


def without_second_primary(items):
    """Keep at most one primary value (RFC 7643 section 2.4)."""
    seen = False
    for item in items:
        if item.get("primary") is True:
            if seen:
                del item["primary"]
            seen = True
    return [item for item in items if item]


def values(types, value=long_texts):
    item = some(value=value, display=plain, type=st.sampled_from(types), primary=st.booleans())
    return st.lists(item, max_size=3).map(without_second_primary)


certificates = st.lists(
    some(value=st.sampled_from(["QUJD", "QUJDRA==", "qujd"]), display=plain), max_size=2
)
addresses = st.lists(some(**dict.fromkeys(ADDRESS, plain), primary=st.booleans()), max_size=2).map(
    without_second_primary
)
enterprise = some(
    **dict.fromkeys(WORK, plain),
    manager=st.fixed_dictionaries({"value": st.integers(0, 19) | plain}),
)
user_bodies = some(
    externalId=names,
    displayName=long_lines,
    profileUrl=texts,
    active=st.booleans(),
    name=some(**dict.fromkeys(NAMES, plain)),
    x509Certificates=certificates,
    addresses=addresses,
    **dict.fromkeys(SINGULAR, plain),
    **{
        name: values(types, long_names if name == "emails" else long_texts)
        for name, types in MULTI.items()
    },
    **{ENTERPRISE: enterprise},
)
group_bodies = some(externalId=names, members=st.lists(st.integers(0, 22), max_size=6))


@dataclass
class PopulatedSite:
    """A connection and its resources by endpoint, as GET returns them."""

    scim: ScimClient
    resources: dict[str, list] = field(default_factory=dict)

    def adapter(self, name):
        tolerances = Tolerances(PROFILES[self.scim.connection.profile])
        return Registry(self.scim.connection, tolerances, f"http://testserver{BASE}").adapter(name)

    def look(self):
        for endpoint in ("Users", "Groups"):
            answer = self.scim.get(f"/{endpoint}", {"count": 1000})
            assert answer.data["totalResults"] == len(answer.data.get("Resources", []))
            self.resources[endpoint] = answer.data.get("Resources", [])


def each_of(strategy, count, number, see):
    """Call ``see`` with so many examples, starting at the seed ``number``.

    A failing example is shrunk.
    """

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    @given(strategy)
    def look(example):
        see(example)

    look()


def sample(strategy, count, number):
    found = []
    each_of(strategy, count, number, found.append)
    return found


def pairs(names, bodies, count, number):
    return zip(sample(names, count, number), sample(bodies, count, number), strict=False)


def build(number):
    """Create users by SCIM, users of the site, and groups of both."""
    site = PopulatedSite(ScimClient(connections.create("Site", scope="site")))
    for n, name in enumerate(sample(plain, 3, number)):
        User.objects.create(
            username=f"site{n}{name}"[:150], email=f"Site{n}@EXAMPLE.com", last_name=name
        )
    connections.prepare(site.scim.connection)
    site.look()
    ids = [each["id"] for each in site.resources["Users"]]
    for name, attributes in pairs(logins, user_bodies, 24, number):
        body = {"schemas": [USER, ENTERPRISE], "userName": name} | attributes
        manager = body.get(ENTERPRISE, {}).get("manager")
        if manager and isinstance(manager["value"], int):
            manager["value"] = ids[manager["value"] % len(ids)]
        answer = site.scim.post("/Users", body)
        # 409 if names are equal when folded, or in MariaDB's column
        assert answer.status_code in (201, 409), (body, answer.data)
        if answer.status_code == 201:
            ids.append(answer.data["id"])
    for name, attributes in pairs(long_names, group_bodies, 9, number):
        body = {"schemas": [GROUP], "displayName": name} | attributes
        members = {ids[number % len(ids)] for number in body.get("members", [])}
        body["members"] = [{"value": each} for each in sorted(members)]
        # 400 for blanks only, 409 for a name that is taken
        assert site.scim.post("/Groups", body).status_code in (201, 400, 409)
    site.look()
    return site
