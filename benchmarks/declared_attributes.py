"""Measure how the cost of a request grows with declared attributes that it does not use.

Run it in an environment with the package's ``test`` extra:

    python benchmarks/declared_attributes.py [--rounds 20]

For each number of attributes there is a separate site with a separate table. Each attribute is a
column of the table and has a value. All sites run in one process on SQLite in memory, in turns.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import django
from django.conf import settings

DECLARED = (0, 50, 200, 800)
URN = "urn:example:scim:schemas:wide:2.0:User"
USERS = 300
REPEATS = 10


def configure() -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent))
    settings.configure(
        SECRET_KEY="benchmark",
        USE_TZ=True,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="django_scim.urls",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "rest_framework",
            "django_filters",
            "django_scim",
            "benchmarks",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    )
    django.setup()


def make_site(count: int):
    """Create a table with ``count`` columns; return its model and the path of its adapter."""
    from django.db import connection, models

    from django_scim.adapters import Field, UserAdapter
    from django_scim.protocol.attributes import Attribute, Schema

    names = [f"a{number}" for number in range(count)]
    meta = type("Meta", (), {"app_label": "benchmarks"})
    columns = {name: models.CharField(max_length=20, default="value") for name in names}
    owner = models.OneToOneField("auth.User", models.CASCADE, related_name=f"wide{count}")
    members = {"__module__": __name__, "Meta": meta, "user": owner, **columns}
    model = type(f"Wide{count}", (models.Model,), members)
    with connection.schema_editor() as editor:
        editor.create_model(model)
    wide = Schema(URN, "Wide", attributes=tuple(Attribute(name=name) for name in names))
    declared = {f"{URN}:{name}": Field(f"wide{count}.{name}") for name in names}
    adapter = type(f"Wide{count}Adapter", (UserAdapter,), {
        "extensions": [*UserAdapter.extensions, wide],
        "attributes": UserAdapter.attributes | declared})  # fmt: skip
    globals()[adapter.__name__] = adapter
    return model, f"{__name__}.{adapter.__name__}"


def requests(client, ids):
    """Return the requests to measure, by name. None of them uses a declared attribute."""
    from django_scim.protocol.messages.patch import PATCH_URN

    auth = {"HTTP_AUTHORIZATION": f"Bearer {client.secret}"}
    kind = "application/scim+json"

    def get(path):
        return lambda turn: client.http.get(path.format(ids[turn % USERS], turn % USERS), **auth)

    def patch(query):
        def send(turn):
            operation = {"op": "replace", "path": "title", "value": f"title {turn} {query}"}
            body = json.dumps({"schemas": [PATCH_URN], "Operations": [operation]})
            path = f"/v2/Users/{ids[turn % USERS]}{query}"
            return client.http.generic("PATCH", path, body, content_type=kind, **auth)

        return send

    return {
        "GET one, attributes=userName": get("/v2/Users/{}?attributes=userName"),
        "find by userName": get('/v2/Users?filter=userName+eq+"user{1}"&attributes=userName'),
        "list 100, attributes=userName,emails": get("/v2/Users?attributes=userName,emails"),
        "PATCH title, attributes=title": patch("?attributes=title"),
        "PATCH title, the whole resource back": patch(""),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    configure()

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext, override_settings

    from django_scim import connections
    from django_scim.models import UserLink
    from django_scim.testing import ScimClient

    call_command("migrate", verbosity=0)
    client = ScimClient(connections.create("Benchmark"))
    ids = [client.make_user(f"user{number}")["id"] for number in range(USERS)]
    sites = {}
    for count in DECLARED:
        model, path = make_site(count)
        model.objects.bulk_create(model(user=user) for user in User.objects.all())
        sites[count] = override_settings(DJANGO_SCIM={"ADAPTERS": {"User": path}})
    assert UserLink.objects.count() == USERS

    print(f"{'median µs (SQL statements)':40}" + "".join(f"{n:>18}" for n in DECLARED))
    for name, send in requests(client, ids).items():
        times: dict[int, list[float]] = {count: [] for count in DECLARED}
        statements = {}
        for turn in range(rounds):
            for count, site in sites.items():
                with site:
                    with CaptureQueriesContext(connection) as captured:
                        answer = send(turn)  # the first request also compiles the declaration
                    assert answer.status_code == 200, answer.content
                    statements[count] = len(captured)
                    for repeat in range(REPEATS):
                        started = time.perf_counter()
                        send(turn + (count + 1) * (repeat + 1))
                        times[count].append(time.perf_counter() - started)
        base = statistics.median(times[0])
        cells = [
            f"{statistics.median(values) * 1e6:7.0f} {statistics.median(values) / base:4.2f}x"
            f" ({statements[count]})"
            for count, values in times.items()
        ]
        print(f"{name:40}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
