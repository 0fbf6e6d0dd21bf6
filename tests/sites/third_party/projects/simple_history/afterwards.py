from shop.models import Account

rows = list(Account.history.all())
assert len(rows) >= 8, rows
for row in rows:
    assert row.history_user is None, row
    assert row.history_change_reason in ("SCIM connection entra", "SCIM connection okta"), row
