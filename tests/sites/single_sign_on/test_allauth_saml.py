"""Single sign-on by SAML with allauth."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_scim.models import SingleSignOn

from . import saml

ORGANIZATION = "acme"
SITE = f"http://testserver/accounts/saml/{ORGANIZATION}"


@pytest.fixture
def sign_in(settings, db):
    """Return a function that signs a subject in, and returns the user name or the last page."""
    app = {
        "provider_id": saml.ISSUER,
        "name": "Acme",
        "client_id": ORGANIZATION,
        "settings": {
            "idp": {
                "entity_id": saml.ISSUER,
                "sso_url": saml.SIGN_ON_URL,
                "x509cert": saml.keys()[1],
            },
            "advanced": {"allow_single_label_domains": True},
        },
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"saml": {"APPS": [app]}}

    def sign_in(subject, employee=""):
        site = Client(headers={"host": "testserver"})
        start = site.post(f"/accounts/saml/{ORGANIZATION}/login/")
        assert start.status_code == 302, start.content
        body = saml.respond(
            start["Location"], subject, f"{SITE}/acs/", f"{SITE}/metadata/", employee
        )
        page = site.post(f"/accounts/saml/{ORGANIZATION}/acs/", body, follow=True)
        user = page.wsgi_request.user
        return user.get_username() if user.is_authenticated else page.content.decode()

    return sign_in


@pytest.mark.parametrize("claim", ["", "employee"])
def test_first_sign_in_uses_the_provisioned_account(scim, sign_in, claim):
    SingleSignOn.objects.create(
        connection=scim.connection, provider=saml.ISSUER, external_id_claim=claim
    )
    scim.make_user("maria", externalId="7")
    assert sign_in("name id", "7") == "maria" if claim else sign_in("7") == "maria"
    assert User.objects.count() == 1


def test_unknown_subject_is_rejected(scim, sign_in):
    SingleSignOn.objects.create(connection=scim.connection, provider=saml.ISSUER)
    scim.make_user("maria", externalId="7")
    assert "Sign Up Closed" in sign_in("maria", "7")


def test_deactivated_person_cannot_sign_in(scim, sign_in):
    SingleSignOn.objects.create(connection=scim.connection, provider=saml.ISSUER)
    scim.make_user("maria", externalId="7", active=False)
    assert "inactive" in sign_in("7").lower()
