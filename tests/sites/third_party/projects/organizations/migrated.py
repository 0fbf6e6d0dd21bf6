from django.contrib.auth.models import User
from organizations.utils import create_organization

from django_scim import connections

for name in ("entra", "okta"):
    owner = User.objects.create_user(f"owner of {name}", f"{name}@example.com")
    organisation = create_organization(owner, f"Customer with {name}")
    connections.create(name, profile=name, tenant=organisation)
