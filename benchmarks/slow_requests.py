"""Measure the slowest requests that the limits allow, and those that the limits reject.

    [DATABASE_URL=...] python benchmarks/slow_requests.py [--only WORD] [--markdown]

It creates a test database, on the server in DATABASE_URL or as a SQLite file, and drops it
afterwards. Run it with two versions of the package to compare them. Every request is sent once:
these take so long that the first one counts.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "testproject")]

Send = Callable[[], Any]
SCENARIOS: list[tuple[str, Callable[["Site"], Send]]] = []


class Site:
    """A connection with users, and a client of it."""

    def __init__(self, users: int) -> None:
        from django_scim import connections
        from django_scim.testing import ScimClient

        self.connection = connections.create("Benchmark", guard_percent=100)
        self.client = ScimClient(self.connection)
        self.client._check = parse  # type: ignore[method-assign]
        self.make_users(users)

    def make_users(self, count: int) -> None:
        from django.contrib.auth.models import User

        from django_scim.models import UserKey, UserLink, UserProfile, UserValue

        users = User.objects.bulk_create(
            [
                User(username=f"user{n}", email=f"user{n}@example.com", last_name=f"Name {n % 97}")
                for n in range(count)
            ]
        )
        self.links = UserLink.objects.bulk_create(
            [UserLink(connection=self.connection, target=user) for user in users]
        )
        UserKey.objects.bulk_create([UserKey(user=user, folded=user.username) for user in users])
        UserProfile.objects.bulk_create([UserProfile(user=user, title="Guide") for user in users])
        values = [("emails", "home"), ("phoneNumbers", "work"), ("addresses", "work")]
        UserValue.objects.bulk_create(
            [
                UserValue(user=user, attribute=name, value=f"{name}-{n}", type=kind, locality="B")
                for n, user in enumerate(users)
                for name, kind in values
            ],
            batch_size=5_000,
        )

    def own_user(self, **attributes: Any) -> str:
        """Create a user over SCIM; return the path. Fails if the limits do not allow the user."""
        return f"/Users/{self.client.make_user('own', **attributes)['id']}"

    def give_values(self, name: str, count: int) -> str:
        """Store values for the first user, as if the site had; return the user's path."""
        from django_scim.models import UserValue

        link = self.links[0]
        UserValue.objects.bulk_create(
            [
                UserValue(user_id=link.target_id, attribute=name, value=f"{n}@x.example", type="t")
                for n in range(count)
            ],
            batch_size=5_000,
        )
        return f"/Users/{link.scim_id}"


def parse(response: Any) -> None:
    response.data = json.loads(response.content) if response.content else None


def scenario(name: str, users: int = 0) -> Callable[[Any], Any]:
    """Register a function that prepares a site and returns the function that sends the request."""

    def register(prepare: Callable[[Site], Send]) -> Callable[[Site], Send]:
        SCENARIOS.append((name, lambda: prepare(Site(users))))  # type: ignore[arg-type, misc]
        return prepare

    return register


def filtered(times: int, term: str, word: str = "and", **parameters: Any) -> Callable[[Site], Send]:
    """Return the preparation of a query with a term repeated in its filter."""

    def prepare(site: Site) -> Send:
        from django_scim.protocol.messages.search import SEARCH_URN

        text = f" {word} ".join(term.format(n) for n in range(times))
        body = {"schemas": [SEARCH_URN], "filter": text, **parameters}
        return lambda: site.client.post("/Users/.search", body)

    return prepare


NEGATED = 'not (emails[value co "x{}"])'
scenario("filter: 240 negated value paths, 2,002 users", 2_002)(filtered(240, NEGATED))
scenario("filter: 120 negated value paths, 8,000 users", 8_000)(filtered(120, NEGATED))
for _count in (10, 25):
    _name = f"filter: {_count} negated value paths"
    scenario(f"{_name}, 8,000 users", 8_000)(filtered(_count, NEGATED))
