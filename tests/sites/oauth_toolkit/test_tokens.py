"""Access tokens that a connection gets from the token endpoint of django-oauth-toolkit."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from django_scim import connections
from django_scim.models import Event
from tests.client import USER, ScimClient, assert_error


def make_application(**changed):
    """Return an application and its secret."""
    options = {"client_type": "confidential", "authorization_grant_type": "client-credentials"}
    application = Application(name="Provider", **(options | changed))
    secret = application.client_secret
    application.save()
    return application, secret


def fetch(application, secret, scope=""):
    data = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    answer = Client().post(
        "/oauth/token/", data, headers={"authorization": basic(application.client_id, secret)}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()["access_token"]


def basic(name, secret):
    import base64

    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@pytest.fixture
def bound(db):
    """Return a function that creates a connection and returns a client with an access token."""

    def bound(scope="", name="Entra", **options):
        application, secret = make_application()
        made = connections.create(name, oauth_client_id=application.client_id, **options)
        return ScimClient(made, fetch(application, secret, scope))

    return bound


def test_token_gives_access_to_its_connection(bound):
    scim = bound()
    user = scim.make_user("bjensen")
    assert scim.get(f"/Users/{user['id']}").data == user
    scim.make_group("Guides", user)
    event = Event.objects.order_by("pk").first()
    assert event.connection == scim.connection
    assert event.token_prefix.startswith("oauth:")
    assert scim.secret not in repr([vars(each) for each in Event.objects.all()])


@pytest.mark.parametrize(
    ("scope", "method", "path", "missing"),
    [
        ("users:read", "POST", "/Users", "users:write"),
        ("users:read users:write", "GET", "/Groups", "groups:read"),
        ("groups:write", "GET", "/Users", "users:read"),
        ("invoices:read", "GET", "/Users", "users:read"),
    ],
)
def test_missing_scope(bound, scope, method, path, missing):
    scim = bound(scope)
    body = {"schemas": [USER], "userName": "x"}
    assert_error(scim.request(method, path, body), 403, None, missing)


def test_sufficient_scope(bound):
    assert bound("users:read").get("/Users").status_code == 200


@pytest.mark.parametrize("end", ["expired", "deleted", "application", "unbound", "paused"])
def test_ended_token(bound, end):
    scim = bound()
    assert scim.get("/Users").status_code == 200
    match end:
        case "expired":
            AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
        case "deleted":
            AccessToken.objects.all().delete()
        case "application":
            Application.objects.all().delete()
        case "unbound":
            scim.connection.oauth_client_id = None
            scim.connection.save()
        case "paused":
            connections.pause(scim.connection)
    assert_error(scim.get("/Users"), 401)


def test_application_without_a_connection(scim):
    token = fetch(*make_application())
    assert_error(scim.get("/Users", authorization=f"Bearer {token}"), 401)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_type": "public"},
        {"authorization_grant_type": "authorization-code"},
        {"authorization_grant_type": "password"},
    ],
)
def test_other_types_of_application(bound, changed):
    scim = bound()
    Application.objects.update(**changed)
    assert_error(scim.get("/Users"), 401)


def test_token_of_a_user(bound):
    """Users who sign in to another application of the site must not provision."""
    scim = bound()
    User.objects.create_superuser("root")
    AccessToken.objects.update(user=User.objects.get())
    assert_error(scim.get("/Users"), 401)


def test_connections_are_isolated(bound):
    one, other = bound(name="One"), bound(name="Other")
    user = one.make_user("theirs")
    assert_error(other.get(f"/Users/{user['id']}"), 404)
    assert other.get("/Users").data["totalResults"] == 0


def test_client_id_belongs_to_one_connection(bound):
    from django.core.exceptions import ValidationError

    scim = bound()
    with pytest.raises(ValidationError):
        connections.create("Second", oauth_client_id=scim.connection.oauth_client_id)
    connections.create("Third")
    connections.create("Fourth")  # several connections may have none


def test_disabled_unless_the_site_enables_it(bound, settings):
    scim = bound()
    settings.DJANGO_SCIM = {}
    assert_error(scim.get("/Users"), 401)


def test_tokens_of_the_connection_work_as_well(bound):
    scim = bound()
    assert ScimClient(scim.connection).get("/Users").status_code == 200


@pytest.mark.parametrize("secret", ["x", "x" * 5000, "scim_" + "x" * 43, "ü"])
def test_wrong_token_costs_the_same(bound, secret):
    scim = bound()
    with CaptureQueriesContext(connection) as captured:
        assert_error(scim.get("/Users", authorization=f"Bearer {secret}"), 401)
    assert sum("oauth2_provider_accesstoken" in each["sql"] for each in captured) <= 1


def test_checks_pass(db):
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", "django_scim", check=True, dry_run=True, verbosity=0)
