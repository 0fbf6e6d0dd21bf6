from shop.models import Account

assert Account.objects.count() == 3
assert not Account.objects.exclude(changed_by=None).exists()
