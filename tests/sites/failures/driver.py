"""Run a site in a separate process that reads requests from its standard input.

Each line of the input is a request as JSON, and each line of the output its response, with the
lines that the site logged. The WSGI or ASGI application is called directly, without a web server.
"""

import asyncio
import io
import json
import sys

from .logged import LINES


def by_wsgi(application, method, path, headers, body):
    started = {}

    def start_response(status, headers, exc_info=None):
        started.update(status=int(status.split()[0]), headers=dict(headers))

    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/scim+json",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers.items()},
    }
    response = application(environ, start_response)
    content = b"".join(response)
    response.close()
    return started["status"], started["headers"], content


async def by_asgi(application, method, path, headers, body):
    from asgiref.testing import ApplicationCommunicator

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5000),
        "headers": [
            (b"content-type", b"application/scim+json"),
            (b"content-length", str(len(body)).encode()),
            *((name.lower().encode(), text.encode()) for name, text in headers.items()),
        ],
    }
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "http.request", "body": body})
    start = await communicator.receive_output(60)
    content, more = b"", True
    while more:
        part = await communicator.receive_output(60)
        content, more = content + part.get("body", b""), part.get("more_body", False)
    await communicator.wait(10)
    names = {name.decode().title(): text.decode() for name, text in start["headers"]}
    return start["status"], names, content


def main():
    import django
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    wsgi, asgi = get_wsgi_application(), get_asgi_application()
    loop = asyncio.new_event_loop()
    print(json.dumps({"django": django.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        body = json.dumps(request["body"]).encode() if request["body"] is not None else b""
        arguments = request["method"], request["path"], request["headers"], body
        LINES.clear()
        if request["via"] == "wsgi":
            status, headers, content = by_wsgi(wsgi, *arguments)
        else:
            status, headers, content = loop.run_until_complete(by_asgi(asgi, *arguments))
        answer = {
            "status": status,
            "headers": {name.title(): text for name, text in headers.items()},
            "text": content.decode(),
            "logged": list(LINES),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
