from reversion.models import Revision

rows = list(Revision.objects.all())
assert len(rows) >= 8, rows
for row in rows:
    assert row.user is None, row
    assert row.comment in ("SCIM connection entra", "SCIM connection okta"), row.comment
