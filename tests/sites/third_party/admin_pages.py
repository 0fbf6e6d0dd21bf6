"""The admin pages of this package on a site: a superuser signs in and follows every link."""

import http.client
import re
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

PASSWORD = "a-long-pass-phrase-of-the-tests"
#: The pages that must be found. A theme that hides the links to one of them is a failure.
PAGES = (
    "connection/",
    "connection/#/change/",
    "event/",
    "event/#/change/",
    "token/",
    "userlink/",
    "grouplink/",
)


class Browser:
    """Keep the cookies of a session; count the pages, and note those that failed."""

    def __init__(self, port, host, title, prefix="/admin/"):
        self.port, self.host, self.title, self.prefix = port, host, title, prefix
        self.cookies = SimpleCookie()
        self.requests, self.failures = 0, []

    def send(self, method, path, form=None):
        """Send a request and return the status, the type and the text of the response."""
        self.requests += 1
        http_client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookies = "; ".join(f"{each.key}={each.value}" for each in self.cookies.values())
        headers = {"Host": self.host, "Cookie": cookies}
        body = None
        if form is not None:
            body = urlencode(form | {"csrfmiddlewaretoken": self.cookies["csrftoken"].value})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        http_client.request(method, path, body, headers)
        response = http_client.getresponse()
        content = response.read().decode(errors="replace")
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(header)
        http_client.close()
        return response.status, response.headers.get_content_type(), content

    def page(self, path):
        status, media_type, content = self.send("GET", path)
        if status != 200:
            self.failures.append(f"{self.title}: GET {path}: {status} {content[-300:]!r}")
        return content if media_type == "text/html" else ""

    def visit(self, username, extra=()):
        """Sign in, and follow the links below the admin pages of this package."""
        path = f"{self.prefix}login/"
        self.page(path)
        status, _, _ = self.send("POST", path, {"username": username, "password": PASSWORD})
        if status != 302:
            self.failures.append(f"{self.title}: the superuser cannot sign in: {status}")
            return
        start = f"{self.prefix}django_scim/"
        waiting, seen = [start], set()
        while waiting:
            path = waiting.pop(0)
            if (kind := _kind(path)) in seen:
                continue
            seen.add(kind)
            waiting += [each for each in _links(path, self.page(path)) if each.startswith(start)]
        for each in PAGES:
            if start + each not in seen:
                self.failures.append(f"{self.title}: no page leads to {each}")
        for each in extra:
            self.page(each)


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        href = dict(attributes).get("href")
        if tag == "a" and href:
            self.found.append(href)


def _links(path, content):
    parser = _Links()
    parser.feed(content)
    return [urlsplit(urljoin(path, each)).path for each in parser.found]


def _kind(path):
    """Return the path without the keys of objects, so that one page of each kind is opened."""
    return re.sub(r"/(\d+|[0-9a-f-]{32,36})(?=/)", "/#", path)
