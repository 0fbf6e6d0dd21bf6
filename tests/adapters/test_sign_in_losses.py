"""Which changes of one account the guard counts as the loss of a sign-in name or of the account."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Custom, Field, UserAdapter
from django_scim.models import GuardCount
from tests.client import USER

INACTIVE = {"op": "replace", "path": "active", "value": False}
ACTIVE = {"op": "replace", "path": "active", "value": True}
NAMES = {GuardCount.SIGN_IN: 1}
WORK = {"value": "amy@work.example", "type": "work", "primary": True}
HOME = {"value": "amy@home.example", "type": "home"}
PERSON = {
    "title": "Guide",
    "emails": [WORK, HOME],
    "phoneNumbers": [{"value": "1", "type": "work"}],
}


class Leaves(Custom):
    """Close the account of a person whose nickname is "gone"."""

    select = {"text": "first_name"}
    writes = ("first_name", "is_active")

    def read(self, text):
        return text or None

    def write(self, value):
        return {"first_name": value or "", "is_active": value != "gone"}


class State(Custom):
    """Store whether an account is active in another column than ``is_active``."""

    select = {"text": "last_name"}
    writes = ("last_name",)

    def read(self, text):
        return text != "closed"

    def write(self, value):
        return {"last_name": "" if value else "closed"}


def with_attributes(*without, **mappings):
    others = {
        path: mapping
        for path, mapping in UserAdapter.attributes.items()
        if not path.startswith(("name.", *without))
    }
    return type("Changed", (UserAdapter,), {"attributes": others | mappings})


Closing = with_attributes(nickName=Leaves(), active=State())
ClosingOnly = with_attributes("active", nickName=Leaves())
Addressed = with_attributes("emails", nickName=Field("email"))


@pytest.fixture
def use(settings):
    """Return a function that lets the site use one of these adapters."""

    def use(name):
        settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{name}"}}

    return use


def person(scim, **attributes):
    return f"/Users/{scim.make_user('amy', **attributes)['id']}"


def lost(scim):
    return {each.kind: each.lost for each in scim.connection.guard_counts.all()}


def change(scim, path, *operations):
    answer = scim.patch(path, *operations)
    assert answer.status_code in (200, 204), answer.data
    return lost(scim)


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


@pytest.mark.parametrize(
    "operations",
    [
        [replace("userName", "bob")],
        [replace("emails", [HOME | {"primary": True}])],
        [{"op": "remove", "path": "emails"}],
        [{"op": "remove", "path": 'emails[type eq "home"]'}],  # the column keeps its address
        [replace('emails[type eq "home"].value', "amy@new.example")],
        [replace("userName", "bob"), {"op": "remove", "path": "emails"}],  # one person
    ],
)
def test_lost_names_count_once(scim, operations):
    scim.connection.guard_percent = 50
    assert change(scim, person(scim, **PERSON), *operations) == NAMES


@pytest.mark.parametrize(
    "operations",
    [
        [replace("userName", "AMY")],
        [replace('emails[type eq "home"].value', "AMY@HOME.example")],
        [replace("emails", [HOME, WORK])],
        [replace("emails", [WORK, HOME | {"type": "other"}])],
        [{"op": "add", "path": "emails", "value": [{"value": "third@x.example"}]}],
        [replace("title", "Boss"), {"op": "remove", "path": "phoneNumbers"}],
        [replace("name.familyName", "Smith")],
    ],
)
def test_names_that_stay_do_not_count(scim, operations):
    assert change(scim, person(scim, **PERSON), *operations) == {}


def test_address_without_a_value_is_no_loss(scim):
    path = person(scim, emails=[WORK, {"type": "home", "display": "Amy"}])
    assert change(scim, path, {"op": "remove", "path": 'emails[type eq "home"]'}) == {}


def test_first_address_is_no_loss(scim):
    assert change(scim, person(scim), replace("emails", [WORK])) == {}


def test_password_is_no_name(connect):
    scim = connect(passwords="accept")
    path = person(scim, password="Correct-horse-7-battery")
    assert change(scim, path, replace("password", "Wrong-horse-8-staple")) == {}
    assert change(scim, path, {"op": "remove", "path": "password"}) == {}


def test_address_in_another_attribute_counts(scim, use):
    use("Addressed")
    path = person(scim, nickName="amy@work.example")
    assert change(scim, path, replace("title", "Guide")) == {}
    assert change(scim, path, replace("nickName", "thief@x.example")) == NAMES


def test_deactivation_counts_once(scim):
    path = person(scim)
    assert change(scim, path, INACTIVE) == {"User": 1}
    assert change(scim, path, ACTIVE) == {"User": 1}
    assert change(scim, path, INACTIVE) == {"User": 2}


def test_deactivation_in_a_column_of_the_site_counts_once(scim, use):
    use("Closing")
    path = person(scim, nickName="Amy")
    assert change(scim, path, INACTIVE) == {"User": 1}
    assert change(scim, path, replace("title", "Guide")) == {"User": 1}
    assert change(scim, path, ACTIVE) == {"User": 1}
    assert change(scim, path, INACTIVE, replace("nickName", "gone")) == {"User": 2}


def test_account_that_returns_and_is_closed_by_another_attribute_counts(scim, use):
    use("Closing")
    path = person(scim, nickName="Amy")
    change(scim, path, INACTIVE)
    assert change(scim, path, ACTIVE, replace("nickName", "gone")) == {"User": 2}
    assert not User.objects.get().is_active


def test_deactivation_and_another_name_count_both(scim):
    path = person(scim, **PERSON)
    assert change(scim, path, replace("userName", "bob"), INACTIVE) == {"User": 1, **NAMES}


@pytest.mark.parametrize("adapter", ["Closing", "ClosingOnly"])
@pytest.mark.parametrize("others", [[], [{"op": "remove", "path": "emails"}]])
def test_account_closed_by_another_attribute_counts(scim, use, adapter, others):
    use(adapter)
    path = person(scim, emails=[WORK], nickName="Amy")
    names = NAMES if others else {}
    assert change(scim, path, replace("nickName", "Ames")) == {}
    assert change(scim, path, replace("nickName", "gone"), *others) == {"User": 1, **names}
    assert not User.objects.get().is_active
    assert change(scim, path, replace("nickName", "Amy")) == {"User": 1, **names}
    assert User.objects.get().is_active


def test_new_account_loses_nothing(scim):
    body = {"schemas": [USER], "userName": "amy", "active": False}
    assert scim.post("/Users", body).status_code == 201
    assert lost(scim) == {}
