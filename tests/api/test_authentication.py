"""Bearer tokens: the Authorization header and the life of a token."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone, translation
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from django_scim import connections
from django_scim.api.authentication import BearerAuthentication, find_token
from django_scim.models import Connection, Token
from tests.client import USER, ScimClient, assert_error

# The Authorization header


@pytest.mark.parametrize(
    "header",
    ["", " ", "Bearer", "Bearer ", "Bearer  ", "Basic {}", "{}", "Bearer {} x",
     "Bearer {}, Bearer {}", "Bearer {},{}", "Token {}", "Bearer\t", "Bearer {}\x00", "bearer: {}",
     "Bearer \u00e9"],
)  # fmt: skip
def test_rejects_other_authorization_headers(scim, header):
    text = header.replace("{}", scim.secret)
    answer = scim.get("/Users", token=False, authorization=text)
    assert_error(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_scheme_is_case_insensitive(scim):
    # RFC 9110 section 11.1
    assert scim.get("/Users", authorization=f"bEARER {scim.secret}").status_code == 200


def test_token_in_the_url_is_ignored(scim):
    answer = scim.get(f"/Users?access_token={scim.secret}", token=False)
    assert_error(answer, 401)


@pytest.mark.parametrize("change", ["prefix", "longer", "shorter", "case", "digest"])
def test_similar_secret_is_rejected(scim, change):
    token = Token.objects.get()
    secret = {
        "prefix": token.prefix,
        "longer": scim.secret + "x",
        "shorter": scim.secret[:-1],
        "case": scim.secret.swapcase(),
        "digest": token.digest,
    }[change]
    assert_error(scim.get("/Users", authorization=f"Bearer {secret}"), 401)


# Expiry, revocation and rotation


def test_expired_token_is_rejected(scim):
    Token.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert_error(scim.get("/Users"), 401)


def test_revoked_token_is_rejected(scim):
    Token.objects.get().revoke()
    assert_error(scim.get("/Users"), 401)


def test_token_of_a_paused_connection_is_rejected(scim):
    connections.pause(scim.connection)
    assert_error(scim.get("/Users"), 401)
    connections.resume(scim.connection)
    assert scim.get("/Users").status_code == 200


def test_token_of_a_closed_connection_is_rejected(scim):
    user = scim.make_user()
    connections.close(scim.connection)
    assert_error(scim.get("/Users"), 401)
    connections.resume(scim.connection)
    assert_error(scim.get("/Users"), 401)  # reopening does not restore its tokens
    fresh = ScimClient(scim.connection)
    assert fresh.get(f"/Users/{user['id']}").status_code == 200


def test_token_of_a_deleted_connection_is_rejected(scim):
    scim.connection.delete()
    assert_error(scim.get("/Users"), 401)


def gone(how, tenant):
    if how == "deleted":
        tenant.delete()
    elif how == "without its type":
        ContentType.objects.get_for_model(tenant).delete()
    else:  # the app of the model is no longer installed
        stale = ContentType.objects.create(app_label="former", model="customer")
        Connection.objects.update(tenant_type=stale)


@pytest.mark.parametrize("how", ["deleted", "without its type", "without its model"])
def test_connection_of_a_deleted_tenant_is_rejected(connect, how):
    tenant = Group.objects.create(name="Contoso")
    scim = connect(tenant=tenant)
    user = scim.make_user()
    gone(how, tenant)
    ContentType.objects.clear_cache()
    body = {"schemas": [USER], "userName": "new"}
    for answer in (
        scim.get("/Users"),
        scim.post("/Users", body),
        scim.delete(f"/Users/{user['id']}"),
    ):
        assert_error(answer, 403, None, "the connection's tenant no longer exists")
    assert User.objects.get().is_active
    assert scim.connection.django_scim_userlinks.get().target is not None


def test_rotated_token_works_until_the_overlap_ends(scim):
    old = Token.objects.get()
    issued = connections.rotate(old, overlap=timedelta(hours=1))
    new = ScimClient(scim.connection, issued.secret)
    assert old.replaced_by == issued.token and issued.token.scopes == old.scopes
    assert scim.get("/Users").status_code == new.get("/Users").status_code == 200
    Token.objects.filter(pk=old.pk).update(expires=timezone.now())
    assert_error(scim.get("/Users"), 401)  # the overlap ends
    assert new.get("/Users").status_code == 200


def test_overlap_does_not_extend_a_token(scim):
    soon = timezone.now() + timedelta(hours=1)
    Token.objects.update(expires=soon)
    old = Token.objects.get()
    connections.rotate(old, overlap=timedelta(days=7))
    assert old.expires == soon


@pytest.mark.parametrize("state", ["revoked", "expired", "rotated"])
def test_unusable_token_cannot_be_rotated(scim, state):
    token = Token.objects.get()
    if state == "rotated":
        connections.rotate(token)
    else:
        Token.objects.update(**{"revoked" if state == "revoked" else "expires": timezone.now()})
    with translation.override("en"), pytest.raises(ValueError, match="usable"):
        connections.rotate(token)


def test_only_digests_are_stored(scim):
    token = Token.objects.get()
    assert scim.secret not in repr(vars(token)) + str(token)
    assert len(scim.secret) >= 40


def test_every_wrong_token_costs_the_same(scim, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def statements(secret):
        with CaptureQueriesContext(connection) as captured:
            assert_error(scim.get("/Users", authorization=f"Bearer {secret}"), 401)
        return [query["sql"] for query in captured if "django_scim_token" in query["sql"]]

    Token.objects.update(expires=timezone.now())
    for secret in ("x", "scim_" + "x" * 43, "x" * 5000, scim.secret):
        assert len(statements(secret)) == 1


# The caller


def test_caller_is_the_connection_and_has_no_permissions(scim):
    """Middleware and permission classes of the site get this caller as ``request.user``."""
    headers = {"Authorization": f"Bearer {scim.secret}"}
    request = Request(APIRequestFactory().get("/", headers=headers))
    caller, token = BearerAuthentication().authenticate(request)
    assert token == Token.objects.get() and caller.connection == scim.connection
    assert caller.is_authenticated is True and caller.is_anonymous is False
    assert caller.is_active is True
    assert caller.is_staff is False and caller.is_superuser is False
    assert caller.pk is None and caller.id is None
    assert caller.username == caller.get_username() == ""
    assert caller.has_perm("auth.add_user") is False
    assert caller.has_perm("auth.change_user", User()) is False
    assert caller.has_module_perms("auth") is False
    assert str(caller) == f"SCIM connection {scim.connection}"


def test_refusal_names_the_realm(scim):
    answer = scim.get("/Users", token=False)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="SCIM"'
    assert_error(answer, 401, None, "send a bearer token in the Authorization header")
    for text in (f"Basic {scim.secret}", "Bearer", "Bearer a b", "Bearer a,b"):
        malformed = scim.get("/Users", authorization=text)
        assert_error(malformed, 401, None, 'the Authorization header must be "Bearer <token>"')


def test_blanks_around_the_secret_are_ignored(scim):
    assert scim.get("/Users", authorization=f"Bearer   {scim.secret} ").status_code == 200


def test_first_finder_that_knows_the_token_decides(connect, settings, monkeypatch):
    """The site's other finders are asked in their order, and only about unknown tokens."""
    one, other = connect(), connect()
    monkeypatch.setitem(FOUND, one.secret, other.secret)
    settings.DJANGO_SCIM = {
        "TOKEN_FINDERS": ["django_scim.api.authentication.find_token", f"{__name__}.find_other"]
    }
    user = one.make_user()
    assert one.get(f"/Users/{user['id']}").status_code == 200
    site = ScimClient(one.connection, "of-the-site")
    assert_error(site.get("/Users"), 401)
    monkeypatch.setitem(FOUND, "of-the-site", one.secret)
    assert site.get(f"/Users/{user['id']}").status_code == 200


#: Secrets of tokens that the site issues, mapped to the secrets of tokens in this package.
FOUND = {}


def find_other(secret):
    return find_token(FOUND[secret]) if secret in FOUND else None
