"""SCIM 2.0 (RFC 7643, RFC 7644) for Django: identity providers give and take away access."""

__version__ = "0.1.0"
