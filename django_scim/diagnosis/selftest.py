"""The requests of identity providers, sent to this site's own adapters and rolled back."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.urls import NoReverseMatch, reverse

from ..adapters import adapter_classes
from ..models import Connection
from ..testing import payloads
from .requests import Answer, Sender, rolled_back


@dataclass
class Step:
    """One request of a sequence: its purpose and status, and the problem with the response."""

    title: str
    request: str
    status: int
    problem: str = ""


#: A group may be in the response or not.
DONE = (200, 204)


class SelfTestImpossible(Exception):
    """The self-test cannot run on this site."""


class _Run:
    """Sends the requests of a sequence, and keeps the steps until the first wrong answer."""

    def __init__(self, sender: Sender, base: str) -> None:
        self.sender, self.base = sender, base
        self.steps: list[Step] = []

    def ask(
        self,
        title: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int | tuple[int, ...],
        check: Callable[[Any], bool] = lambda data: True,
    ) -> Any:
        """Send a request and return the body of the response. Raise _Failed if it is wrong."""
        answer = self.sender.send(method, self.base + path, body)
        step = Step(title, f"{method} {path}", answer.status, _problem(answer, status, check))
        self.steps.append(step)
        if step.problem:
            raise _Failed
        return answer.data


class _Failed(Exception):
    pass


def _problem(answer: Answer, status: Any, check: Callable[[Any], bool]) -> str:
    expected = status if isinstance(status, tuple) else (status,)
    if answer.status not in expected:
        detail = answer.data.get("detail", "") if isinstance(answer.data, dict) else ""
        text = f"expected {' or '.join(map(str, expected))}"
        return f"{text}: {detail}" if detail else text
    return "" if check(answer.data) else "the response does not have what was sent"


def run_selftest(provider: str) -> list[Step]:
    """Send the sequence of a provider as a new connection, and undo everything.

    The last step has a problem if the sequence failed. Raise SelfTestImpossible if the site has no
    SCIM URLs or does not publish users.
    """
    try:
        base = reverse("django_scim:base").rstrip("/")
    except NoReverseMatch:
        raise SelfTestImpossible(
            "the site's URLs do not include django_scim.urls, or under a prefix with parameters"
        ) from None
    adapters = adapter_classes()
    if "User" not in adapters:
        raise SelfTestImpossible("the site does not publish users")
    with rolled_back():
        name = f"self-test {uuid4().hex[:12]}"
        connection = Connection.objects.create(
            name=name, profile=provider, guard_percent=100, scope=Connection.Scope.OWN
        )
        run = _Run(Sender(connection), base)
        with suppress(_Failed):
            SEQUENCES[provider](run, "Group" in adapters)
        return run.steps


def _name() -> str:
    return f"selftest.{uuid4().hex[:12]}@example.com"


def _has(**wanted: Any) -> Callable[[Any], bool]:
    return lambda data: all(data.get(name) == value for name, value in wanted.items())


def _finds(count: int) -> Callable[[Any], bool]:
    return lambda data: data.get("totalResults") == count


def _is_member(user: dict[str, Any]) -> Callable[[Any], bool]:
    return lambda data: [each["value"] for each in data.get("members", [])] == [user["id"]]


def _no_members(data: Any) -> bool:
    return not data.get("members")


def _entra(run: _Run, has_groups: bool) -> None:
    entra, name = payloads.entra, _name()
    query = urlencode(entra.find_user(name))
    run.ask("look for a user", "GET", f"/Users?{query}", status=200, check=_finds(0))
    body = entra.create_user(
        name, external_id=uuid4().hex, given_name="Self", family_name="Test", email=name
    )
    user = run.ask("create the user", "POST", "/Users", body, status=201, check=_has(userName=name))
    at = f"/Users/{user['id']}"
    run.ask("find the user", "GET", f"/Users?{query}", status=200, check=_finds(1))
    run.ask("create the user again", "POST", "/Users", body, status=409)
    change = entra.update_user(given_name="Changed")
    named = {"givenName": "Changed"}
    run.ask("change a name", "PATCH", at, change, status=200, check=_named(named))
    off = entra.deactivate_user()
    run.ask("deactivate the user", "PATCH", at, off, status=200, check=_has(active=False))
    on = entra.reactivate_user()
    run.ask("reactivate the user", "PATCH", at, on, status=200, check=_has(active=True))
    if has_groups:
        title = f"Self-test {uuid4().hex[:12]}"
        group = run.ask(
            "create a group", "POST", "/Groups", entra.create_group(title, uuid4().hex), status=201
        )
        of_group = f"/Groups/{group['id']}"
        run.ask("add a member", "PATCH", of_group, entra.add_members(user), status=DONE)
        run.ask("read the group", "GET", of_group, status=200, check=_is_member(user))
        run.ask("remove the member", "PATCH", of_group, entra.remove_members(user), status=DONE)
        run.ask("read the group again", "GET", of_group, status=200, check=_no_members)
        run.ask("delete the group", "DELETE", of_group, status=204)
    run.ask("delete the user", "DELETE", at, status=204)
    run.ask("read the deleted user", "GET", at, status=404)


def _okta(run: _Run, has_groups: bool) -> None:
    okta, name = payloads.okta, _name()
    run.ask("test the connection", "GET", "/Users?startIndex=1&count=2", status=200)
    query = urlencode(okta.find_user(name))
    run.ask("look for a user", "GET", f"/Users?{query}", status=200, check=_finds(0))
    body = okta.create_user(
        name, external_id=uuid4().hex, given_name="Self", family_name="Test", email=name
    )
    user = run.ask("create the user", "POST", "/Users", body, status=201, check=_has(userName=name))
    at = f"/Users/{user['id']}"
    user = run.ask("read the user", "GET", at, status=200, check=_has(userName=name))
    changed = okta.replace_user(user, given_name="Changed")
    named = {"givenName": "Changed"}
    run.ask("replace the user", "PUT", at, changed, status=200, check=_named(named))
    off = okta.deactivate_user()
    run.ask("deactivate the user", "PATCH", at, off, status=200, check=_has(active=False))
    on = okta.reactivate_user()
    run.ask("reactivate the user", "PATCH", at, on, status=200, check=_has(active=True))
    if has_groups:
        title = f"Self-test {uuid4().hex[:12]}"
        group = run.ask("push a group", "POST", "/Groups", okta.create_group(title), status=201)
        of_group = f"/Groups/{group['id']}"
        add = okta.change_members([user], [])
        run.ask("add a member", "PATCH", of_group, add, status=DONE)
        run.ask("read the group", "GET", of_group, status=200, check=_is_member(user))
        remove = okta.change_members([], [user])
        run.ask("remove the member", "PATCH", of_group, remove, status=DONE)
        run.ask("read the group again", "GET", of_group, status=200, check=_no_members)
        run.ask("delete the group", "DELETE", of_group, status=204)
    last = okta.deactivate_user()
    run.ask("deactivate the user again", "PATCH", at, last, status=200, check=_has(active=False))


def _named(wanted: dict[str, str]) -> Callable[[Any], bool]:
    return lambda data: wanted.items() <= data.get("name", {}).items()


SEQUENCES: dict[str, Callable[[_Run, bool], None]] = {"entra": _entra, "okta": _okta}
