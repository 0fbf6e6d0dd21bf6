from shop.models import Account

accounts = list(Account.objects.order_by("email"))
assert len(accounts) == 3 and len({each.username for each in accounts}) == 3, accounts
assert all(each.username for each in accounts)
