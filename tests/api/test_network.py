"""Client addresses and encryption."""

import pytest

from django_scim import connections
from django_scim.models import Event, Token
from tests.client import USER, assert_error

# Networks


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
def test_allowed_network(office, address):
    assert come_from(office, address).status_code == 200


@pytest.mark.parametrize("address", ["203.0.114.9", "198.51.100.8", "2001:db9::1", "", "x"])
def test_other_networks_are_rejected(office, address):
    answer = come_from(office, address)
    assert_error(answer, 403, None, "address")
    assert not Token.objects.get().last_used


def test_forwarded_address_of_the_client_is_ignored(office):
    answer = come_from(office, "192.0.2.1", x_forwarded_for="203.0.113.9")
    assert_error(answer, 403)


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("203.0.113.9", 200),
        ("192.0.2.1", 403),
        ("192.0.2.1, 203.0.113.9", 200),
        ("203.0.113.9, 192.0.2.1", 403),  # the client set the first address itself
        ("203.0.113.9, 192.0.2.1, 10.0.0.7", 403),
        ("192.0.2.1, 203.0.113.9, 10.0.0.7", 200),
        ("203.0.113.9:51234", 200),
        ("[2001:db8::1]:51234", 200),
        ("unknown", 403),
        ("", 403),
    ],
)
def test_forwarded_address_of_a_trusted_proxy(office, settings, forwarded, status):
    settings.DJANGO_SCIM = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}
    assert come_from(office, "10.0.0.1", x_forwarded_for=forwarded).status_code == status


def test_event_has_the_address_of_the_client(scim, settings):
    settings.DJANGO_SCIM = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}
    scim.http.defaults["REMOTE_ADDR"] = "10.0.0.1"
    scim.secure = True
    scim.post("/Users", {"schemas": [USER], "userName": "b"}, x_forwarded_for="203.0.113.9")
    assert Event.objects.get().address == "203.0.113.9"


def test_networks_are_validated(db):
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        connections.create("Wrong", networks="203.0.113.0/33")


# Encryption


def plain(scim, address="203.0.113.9", **headers):
    scim.http.defaults["REMOTE_ADDR"] = address
    return scim.get("/Users", **headers)


def test_plain_http_is_rejected(scim):
    answer = plain(scim)
    assert_error(answer, 403, None, "SECURE_PROXY_SSL_HEADER", "ALLOW_HTTP", "https")
    assert_error(scim.get("/ServiceProviderConfig", token=False), 403)
    assert not Token.objects.get().last_used


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_needs_no_encryption(scim, address):
    assert plain(scim, address).status_code == 200


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded"])
def test_local_proxy_is_not_loopback(scim, header):
    assert_error(plain(scim, "127.0.0.1", **{header: "203.0.113.9"}), 403)


def test_proxy_that_terminates_tls(scim, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert plain(scim, x_forwarded_proto="https").status_code == 200
    assert_error(plain(scim, x_forwarded_proto="http"), 403)


def test_site_may_allow_plain_http(scim, settings):
    settings.DJANGO_SCIM = {"ALLOW_HTTP": True}
    assert plain(scim).status_code == 200


def test_plain_http_is_allowed_in_debug_mode(scim, settings):
    settings.DEBUG = True
    assert plain(scim).status_code == 200
