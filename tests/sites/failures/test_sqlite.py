"""The responses while the site's SQLite file is locked, full or read-only."""

import shutil
import sqlite3

import pytest

from .servers import Site
from .test_databases import assert_unavailable, person

pytestmark = pytest.mark.parametrize("via", ["wsgi", "asgi"])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Return a site with a migrated file and a token."""
    site = Site("", SQLITE_NAME=str(tmp_path_factory.mktemp("sqlite") / "db.sqlite3"))
    site.prepare()
    return site


@pytest.fixture
def file(prepared, tmp_path):
    return shutil.copy(prepared.environment["SQLITE_NAME"], tmp_path / "copy.sqlite3")


@pytest.fixture
def start(prepared, file):
    """Return a function that starts a site on a copy of the file, with further variables."""
    site = Site("", SQLITE_NAME=str(file))
    site.token = prepared.token

    def start(**environment):
        site.end()
        site.environment |= environment
        site.begin()
        return site

    yield start
    site.end()


def test_a_locked_file_is_waited_for_once(start, file, via):
    site = start()
    made = site.request(via, "POST", "/Users", person())
    assert made["status"] == 201, made
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        created = site.request(via, "POST", "/Users", person())
        assert_unavailable(created)
        assert 2 <= created["seconds"] < 3.5
        read = site.request(via, "GET", f"/Users/{made['data']['id']}")
        assert read["status"] == 200 and read["seconds"] < 1 and read["logged"] == []
        refused = site.request(via, "GET", "/Users", token="wrong")
        assert refused["status"] == 401 and refused["seconds"] < 1
        assert any("could not record the event" in line for line in refused["logged"])
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    assert site.request(via, "POST", "/Users", person())["status"] == 201
    waited = sqlite3.connect(file).execute(
        "SELECT count(*) FROM django_scim_event WHERE status = 503"
    )
    assert waited.fetchone() == (0,)


def test_a_read_only_file_serves_reads(start, file, via):
    site = start()
    made = site.request(via, "POST", "/Users", person())
    site = start(SQLITE_NAME=f"file:{file}?mode=ro")
    read = site.request(via, "GET", f"/Users/{made['data']['id']}")
    assert read["status"] == 200 and read["logged"] == []
    assert site.request(via, "GET", "/Users?filter=userName%20pr")["status"] == 200
    assert_unavailable(site.request(via, "POST", "/Users", person()))
    refused = site.request(via, "GET", "/Users", token="wrong")
    assert refused["status"] == 401 and len(refused["logged"]) == 2, refused["logged"]


def test_a_full_disk_is_503(start, file, via):
    site = start()
    made = site.request(via, "POST", "/Users", person())
    pages = sqlite3.connect(file).execute("PRAGMA page_count").fetchone()[0]
    site = start(SQLITE_INIT=f"PRAGMA max_page_count = {pages}")
    body = person() | {"title": "x" * 200, "displayName": "y" * 200}
    for _ in range(200):
        created = site.request(via, "POST", "/Users", body | person())
        if created["status"] != 201:
            break
    assert_unavailable(created)
    assert site.request(via, "GET", f"/Users/{made['data']['id']}")["status"] == 200
