"""Who gets in: tokens, networks, encryption, throttling, limits."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.utils import timezone

from django_scim import connections
from django_scim.models import Connection, Event, Token
from tests.client import USER, ScimClient, assert_error

# The header


@pytest.mark.parametrize(
    "header",
    ["", " ", "Bearer", "Bearer ", "Bearer  ", "Basic {}", "{}", "Bearer {} x",
     "Bearer {}, Bearer {}", "Bearer {},{}", "Token {}", "Bearer\t", "Bearer {}\x00", "bearer: {}",
     "Bearer \u00e9"],
)  # fmt: skip
def test_other_headers_are_refused(scim, header):
    text = header.replace("{}", scim.secret)
    answer = scim.get("/Users", token=False, authorization=text)
    assert_error(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_scheme_has_no_case(scim):
    # RFC 9110 section 11.1
    assert scim.get("/Users", authorization=f"bEARER {scim.secret}").status_code == 200


def test_a_token_in_the_address_is_none(scim):
    answer = scim.get(f"/Users?access_token={scim.secret}", token=False)
    assert_error(answer, 401)


@pytest.mark.parametrize("change", ["prefix", "longer", "shorter", "case", "digest"])
def test_almost_the_token(scim, change):
    token = Token.objects.get()
    secret = {
        "prefix": token.prefix,
        "longer": scim.secret + "x",
        "shorter": scim.secret[:-1],
        "case": scim.secret.swapcase(),
        "digest": token.digest,
    }[change]
    assert_error(scim.get("/Users", authorization=f"Bearer {secret}"), 401)


# The token's life


def test_an_expired_token(scim):
    Token.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert_error(scim.get("/Users"), 401)


def test_a_revoked_token(scim):
    Token.objects.get().revoke()
    assert_error(scim.get("/Users"), 401)


def test_a_paused_connection(scim):
    connections.pause(scim.connection)
    assert_error(scim.get("/Users"), 401)
    connections.resume(scim.connection)
    assert scim.get("/Users").status_code == 200


def test_a_closed_connection(scim):
    user = scim.make_user()
    connections.close(scim.connection)
    assert_error(scim.get("/Users"), 401)
    connections.resume(scim.connection)
    assert_error(scim.get("/Users"), 401)  # its tokens are gone for good
    fresh = ScimClient(scim.connection)
    assert fresh.get(f"/Users/{user['id']}").status_code == 200


def test_a_deleted_connection(scim):
    scim.connection.delete()
    assert_error(scim.get("/Users"), 401)


def gone(how, tenant):
    if how == "deleted":
        tenant.delete()
    elif how == "without its type":
        ContentType.objects.get_for_model(tenant).delete()
    else:  # the app that had the model is no longer installed
        stale = ContentType.objects.create(app_label="former", model="customer")
        Connection.objects.update(tenant_type=stale)


@pytest.mark.parametrize("how", ["deleted", "without its type", "without its model"])
def test_a_connection_whose_tenant_is_gone(connect, how):
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


def test_a_rotated_token(scim):
    old = Token.objects.get()
    issued = connections.rotate(old, overlap=timedelta(hours=1))
    new = ScimClient(scim.connection, issued.secret)
    assert old.replaced_by == issued.token and issued.token.scopes == old.scopes
    assert scim.get("/Users").status_code == new.get("/Users").status_code == 200
    Token.objects.filter(pk=old.pk).update(expires=timezone.now())
    assert_error(scim.get("/Users"), 401)  # the overlap ends by itself
    assert new.get("/Users").status_code == 200


def test_the_overlap_never_prolongs_a_token(scim):
    soon = timezone.now() + timedelta(hours=1)
    Token.objects.update(expires=soon)
    old = Token.objects.get()
    connections.rotate(old, overlap=timedelta(days=7))
    assert old.expires == soon


@pytest.mark.parametrize("state", ["revoked", "expired", "rotated"])
def test_what_is_not_usable_is_not_rotated(scim, state):
    token = Token.objects.get()
    if state == "rotated":
        connections.rotate(token)
    else:
        Token.objects.update(**{"revoked" if state == "revoked" else "expires": timezone.now()})
    with pytest.raises(ValueError, match="usable"):
        connections.rotate(token)


def test_only_digests_are_stored(scim):
    token = Token.objects.get()
    assert scim.secret not in repr(vars(token)) + str(token)
    assert len(scim.secret) >= 40


def test_a_wrong_token_costs_the_same_whatever_is_wrong(scim, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def statements(secret):
        with CaptureQueriesContext(connection) as captured:
            assert_error(scim.get("/Users", authorization=f"Bearer {secret}"), 401)
        return [query["sql"] for query in captured if "django_scim_token" in query["sql"]]

    Token.objects.update(expires=timezone.now())
    for secret in ("x", "scim_" + "x" * 43, "x" * 5000, scim.secret):
        assert len(statements(secret)) == 1


# Scopes


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/Users", "users:read"),
        ("GET", "/Users/x", "users:read"),
        ("POST", "/Users/.search", "users:read"),
        ("POST", "/Users", "users:write"),
        ("PUT", "/Users/x", "users:write"),
        ("PATCH", "/Users/x", "users:write"),
        ("DELETE", "/Users/x", "users:write"),
        ("GET", "/Groups", "groups:read"),
        ("POST", "/Groups", "groups:write"),
        ("PATCH", "/Groups/x", "groups:write"),
        ("DELETE", "/Groups/x", "groups:write"),
    ],
)
def test_each_method_and_type_has_its_scope(connect, method, path, scope):
    every = ["users:read", "users:write", "groups:read", "groups:write"]
    lacking = connect(scopes=[each for each in every if each != scope])
    answer = lacking.request(method, path, {"schemas": [USER]})
    assert_error(answer, 403, None, scope)
    holding = connect(scopes=[scope])
    assert holding.request(method, path, {"schemas": [USER]}).status_code != 403


def test_a_query_of_everything_needs_every_scope(connect):
    scim = connect(scopes=["users:read"])
    assert_error(scim.get("/"), 403, None, "groups:read")
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    assert_error(scim.post("/.search", body), 403, None, "groups:read")


def test_a_scope_that_does_not_exist(scim):
    with pytest.raises(ValueError, match="unknown scopes"):
        connections.issue_token(scim.connection, scopes=["admin"])


# Where it comes from


@pytest.fixture
def office(connect):
    return connect(networks="203.0.113.0/24\n2001:db8::/32 198.51.100.7")


def come_from(scim, address, **headers):
    scim.http.defaults["REMOTE_ADDR"] = address
    scim.secure = True
    return scim.get("/Users", **headers)


@pytest.mark.parametrize(
    "address", ["203.0.113.9", "198.51.100.7", "2001:db8::1", "::ffff:203.0.113.9"]
)
def test_a_network_that_is_admitted(office, address):
    assert come_from(office, address).status_code == 200


@pytest.mark.parametrize("address", ["203.0.114.9", "198.51.100.8", "2001:db9::1", "", "x"])
def test_any_other_is_refused(office, address):
    answer = come_from(office, address)
    assert_error(answer, 403, None, "address")
    assert not Token.objects.get().last_used


def test_the_address_that_a_client_claims_counts_for_nothing(office):
    answer = come_from(office, "192.0.2.1", x_forwarded_for="203.0.113.9")
    assert_error(answer, 403)


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("203.0.113.9", 200),
        ("192.0.2.1", 403),
        ("192.0.2.1, 203.0.113.9", 200),
        ("203.0.113.9, 192.0.2.1", 403),  # the first is what the client wrote itself
        ("203.0.113.9, 192.0.2.1, 10.0.0.7", 403),
        ("192.0.2.1, 203.0.113.9, 10.0.0.7", 200),
        ("203.0.113.9:51234", 200),
        ("[2001:db8::1]:51234", 200),
        ("unknown", 403),
        ("", 403),
    ],
)
def test_behind_the_sites_own_proxies(office, settings, forwarded, status):
    settings.DJANGO_SCIM = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}
    assert come_from(office, "10.0.0.1", x_forwarded_for=forwarded).status_code == status


def test_the_event_shows_the_clients_own_address(scim, settings):
    settings.DJANGO_SCIM = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}
    scim.http.defaults["REMOTE_ADDR"] = "10.0.0.1"
    scim.secure = True
    scim.post("/Users", {"schemas": [USER], "userName": "b"}, x_forwarded_for="203.0.113.9")
    assert Event.objects.get().address == "203.0.113.9"


def test_networks_are_checked_when_they_are_written(db):
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        connections.create("Wrong", networks="203.0.113.0/33")


# Encryption


def plain(scim, address="203.0.113.9", **headers):
    scim.http.defaults["REMOTE_ADDR"] = address
    return scim.get("/Users", **headers)


def test_plain_http_is_refused(scim):
    answer = plain(scim)
    assert_error(answer, 403, None, "SECURE_PROXY_SSL_HEADER", "ALLOW_HTTP", "https")
    assert_error(scim.get("/ServiceProviderConfig", token=False), 403)
    assert not Token.objects.get().last_used


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_read_by_nobody(scim, address):
    assert plain(scim, address).status_code == 200


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded"])
def test_a_proxy_on_the_same_machine_is_not_loopback(scim, header):
    assert_error(plain(scim, "127.0.0.1", **{header: "203.0.113.9"}), 403)


def test_behind_a_proxy_that_ends_tls(scim, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert plain(scim, x_forwarded_proto="https").status_code == 200
    assert_error(plain(scim, x_forwarded_proto="http"), 403)


def test_a_site_may_permit_it(scim, settings):
    settings.DJANGO_SCIM = {"ALLOW_HTTP": True}
    assert plain(scim).status_code == 200


def test_while_debugging_it_is_served(scim, settings):
    settings.DEBUG = True
    assert plain(scim).status_code == 200


# Throttling


@pytest.fixture
def throttled(settings, connect):
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 3}
    cache.clear()
    yield connect
    cache.clear()


def test_it_is_off_by_default(scim):
    assert {scim.get("/Users").status_code for _ in range(130)} == {200}


def test_too_many_requests(throttled):
    scim = throttled()
    assert [scim.get("/Users").status_code for _ in range(3)] == [200] * 3
    answer = scim.get("/Users")
    assert_error(answer, 429, None, "too many")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
    assert throttled().get("/Users").status_code == 200  # each connection has its own


def test_it_lets_in_again(throttled, monkeypatch):
    from django_scim.api import throttling

    scim = throttled()
    now = 1_000_000.0
    monkeypatch.setattr(throttling.time, "time", lambda: now)
    for _ in range(4):
        scim.get("/Users")
    assert_error(scim.get("/Users"), 429)
    now += 1.01
    assert scim.get("/Users").status_code == 200
    assert_error(scim.get("/Users"), 429)
    now += 3600
    assert [scim.get("/Users").status_code for _ in range(4)] == [200, 200, 200, 429]


# Limits


@pytest.mark.parametrize(
    ("limits", "body", "status", "scim_type", "words"),
    [
        ({"MAX_BODY_SIZE": 50}, {"userName": "x" * 60}, 413, None, "50 bytes"),
        ({"MAX_JSON_DEPTH": 3}, {"a": [[[[1]]]]}, 400, "invalidSyntax", "deeper than 3"),
        ({"MAX_VALUES": 2}, {"emails": [{}] * 3}, 413, None, "emails: has more than 2"),
    ],
)
def test_a_body_has_limits(scim, settings, limits, body, status, scim_type, words):
    settings.DJANGO_SCIM = limits
    answer = scim.post("/Users", {"schemas": [USER], "userName": "b", **body})
    assert_error(answer, status, scim_type, words)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"userName": "a", "userName": "b"}',
        b'{"name": {"givenName": "a", "givenName": "b"}}',
        b'{"userName": NaN}',
        b'{"userName": Infinity}',
        b'{"userName": -Infinity}',
        b'{"userName": "\\ud800"}',
        b'{"\\udc00": "x"}',
        b'\xef\xbb\xbf{"userName": "a"}',
        b'{"userName": "\xff"}',
        b'{"userName": "\xed\xa0\x80"}',
        b'{"userName": "a"} x',
        b'{"userName": "a",}',
        b"{'userName': 'a'}",
        b'{"userName": "a\nb"}',
        b"",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 10_000,
    ],
)
def test_a_body_that_is_no_plain_json(scim, raw):
    assert_error(scim.request("POST", "/Users", raw=raw), 400, "invalidSyntax")
    assert Event.objects.latest("pk").status == 400


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP"])
def test_a_compressed_body_is_not_unpacked(scim, encoding):
    import gzip

    bomb = gzip.compress(b" " * 10_000_000)
    answer = scim.request("POST", "/Users", raw=bomb, content_encoding=encoding)
    assert_error(answer, 415, None, "Content-Encoding")
