"""Until an admin confirms an adopted account, no attribute changes how people sign in to it."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Custom, Field, UserAdapter
from django_scim.models import UserLink
from tests.client import USER, assert_error


class WriteOnly(Custom):
    """Write the e-mail address without showing it."""

    select = {"text": "first_name"}
    writes = ("email",)

    def read(self, text):
        return None

    def write(self, value):
        return {"email": value or ""}


def with_nickname(mapping):
    others = {p: m for p, m in UserAdapter.attributes.items() if p not in ("emails", "nickName")}
    return type("Aliased", (UserAdapter,), {"attributes": others | {"nickName": mapping}})


ByField = with_nickname(Field("email"))
ByCustom = with_nickname(WriteOnly())


@pytest.fixture(params=["ByField", "ByCustom"])
def scim(request, connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{request.param}"}}
    return connect("strict", adoption="username")


@pytest.fixture
def amy(db):
    return User.objects.create_user("amy", "amy@example.com", "secret")


BODY = {"schemas": [USER], "userName": "amy"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "nickName", "value": "thief@x.example"},
        {"op": "add", "value": {"nickName": "thief@x.example"}},
    ],
)
def test_locked_for_every_mapping(scim, amy, operation):
    path = f"/Users/{scim.make('/Users', BODY)['id']}"
    assert_error(scim.patch(path, operation), 400, "mutability", "nickName: is locked")
    put = scim.put(path, BODY | {"nickName": "thief@x.example"})
    assert_error(put, 400, "mutability", "nickName: is locked")
    amy.refresh_from_db()
    assert amy.email == "amy@example.com"
    UserLink.objects.update(unconfirmed=False)
    assert scim.patch(path, operation).status_code == 200
    amy.refresh_from_db()
    assert amy.email == "thief@x.example"


def test_adopting_request_keeps_the_columns(scim, amy):
    scim.make("/Users", BODY | {"nickName": "thief@x.example", "title": "Guide"})
    amy.refresh_from_db()
    assert amy.email == "amy@example.com" and amy.scim_profile.title == "Guide"


def test_adopted_leaver_can_be_deactivated(scim, amy):
    path = f"/Users/{scim.make('/Users', BODY)['id']}"
    inactive = {"op": "replace", "path": "active", "value": False}
    assert scim.patch(path, inactive).status_code == 200
    amy.refresh_from_db()
    assert not amy.is_active
