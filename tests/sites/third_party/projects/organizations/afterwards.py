from organizations.models import Organization

from django_scim.models import Connection

for connection in Connection.objects.all():
    organisation = Organization.objects.get(name=f"Customer with {connection.name}")
    assert connection.tenant == organisation
    names = set(organisation.users.values_list("username", flat=True))
    expected = {
        "entra": {"owner of entra", "ada.entra@example.com", "boss.entra@example.com"},
        "okta": {"owner of okta", "grace.okta@example.com"},
    }
    assert names == expected[connection.name], names
    assert organisation.owner.organization_user.user.username == f"owner of {connection.name}"
