"""An attribute that is accepted and discarded."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Ignored, UserAdapter
from django_scim.checks import check_adapters


class SingleSignOn(UserAdapter):
    attributes = UserAdapter.attributes | {"password": Ignored()}


class Returned(UserAdapter):
    attributes = UserAdapter.attributes | {"title": Ignored()}


class NeverReturned(UserAdapter):
    attributes = UserAdapter.attributes | {"title": Ignored().having(returned="never")}


@pytest.fixture
def serve(settings):
    def serve(name):
        settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{name}"}}

    return serve


def test_password_is_accepted_and_discarded(serve, scim):
    serve("SingleSignOn")
    user = scim.make_user("ada", password="correct horse battery staple")
    assert "password" not in user
    assert not User.objects.get(username="ada").has_usable_password()
    operation = {"op": "replace", "path": "password", "value": "x"}
    response = scim.patch(f"/Users/{user['id']}", operation)
    assert response.status_code == 200
    assert not User.objects.get(username="ada").has_usable_password()


def test_attribute_must_not_be_returned(serve):
    serve("Returned")
    (message,) = check_adapters()
    assert message.id == "django_scim.E007" and "title" in message.msg
    serve("NeverReturned")
    assert check_adapters() == []
