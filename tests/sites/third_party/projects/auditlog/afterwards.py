from auditlog.models import LogEntry

rows = list(LogEntry.objects.all())
assert len(rows) >= 8, rows
for row in rows:
    assert row.actor is None, row
    comment = row.additional_data["comment"]
    assert comment in ("SCIM connection entra", "SCIM connection okta"), comment
