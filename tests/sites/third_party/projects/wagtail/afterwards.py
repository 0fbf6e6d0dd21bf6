from django.contrib.auth.models import Group
from shop.models import Account
from wagtail.models import ReferenceIndex
from wagtail.users.models import UserProfile

assert Account.objects.count() == 3, Account.objects.all()
assert not UserProfile.objects.exists()
for group in Group.objects.filter(name__in=["Editors", "Moderators"]):
    assert not group.user_set.exists(), group
    assert group.page_permissions.exists(), f"{group} has lost its permissions"
assert not ReferenceIndex.objects.filter(base_content_type__app_label="django_scim").exists()
