"""The responses while the site's database is down, restarts, is full, locked or read-only.

docs/reference/reliability.md has the table; each row names its test. The tests start real servers
on free ports, and stop them.
"""

import pytest

from tests.client import USER

from .servers import MariaDB, PostgreSQL, Site

SERVERS = {"postgresql": PostgreSQL, "mariadb": MariaDB}
pytestmark = pytest.mark.parametrize("via", ["wsgi", "asgi"])
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    """Return a running server of the test's own."""
    server = SERVERS[request.param]()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def site(server):
    site = Site(server.url)
    site.prepare()
    site.begin()
    yield site
    site.end()


@pytest.fixture
def running(server, site):
    """Return the site; the server runs as usual again after the test."""
    yield site
    server.stop()
    server.start()
    # A connection from before the restart may fail once.
    for via in ("wsgi", "asgi"):
        site.request(via, "GET", "/Users?count=0")
        assert site.request(via, "GET", "/Users?count=0")["status"] == 200


names = iter(range(1000))


def person():
    return {"schemas": [USER], "userName": f"person{next(names)}@example.com"}


def assert_unavailable(answer):
    assert answer["status"] == 503, (answer["text"], answer["logged"])
    assert int(answer["headers"]["Retry-After"]) > 0
    assert answer["headers"]["Content-Type"].startswith("application/scim+json")
    assert answer["data"]["schemas"] == [ERROR] and answer["data"]["status"] == "503"
    assert "try again" in answer["data"]["detail"]
    assert len(answer["logged"]) == 1, answer["logged"]
    assert "not available" in answer["logged"][0]


def test_a_stopped_database_is_503(server, running, via):
    made = running.request(via, "POST", "/Users", person())
    assert made["status"] == 201, made
    server.stop()
    path = f"/Users/{made['data']['id']}"
    assert_unavailable(running.request(via, "GET", path))
    assert_unavailable(running.request(via, "GET", "/Users"))
    assert_unavailable(running.request(via, "POST", "/Users", person()))
    assert_unavailable(running.request(via, "DELETE", path))
    # A wrong token cannot be told from a right one.
    assert_unavailable(running.request(via, "GET", "/Users", token="wrong"))


def test_a_restarted_database_serves_the_next_request(server, running, via):
    assert running.request(via, "GET", "/Users")["status"] == 200
    server.stop()
    server.start()
    first = running.request(via, "POST", "/Users", person())
    if first["status"] != 201:  # the connection was kept open; nothing was changed
        assert_unavailable(first)
    assert running.request(via, "POST", "/Users", person())["status"] == 201


def test_a_database_without_free_connections_is_503(server, running, via):
    limits = {
        PostgreSQL: ("max_connections=3", "superuser_reserved_connections=0"),
        MariaDB: ("max-connections=10",),
    }
    server.stop()
    server.start(*limits[type(server)])
    running.request(via, "GET", "/Users")  # the kept connection is lost, and may be renewed
    held = []
    try:
        server.stop()
        server.start(*limits[type(server)])
        for _ in range(12):
            try:
                held.append(server.connect())
            except Exception:
                break
        assert_unavailable(running.request(via, "GET", "/Users"))
        assert_unavailable(running.request(via, "POST", "/Users", person()))
    finally:
        for each in held:
            each.close()


def test_a_read_only_database_serves_reads(server, running, via):
    made = running.request(via, "POST", "/Users", person())
    path = f"/Users/{made['data']['id']}"
    server.stop()
    server.start(
        {PostgreSQL: "default_transaction_read_only=on", MariaDB: "read-only"}[type(server)]
    )
    running.request(via, "GET", path)  # the connection from before
    read = running.request(via, "GET", path)
    assert read["status"] == 200 and read["data"]["id"] == made["data"]["id"]
    assert read["logged"] == []
    assert running.request(via, "GET", "/Users?filter=userName%20pr")["status"] == 200
    assert_unavailable(running.request(via, "POST", "/Users", person()))
    refused = running.request(via, "GET", "/Users", token="wrong")
    assert refused["status"] == 401 and len(refused["logged"]) == 2, refused["logged"]
    missing = running.request(via, "GET", "/Users/none")
    assert missing["status"] == 404 and len(missing["logged"]) == 2, missing["logged"]


def test_a_lock_that_is_not_released_is_503(server, running, via):
    made = running.request(via, "POST", "/Users", person())
    assert made["status"] == 201
    connection = server.connect()
    try:
        if isinstance(server, PostgreSQL):
            connection.execute("BEGIN")
            connection.execute("SELECT * FROM auth_user FOR UPDATE")
        else:
            connection.begin()
            connection.cursor().execute("SELECT * FROM scim.auth_user FOR UPDATE")
        path = f"/Users/{made['data']['id']}"
        assert running.request(via, "GET", path)["status"] == 200
        assert_unavailable(running.request(via, "DELETE", path))
    finally:
        connection.close()
    assert running.request(via, "DELETE", path)["status"] == 204
