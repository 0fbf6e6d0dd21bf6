"""Adapters of a site that the self-test examines."""

from django.contrib.auth.models import User

from django_scim.adapters import UserAdapter
from django_scim.protocol.errors import InvalidValue


class Forgetful(UserAdapter):
    """Loses every first name."""

    def after_save(self, unit):
        User.objects.filter(pk=unit.target.pk).update(first_name="")


class Strict(UserAdapter):
    """Accepts only the names of one company."""

    def before_save(self, unit):
        if not unit.target.username.endswith("@acme.com"):
            raise InvalidValue("userName: only names of acme.com")
