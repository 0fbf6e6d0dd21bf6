"""Bodies in chunks, without a Content-Length, under real servers (row R1)."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from django.test.client import ClientHandler
from django.urls import resolve

from tests.client import PATCH, SEARCH, USER, assert_error

ROOT = Path(__file__).parents[3]
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def chunked(scim, method, path, body, *, terminated=True, chunks=True):
    """Send a body without a Content-Length to the WSGI handler; return status and parsed body."""
    environ = RequestFactory().generic(
        method, f"{scim.base}{path}", b"", content_type="application/scim+json",
        HTTP_AUTHORIZATION=f"Bearer {scim.secret}",
    ).environ  # fmt: skip
    environ.pop("CONTENT_LENGTH", None)
    environ["wsgi.input"] = stream = io.BytesIO(body)
    if terminated:
        environ["wsgi.input_terminated"] = True
    if chunks:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    answer = ClientHandler()(environ)
    answer.render() if hasattr(answer, "render") and not answer.is_rendered else None
    return answer.status_code, json.loads(answer.content or b"null"), stream


def dumps(**body):
    return json.dumps(body).encode()


def test_row_R1_every_method_reads_chunks(scim):
    status, made, _ = chunked(scim, "POST", "/Users", dumps(schemas=[USER], userName="ann"))
    assert status == 201
    path = f"/Users/{made['id']}"
    body = dumps(schemas=[USER], userName="ann", title="Guide")
    assert chunked(scim, "PUT", path, body)[1]["title"] == "Guide"
    operation = {"op": "replace", "path": "title", "value": "Chief"}
    body = dumps(schemas=[PATCH], Operations=[operation])
    assert chunked(scim, "PATCH", path, body)[1]["title"] == "Chief"
    found = chunked(scim, "POST", "/Users/.search", dumps(schemas=[SEARCH], filter="title pr"))[1]
    assert found["totalResults"] == 1
    assert chunked(scim, "POST", "/.search", dumps(filter="title pr"))[1]["totalResults"] == 1
    body = dumps(schemas=[BULK], Operations=[{"method": "DELETE", "path": path}])
    assert chunked(scim, "POST", "/Bulk", body)[1]["Operations"][0]["status"] == "204"


@pytest.mark.parametrize("path", ["/Users", "/Bulk"])
def test_row_R1_limit_is_enforced_while_reading(scim, settings, path):
    settings.DJANGO_SCIM = {"MAX_BODY_SIZE": 1_000, "BULK_MAX_PAYLOAD": 1_000}
    status, body, stream = chunked(scim, "POST", path, b" " * 1_000_000)
    assert status == 413 and "1000 bytes" in body["detail"]
    assert stream.tell() == 1_001


def test_row_R1_server_that_cannot_tell_the_end(scim, events):
    body = dumps(schemas=[USER], userName="ann")
    status, answer, _ = chunked(scim, "POST", "/Users", body, terminated=False)
    assert status == 411 and "Content-Length" in answer["detail"] and answer["status"] == "411"
    assert events()[-1].status == 411


def test_row_R1_empty_and_missing_body(scim):
    path = f"/Users/{scim.make_user()['id']}"
    for method, target in (("POST", "/Users"), ("PUT", path), ("PATCH", path), ("POST", "/Bulk")):
        status, answer, _ = chunked(scim, method, target, b"")
        assert (status, answer["scimType"]) == (400, "invalidSyntax")
        assert answer["detail"].startswith("the body is empty")
        status, answer, _ = chunked(scim, method, target, b"", chunks=False)
        assert status == 400 and answer["detail"].startswith("the request has no body")


def test_row_R1_broken_chunks(scim):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("invalid chunk")

    environ = RequestFactory().post(f"{scim.base}/Users").environ
    environ |= {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked",
                "wsgi.input": Broken(), "HTTP_AUTHORIZATION": f"Bearer {scim.secret}",
                "CONTENT_TYPE": "application/json"}  # fmt: skip
    assert isinstance(WSGIRequest(environ), WSGIRequest)
    assert ClientHandler()(environ).status_code == 400


def test_row_R1_asgi_without_a_length(scim):
    path = f"{scim.base}/Users"
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
             "path": path, "query_string": b"", "server": ("testserver", 80),
             "client": ("127.0.0.1", 1),
             "headers": [(b"authorization", f"Bearer {scim.secret}".encode()),
                         (b"content-type", b"application/scim+json"),
                         (b"transfer-encoding", b"chunked")]}  # fmt: skip
    for body, expected in ((dumps(schemas=[USER], userName="ann"), 201), (b"", 400)):
        request = ASGIRequest(scope, io.BytesIO(body))
        assert resolve(path).func(request).status_code == expected


def test_row_R1_length_zero_is_no_body(scim):
    assert_error(scim.post("/Users"), 400, "invalidSyntax", "no body")


SERVERS = {
    "gunicorn": (["-m", "gunicorn", "testproject.wsgi:application", "-b", "127.0.0.1:{}"], 201),
    "uvicorn": (["-m", "uvicorn", "testproject.asgi:application", "--port", "{}"], 201),
    "runserver": (["testproject/manage.py", "runserver", "--noreload", "127.0.0.1:{}"], 411),
}


@pytest.mark.parametrize("name", SERVERS)
def test_row_R1_real_servers(name, tmp_path):
    """Send a body in chunks to a real server with a separate database."""
    if name != "runserver" and find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    arguments, expected = SERVERS[name]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "testproject.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "PYTHONPATH": os.pathsep.join(
            [str(ROOT), str(ROOT / "testproject"), os.environ.get("PYTHONPATH", "")]
        ),
    }  # fmt: skip

    def manage(*words):
        command = [sys.executable, "testproject/manage.py", *words]
        return subprocess.run(command, env=environment, cwd=ROOT, check=True,
                              capture_output=True, text=True).stdout  # fmt: skip

    manage("migrate", "-v0")
    token = manage("scim_connect", "One", "--quiet").strip().splitlines()[-1]
    command = [sys.executable, *(each.format(port) for each in arguments)]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL) as server:  # fmt: skip
        try:
            for _ in range(300):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            body = dumps(schemas=[USER], userName="ann@example.com")
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
            client = HTTPConnection("127.0.0.1", port, timeout=30)
            parts = iter([body[:7], body[7:]])
            client.request("POST", "/scim/v2/Users", parts, headers, encode_chunked=True)
            answer = client.getresponse()
            data = json.loads(answer.read())
        finally:
            server.terminate()
    assert answer.status == expected, data
    assert answer.headers["Content-Type"] == "application/scim+json"
