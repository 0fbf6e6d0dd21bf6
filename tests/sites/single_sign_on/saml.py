"""A SAML identity provider: its keys and settings, and the responses that it signs."""

import base64
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.utils import OneLogin_Saml2_Utils

ISSUER, SIGN_ON_URL = "https://idp.example.com/metadata", "https://idp.example.com/sso"
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{response}" Version="2.0"
 IssueInstant="{now}" Destination="{consumer}" InResponseTo="{request}">
<saml:Issuer>{issuer}</saml:Issuer>
<samlp:Status>
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="_{assertion}" Version="2.0" IssueInstant="{now}">
<saml:Issuer>{issuer}</saml:Issuer>
<saml:Subject><saml:NameID>{subject}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData InResponseTo="{request}" NotOnOrAfter="{end}"
 Recipient="{consumer}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="1"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="employee">
<saml:AttributeValue>{employee}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>
</saml:Assertion></samlp:Response>"""


@cache
def keys():
    """Return the private key and the certificate of the identity provider, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(pem, form, serialization.NoEncryption())
    return private.decode(), certificate.decode()


def settings_for(consumer, audience):
    """Return the settings of python3-saml for a site, by its URL and its entity id."""
    return {
        "strict": True,
        "security": {"allowSingleLabelDomains": True},
        "sp": {"entityId": audience, "assertionConsumerService": {"url": consumer}},
        "idp": {
            "entityId": ISSUER,
            "singleSignOnService": {"url": SIGN_ON_URL},
            "x509cert": keys()[1],
        },
    }


def respond(location, subject, consumer, audience, employee=""):
    """Return the form that the identity provider posts after a redirect to ``location``."""
    assert location.startswith(SIGN_ON_URL)
    sent = parse_qs(urlsplit(location).query)["SAMLRequest"][0]
    request = ElementTree.fromstring(zlib.decompress(base64.b64decode(sent), -15))
    now = datetime.now(UTC)
    form = "%Y-%m-%dT%H:%M:%SZ"
    response = RESPONSE.format(
        response=uuid4().hex,
        assertion=uuid4().hex,
        request=request.get("ID"),
        consumer=consumer,
        audience=audience,
        issuer=ISSUER,
        subject=subject,
        employee=employee,
        now=now.strftime(form),
        start=(now - timedelta(minutes=5)).strftime(form),
        end=(now + timedelta(minutes=5)).strftime(form),
    )
    signed = OneLogin_Saml2_Utils.add_sign(response, *keys())
    return {"SAMLResponse": base64.b64encode(signed).decode(), "RelayState": ""}
