from django.contrib.auth import get_user_model

from django_scim.adapters import UserAdapter
from django_scim.models import UserLink

anonymous = get_user_model().objects.get(username="AnonymousUser")
assert anonymous.is_active
assert UserLink.objects.filter(target=anonymous).exists(), "the scope site links every account"
reachable = UserLink.objects.filter(UserAdapter.unprotected(), target=anonymous)
assert not reachable.exists(), "the anonymous account is published"
