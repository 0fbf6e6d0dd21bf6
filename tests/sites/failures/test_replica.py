"""A site that reads from a replica, which is two seconds late (61a, 61d)."""

import time

import pytest

from tests.client import PATCH, USER

from .servers import PostgreSQL, Site, free_port

LAG = 2


class Replica(PostgreSQL):
    """A streaming replica that applies everything LAG seconds later."""

    def __init__(self, primary):
        self.primary = primary
        super().__init__()

    def begin(self):
        command = [str(self.bin / "pg_basebackup"), "-h", "127.0.0.1", "-p", str(self.primary.port)]
        self.command("rm", "-rf", str(self.data))
        self.command(*command, "-U", "postgres", "-D", str(self.data), "-R", "-X", "stream")
        self.command("chmod", "700", str(self.data))
        self.start(f"recovery_min_apply_delay={LAG}s", "hot_standby=on")


@pytest.fixture(scope="module")
def urls():
    """Return the URLs of a primary with the tables and of its late replica."""
    primary = PostgreSQL()
    replica = None
    try:
        primary.start("wal_level=replica", "max_wal_senders=4")
        replica = Replica(primary)
        replica.begin()
        yield primary, replica
    finally:
        if replica is not None:
            replica.remove()
        primary.remove()


@pytest.fixture(scope="module")
def prepared(urls):
    primary, replica = urls
    site = Site(primary.url, "tests.sites.failures.replica", REPLICA_URL=replica.url)
    site.prepare()
    time.sleep(2 * LAG)
    return site


@pytest.fixture(params=["wsgi", "asgi"])
def via(request):
    return request.param


@pytest.fixture
def start(prepared):
    """Return a function that starts the site, with a value of READ_FROM_REPLICA."""
    started = []

    def start(lag=0):
        site = Site("", "tests.sites.failures.replica")
        site.environment, site.token = dict(prepared.environment), prepared.token
        site.environment["READ_FROM_REPLICA"] = str(lag)
        site.begin()
        started.append(site)
        return site

    yield start
    for site in started:
        site.end()


def person():
    return {"schemas": [USER], "userName": f"p{free_port()}.{time.monotonic_ns()}@example.com"}


def patch(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


def replace(path, value):
    return patch({"op": "replace", "path": path, "value": value})


@pytest.mark.parametrize("lag", [0, LAG])
def test_61a_reads_see_the_latest_writes(start, via, lag):
    site = start(lag)
    made = site.request(via, "POST", "/Users", person())
    assert made["status"] == 201, made
    path = f"/Users/{made['data']['id']}"
    assert site.request(via, "GET", path)["data"] == made["data"]
    name = made["data"]["userName"]
    found = site.request(via, "GET", f"/Users?filter=userName%20eq%20%22{name}%22")
    assert found["data"]["totalResults"] == 1


@pytest.mark.parametrize("lag", [0, LAG])
def test_61d_a_patch_answers_the_new_state(start, via, lag):
    site = start(lag)
    made = site.request(via, "POST", "/Users", person())["data"]
    time.sleep(2 * LAG)  # now the replica has it, as it was
    path = f"/Users/{made['id']}"
    answer = site.request(via, "PATCH", path, replace("title", "x"))["data"]
    assert answer["title"] == "x"
    assert site.request(via, "GET", path)["data"] == answer
    answer = site.request(via, "PATCH", path, replace("active", False))["data"]
    assert answer["active"] is False
    assert site.request(via, "GET", path)["data"]["meta"] == answer["meta"]


def test_61d_two_added_addresses_are_two(start, via):
    site = start(LAG)
    made = site.request(via, "POST", "/Users", person())["data"]
    time.sleep(2 * LAG)
    path = f"/Users/{made['id']}"
    for kind in ("work", "home"):
        value = [{"type": kind, "value": f"{kind}@example.com"}]
        body = patch({"op": "add", "path": "emails", "value": value})
        answer = site.request(via, "PATCH", path, body)
    assert [each["type"] for each in answer["data"]["emails"]] == ["work", "home"]


def test_61d_a_version_is_accepted_once(start, via):
    site = start(LAG)
    made = site.request(via, "POST", "/Users", person())["data"]
    time.sleep(2 * LAG)
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    first = site.request(via, "PATCH", path, replace("title", "a"), **{"If-Match": version})
    second = site.request(via, "PATCH", path, replace("title", "b"), **{"If-Match": version})
    assert (first["status"], second["status"]) == (200, 412)


@pytest.mark.parametrize("lag", [0, LAG])
@pytest.mark.parametrize("end", ["pause", "revoke"])
def test_61_a_revoked_token_and_a_paused_connection_are_refused_at_once(start, via, end, lag):
    site = start(lag)
    code = (
        "from django_scim import connections as c; from django_scim.primary import on_primary\n"
        f"with on_primary(): x = c.create('{via} {end} {lag}'); i = c.issue_token(x)\n"
        "print('TOKEN', i.secret)"
    )
    secret = site.manage("shell", "-v", "0", "-c", code).split("TOKEN ")[1].strip()
    time.sleep(2 * LAG)
    assert site.request(via, "GET", "/Users", token=secret)["status"] == 200
    change = "c.pause(x)" if end == "pause" else "c.revoke(x.tokens.get())"
    site.manage(
        "shell",
        "-v",
        "0",
        "-c",
        "from django_scim import connections as c; from django_scim.models import Connection\n"
        f"x = Connection.objects.using('default').get(name='{via} {end} {lag}'); {change}",
    )
    assert site.request(via, "POST", "/Users", person(), token=secret)["status"] == 401
    assert site.request(via, "GET", "/Users", token=secret)["status"] == 401


def test_61_a_read_comes_from_the_replica_once_it_is_there(start, urls, via):
    """The row that only the primary gets is not seen, until the replica has it."""
    primary, _ = urls
    site = start(LAG)
    made = site.request(via, "POST", "/Users", person())["data"]
    time.sleep(2 * LAG + 3)  # with the margin of the time between an event and its commit
    primary.run(f"UPDATE auth_user SET first_name = 'New' WHERE username = '{made['userName']}'")
    path = f"/Users/{made['id']}"
    assert "name" not in site.request(via, "GET", path)["data"]
    time.sleep(2 * LAG)
    assert site.request(via, "GET", path)["data"]["name"]["givenName"] == "New"


def test_61_without_the_setting_every_read_comes_from_the_primary(start, urls, via):
    primary, _ = urls
    site = start(0)
    made = site.request(via, "POST", "/Users", person())["data"]
    time.sleep(2 * LAG + 3)
    primary.run(f"UPDATE auth_user SET first_name = 'New' WHERE username = '{made['userName']}'")
    assert site.request(via, "GET", f"/Users/{made['id']}")["data"]["name"]["givenName"] == "New"
