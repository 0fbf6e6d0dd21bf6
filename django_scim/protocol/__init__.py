"""SCIM 2.0 itself (RFC 7643, RFC 7644): pure functions and frozen values, no Django, no I/O."""