scenario("filter: 12 value paths with two terms, 8,000 users", 8_000)(
    filtered(12, 'emails[type eq "home" and value co "x{}"]', "or")
)
scenario("filter: 12 negated value paths with two terms, 8,000 users", 8_000)(
    filtered(12, 'not (emails[type eq "home" and value co "x{}"])')
)
scenario("filter: 25 of emails.value ne, 8,000 users", 8_000)(filtered(25, 'emails.value ne "x{}"'))
scenario("filter: 100 of emails.value co, 8,000 users", 8_000)(
    filtered(100, 'emails.value co "x{}"', "or")
)
scenario("filter: 25 of groups.display co, 8,000 users", 8_000)(
    filtered(25, 'groups.display co "x{}"', "or")
)
scenario("filter: 25 of manager.displayName co, 8,000 users", 8_000)(
    filtered(
        25,
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName co "x{}"',
        "or",
    )
)
scenario("filter: 500 terms, 8,000 users", 8_000)(filtered(500, 'title co "x{}"', "or"))
scenario("filter: 200 terms, 8,000 users", 8_000)(filtered(200, 'title co "x{}"', "or"))
scenario("filter: 500 terms of userName ne, 8,000 users", 8_000)(filtered(500, 'userName ne "x{}"'))
scenario("filter: 25 terms of schemas, 8,000 users", 8_000)(filtered(25, 'schemas sw "v{}"', "or"))
scenario("filter, sort and page 7,000 to 8,000", 8_000)(
    filtered(1, 'emails co "e"', sortBy="emails.value", startIndex=7_000, count=1_000)
)
scenario("filter, sort and page by cursor", 8_000)(
    filtered(1, 'emails co "e"', sortBy="addresses.locality", cursor="", count=1_000)
)
scenario("list of 1,000 with attributes=", 8_000)(
    filtered(1, "userName pr", count=1_000, attributes=["userName", "emails.value"])
)


def remove_each(count: int, path: str = 'emails[value eq "{}@x.example"]') -> list[dict[str, Any]]:
    return [{"op": "remove", "path": path.format(n)} for n in range(count)]


def replace_each(count: int, path: str) -> list[dict[str, Any]]:
    return [
        {"op": "replace", "path": path.format(n), "value": f"new{n}@x.example"}
        for n in range(count)
    ]


def patched(values: int, operations: Any, name: str = "emails") -> Callable[[Site], Send]:
    def prepare(site: Site) -> Send:
        path = site.give_values(name, values)
        return lambda: site.client.patch(path, *operations)

    return prepare


REPLACED = 'emails[value eq "{}@x.example"].value'
TYPED = 'emails[type eq "t" and value eq "{}@x.example"].display'
scenario("PATCH: replace 1,000 value paths, 1,000 e-mails", 1)(
    patched(1_000, replace_each(1_000, REPLACED))
)
scenario("PATCH: remove 1,000 value paths, 1,000 e-mails", 1)(patched(1_000, remove_each(1_000)))
scenario("PATCH: 1,000 value paths with and, 1,000 e-mails", 1)(
    patched(1_000, replace_each(1_000, TYPED))
)
scenario("PATCH: 1,000 value paths with co, 1,000 e-mails", 1)(
    patched(1_000, replace_each(1_000, 'emails[value co "{}@x"].display'))
)
scenario("PATCH: 1,000 times all values, 1,000 e-mails", 1)(
    patched(1_000, replace_each(1_000, 'emails[type eq "t"].display'))
)
scenario("PATCH: 1,000 adds to 1,000 e-mails", 1)(
    patched(
        1_000,
        [{"op": "add", "path": "emails", "value": [{"value": f"{n}@y.example", "primary": True}]}
         for n in range(1_000)],
    )
)  # fmt: skip
scenario("PATCH: remove a list of 1,000 of 1,000 e-mails", 1)(
    patched(
        1_000,
        [{"op": "remove", "path": "emails",
          "value": [{"value": f"{n}@z.example"} for n in range(1_000)]}],
    )
)  # fmt: skip
scenario("PATCH: 60 value paths, 20,000 e-mails", 1)(patched(20_000, replace_each(60, REPLACED)))
scenario("PATCH: replace all by 20,000 e-mails", 1)(
    patched(
        0,
        [{"op": "replace", "path": "emails",
          "value": [{"value": f"{n}@z.example"} for n in range(20_000)]}],
    )
)  # fmt: skip
scenario("PATCH: replace all by 1,000 e-mails, 100 times", 1)(
    patched(
        0,
        [{"op": "replace", "path": "emails",
          "value": [{"value": f"{n}-{m}@z.example"} for n in range(1_000)]} for m in range(100)],
    )
)  # fmt: skip
_MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
scenario("PATCH: 1,000 managers", 1)(
    patched(0, [{"op": "replace", "path": _MANAGER, "value": f"boss{n}"} for n in range(1_000)])
)
scenario("PATCH: 1,000 titles", 1)(
    patched(0, [{"op": "replace", "path": "title", "value": f"t{n}"} for n in range(1_000)])
)


