from django.contrib.auth.models import User
from django_tenants.utils import schema_context

from django_scim.models import Connection, Event

for name in ("north", "south"):
    with schema_context(name):
        assert User.objects.count() == 3, User.objects.all()
        assert Connection.objects.count() == 2
        assert Event.objects.filter(action="create").count() == 5, Event.objects.all()
assert [each.username for each in User.objects.all()] == ["operator"]
assert not Connection.objects.exists()
