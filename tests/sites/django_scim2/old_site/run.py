"""Run an identity provider's requests against the real django-scim2, in its own environment.

``run.py DATABASE`` fills a new SQLite file. It prints the ids that the identity provider got.
"""

import json
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import include, path

settings.configure(
    SECRET_KEY="old",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django_scim",
        "people",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTH_USER_MODEL="people.User",
    SCIM_SERVICE_PROVIDER={
        "NETLOC": "localhost",
        "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "OAuth"}],
        "GROUP_MODEL": "people.models.Team",
        "GET_IS_AUTHENTICATED_PREDICATE": "people.anyone",
    },
)
django.setup()
call_command("migrate", verbosity=0)
urlpatterns = [path("scim/v2/", include("django_scim.urls", namespace="scim"))]
client = Client(headers={"host": "localhost"})


def create(endpoint, **body):
    answer = client.post(f"/scim/v2/{endpoint}", json.dumps(body), "application/scim+json")
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def user(name, external_id):
    emails = [{"value": f"{name}@example.com", "primary": True}]
    name_parts = {"givenName": name.title(), "familyName": "Rossi"}
    return create(
        "Users", userName=name, externalId=external_id, emails=emails, name=name_parts, active=True
    )


ids = {"maria": user("maria", "00u1"), "ben": user("ben", "00u2"), "boss": user("boss", "00u3")}
team = create("Groups", displayName="Sales")
members = [{"value": ids["maria"]}, {"value": ids["ben"]}]
operations = [{"op": "add", "path": "members", "value": members}]
body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
answer = client.patch(
    f"/scim/v2/Groups/{team}", json.dumps(body), content_type="application/scim+json"
)
assert answer.status_code == 200, answer.content

from people.models import User  # noqa: E402 - needs the settings

User.objects.filter(username="boss").update(is_staff=True)
User.objects.create_user("local")  # not by SCIM; django-scim2 gives it an id all the same
print(json.dumps(ids | {"team": team}))