@scenario("another write beside 60 value paths on 20,000 e-mails", 2)
def another_write(site: Site) -> Send:
    """Measure a write of the same user that is sent while the large one runs."""
    from django.db import connection

    path = site.give_values("emails", 20_000)
    large = threading.Thread(
        target=lambda: (
            site.client.patch(path, *replace_each(60, REPLACED)),
            connection.close(),
        )
    )

    def send() -> Any:
        large.start()
        time.sleep(0.3)
        started = time.perf_counter()
        operation = {"op": "replace", "path": "title", "value": "Boss"}
        answer = site.client.patch(path, operation)
        send.seconds = time.perf_counter() - started  # type: ignore[attr-defined]
        large.join()
        return answer

    return send


def user_body(number: int, **attributes: Any) -> dict[str, Any]:
    from django_scim.protocol.attributes import USER_URN

    return {"schemas": [USER_URN], "userName": f"new{number}", **attributes}


def bulk_of(method: str, count: int, **attributes: Any) -> Callable[[Site], Send]:
    def prepare(site: Site) -> Send:
        from django_scim.protocol.messages.patch import PATCH_URN

        operations = []
        for n in range(count):
            each: dict[str, Any] = {"method": method, "path": "/Users"}
            if method == "POST":
                each |= {"bulkId": f"b{n}", "data": user_body(n, **attributes)}
            else:
                each["path"] += f"/{site.links[n % len(site.links)].scim_id}"
            if method == "PATCH":
                changes = [
                    {"op": "replace", "path": name, "value": f"{value} {n}"}
                    for name, value in attributes.items()
                ]
                each["data"] = {"schemas": [PATCH_URN], "Operations": changes}
            operations.append(each)
        if "password" in attributes:
            site.connection.passwords = "accept"
            site.connection.save()
        return lambda: site.client.bulk(*operations)

    return prepare


scenario("Bulk: 30 creations with passwords")(bulk_of("POST", 30, password="Kaffee-42-braun"))
scenario("Bulk: 5 creations with passwords")(bulk_of("POST", 5, password="Kaffee-42-braun"))
scenario("Bulk: 30 PATCHes of passwords", 30)(bulk_of("PATCH", 30, password="Kaffee-42-braun"))
scenario("Bulk: 1,000 creations")(bulk_of("POST", 1_000))
scenario("Bulk: 1,000 PATCHes of a title", 1_000)(bulk_of("PATCH", 1_000, title="Boss"))
scenario("Bulk: 1,000 DELETEs", 1_000)(bulk_of("DELETE", 1_000))
scenario("Bulk: 100 PATCHes of a title", 100)(bulk_of("PATCH", 100, title="Boss"))


@scenario("PATCH: 100 passwords", 1)
def passwords(site: Site) -> Send:
    site.connection.passwords = "accept"
    site.connection.save()
    operation = {"op": "replace", "path": "password", "value": "Kaffee-42-braun"}
    return lambda: site.client.patch(f"/Users/{site.links[0].scim_id}", *[operation] * 100)


@scenario("POST: a manager for whom 1,000 accounts wait", 1_000)
def awaited_manager(site: Site) -> Send:
    from django_scim.models import UserLink

    UserLink.objects.filter(connection=site.connection).update(manager_value="boss")
    body = user_body(0, externalId="boss")
    return lambda: site.client.post("/Users", body)


@scenario("GET: a group with 20,000 members", 20_000)
def group_read(site: Site) -> Send:
    path = large_group(site)
    return lambda: site.client.get(path)


def large_group(site: Site) -> str:
    from django.contrib.auth.models import User

    group = site.client.make_group("Large")
    from django_scim.models import GroupLink

    target = GroupLink.objects.get(scim_id=group["id"]).target
    through = User.groups.through
    through.objects.bulk_create(
        [through(group_id=target.pk, user_id=link.target_id) for link in site.links],
        batch_size=10_000,
    )
    return f"/Groups/{group['id']}"


