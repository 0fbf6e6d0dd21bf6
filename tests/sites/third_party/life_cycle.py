"""The life cycle of people and groups as Entra ID and Okta send it, over HTTP."""

import http.client
import json
from urllib.parse import quote

from django_scim.testing.payloads import entra, okta

TYPE = "application/scim+json"


class Client:
    """Send requests to a running site; count them, and keep those that failed."""

    def __init__(self, port, token, title, host="127.0.0.1"):
        self.port, self.token, self.title, self.host = port, token, title, host
        self.requests, self.failures = 0, []

    def send(self, method, path, body=None, expected=200):
        """Send a request and return the parsed body; note a status that is not the expected one."""
        self.requests += 1
        http_client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": TYPE, "Host": self.host}
        text = None if body is None else json.dumps(body)
        http_client.request(method, f"/scim/v2{path}", text, headers)
        response = http_client.getresponse()
        content = response.read()
        http_client.close()
        if response.status != expected:
            problem = f"{self.title}: {method} {path}: {response.status} {content[:500]!r}"
            self.failures.append(problem)
        try:
            return json.loads(content) if content else {}
        except ValueError:
            self.failures.append(f"{self.title}: {method} {path}: no JSON: {content[:200]!r}")
            return {}

    def require(self, condition, text):
        if not condition:
            self.failures.append(f"{self.title}: {text}")

    def found(self, path, name, value):
        answer = self.send("GET", f"{path}?filter={quote(f'{name} eq {json.dumps(value)}')}")
        return answer.get("Resources", [])


def entra_life_cycle(client):
    """Entra: look up, create, change, deactivate, restore, delete; a group and its members."""
    name = "ada.entra@example.com"
    client.send("GET", "/ServiceProviderConfig")
    client.require(not client.found("/Users", "userName", name), "a new user was found")
    body = entra.create_user(
        name, external_id="ada", given_name="Ada", family_name="Lovelace", email=name, title="Dr"
    )
    user = client.send("POST", "/Users", body, 201)
    boss = client.send("POST", "/Users", entra.create_user("boss.entra@example.com"), 201)
    client.require(len(client.found("/Users", "userName", name)) == 1, "the user was not found")
    path = f"/Users/{user.get('id')}"
    client.send("PATCH", path, entra.update_user(title="Countess", given_name="Augusta"))
    answer = client.send("GET", path)
    client.require(answer.get("title") == "Countess", "the title did not change")
    client.require(answer.get("name", {}).get("givenName") == "Augusta", "the name did not change")
    group = client.send("POST", "/Groups", entra.create_group("Analysts", "analysts"), 201)
    where = f"/Groups/{group.get('id')}"
    client.send("PATCH", where, entra.add_members(user.get("id"), boss.get("id")), 204)
    members = client.send("GET", where).get("members", [])
    client.require(len(members) == 2, "the members were not added")
    client.send("PATCH", where, entra.remove_members(user.get("id")), 204)
    client.send("PATCH", where, entra.rename_group("Engineers"), 204)
    client.send("DELETE", where, expected=204)
    client.send("PATCH", path, entra.deactivate_user())
    client.require(client.send("GET", path).get("active") is False, "the user is still active")
    client.send("PATCH", path, entra.update_user(active=True))
    client.send("PATCH", path, entra.deactivate_user())
    client.send("DELETE", path, expected=204)
    client.send("GET", path, expected=404)


def okta_life_cycle(client):
    """Okta: look up, create, replace, deactivate, reactivate; a group by PATCH."""
    name = "grace.okta@example.com"
    client.require(not client.found("/Users", "userName", name), "a new user was found")
    body = okta.create_user(
        name, external_id="grace", given_name="Grace", family_name="Hopper", email=name
    )
    user = client.send("POST", "/Users", body, 201)
    path = f"/Users/{user.get('id')}"
    stored = client.send("GET", path)
    changed = okta.replace_user(stored, family_name="Murray", title="Rear admiral")
    client.send("PUT", path, changed)
    answer = client.send("GET", path)
    client.require(answer.get("name", {}).get("familyName") == "Murray", "the name is the old one")
    group = client.send("POST", "/Groups", okta.create_group("Compilers"), 201)
    where = f"/Groups/{group.get('id')}"
    client.send("PATCH", where, okta.add_members(answer), 204)
    client.require(len(client.send("GET", where).get("members", [])) == 1, "no member was added")
    client.send("PATCH", path, okta.deactivate_user())
    client.require(client.send("GET", path).get("active") is False, "the user is still active")
    client.send("PATCH", path, okta.reactivate_user())
    client.require(client.send("GET", path).get("active") is True, "the user is not active again")
    client.send("PATCH", path, okta.deactivate_user())
    client.send("DELETE", where, expected=204)
    client.send("GET", "/Users?startIndex=1&count=100")


LIFE_CYCLES = {"entra": entra_life_cycle, "okta": okta_life_cycle}
