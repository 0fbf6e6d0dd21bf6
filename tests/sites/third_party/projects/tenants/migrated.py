from django.contrib.auth.models import User
from shop.models import Customer, Domain

for name in ("public", "north", "south"):
    customer = Customer.objects.create(schema_name=name, name=name)
    Domain.objects.create(tenant=customer, domain=f"{name}.example.com", is_primary=True)
User.objects.create_user("operator", "operator@example.com")