def group_patch(change: Callable[[Site], list[dict[str, Any]]]) -> Callable[[Site], Send]:
    def prepare(site: Site) -> Send:
        path, operations = large_group(site), change(site)
        return lambda: site.client.patch(path, *operations)

    return prepare


scenario("PATCH: remove 1,000 of 20,000 members", 20_000)(
    group_patch(
        lambda site: [
            {"op": "remove", "path": f'members[value eq "{link.scim_id}"]'}
            for link in site.links[:1_000]
        ]
    )
)
scenario("PATCH: 1,000 filters by display, 20,000 members", 20_000)(
    group_patch(
        lambda site: [
            {"op": "remove", "path": f'members[display eq "user{n}"]'} for n in range(1_000)
        ]
    )
)
scenario("PATCH: replace 20,000 members by the same", 20_000)(
    group_patch(
        lambda site: [
            {"op": "replace", "path": "members",
             "value": [{"value": link.scim_id} for link in site.links]}
        ]
    )
)  # fmt: skip
scenario("PATCH: remove all of 20,000 members", 20_000)(
    group_patch(lambda site: [{"op": "remove", "path": "members"}])
)


@scenario("PUT: a new group with 20,000 members", 20_000)
def group_put(site: Site) -> Send:
    group = site.client.make_group("Large")
    from django_scim.protocol.attributes import GROUP_URN

    members = [{"value": link.scim_id} for link in site.links]
    body = {"schemas": [GROUP_URN], "displayName": "Large", "members": members}
    return lambda: site.client.put(f"/Groups/{group['id']}", body)


def rejected(text: Callable[[], str]) -> Callable[[Site], Send]:
    """Return the preparation of a POST that fails and whose event contains a large text."""

    def prepare(site: Site) -> Send:
        body = user_body(0, nonsense=text(), title=5)
        return lambda: site.client.post("/Users", body)

    return prepare


for _unit in ("%", "\\", "tokens", "password=", "Bearer ", '{"', "eyJ.", "a" * 31 + " "):
    scenario(f"rejected POST: 1 MB of {_unit[:9]!r}")(
        rejected(lambda unit=_unit: (unit * 1_000_000)[:1_000_000])  # type: ignore[misc]
    )


def nested(levels: int, width: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"password": value, "other": ["y"] * width}
    return value


@scenario("rejected POST: JSON nested 28 deep, 10 MB")
def nested_body(site: Site) -> Send:
    body = user_body(0, nonsense=nested(27, 35_000), title=5)
    return lambda: site.client.post("/Users", body)


@scenario("rejected POST: list of 50,000 objects")
def wide_body(site: Site) -> Send:
    body = user_body(0, emails=[{"value": f"{n}@x.example", "nonsense": n} for n in range(50_000)])
    return lambda: site.client.post("/Users", body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="measure only what has this in its name")
    parser.add_argument("--markdown", action="store_true", help="print a table for the docs")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    from django.conf import settings

    # The hasher of a real site, instead of the fast one of the tests.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        path = tempfile.mktemp(suffix=".sqlite3")  # noqa: S306
        database["NAME"], database["TEST"] = path, {"NAME": path}
        database["OPTIONS"] = {"timeout": 60}
    django.setup()
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    line = "| {} | {} | {} | {} | {} |" if options.markdown else "{:54}{:>8}{:>10}{:>8}{:>12}"
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{connection.vendor}, {os.cpu_count()} cores, load average at the start: {load}\n")
    print(line.format("request", "status", "seconds", "CPU", "statements"))
    if options.markdown:
        print("| --- | ---: | ---: | ---: | ---: |")
    try:
        for row in measured(options.only):
            print(line.format(*row), flush=True)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measured(only: str) -> Iterator[tuple[str, int, str, str, int]]:
    """Yield the name, status, seconds, CPU seconds of this process, and statements."""
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for name, prepare in SCENARIOS:
        if only not in name:
            continue
        send = prepare()  # type: ignore[call-arg]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        with CaptureQueriesContext(connection) as captured:
            started, cpu = time.perf_counter(), time.process_time()
            answer = send()
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        seconds = getattr(send, "seconds", seconds)
        yield name, answer.status_code, f"{seconds:.2f}", f"{cpu:.2f}", len(captured)
        call_command("flush", verbosity=0, interactive=False)


if __name__ == "__main__":
    main()
