from oscar.apps.basket.models import Basket
from shop.models import Account

assert Account.objects.count() == 3, Account.objects.all()
assert not Basket.objects.exists(), "a request of a connection has made a basket"
