"""Bulk requests for a user model with little more than a name."""

from django.contrib.auth import get_user_model

from tests.api.bulk import statuses, user


def test_creates_users_in_a_batch(scim):
    response = scim.bulk(
        user("a", externalId="1"), user("b", title="Guide"), user("A", "again"),
        user("c", active=False), user("d" * 41), user("e"),
    )  # fmt: skip
    assert statuses(response) == ["201", "201", "409", "400", "400", "201"]
    assert sorted(get_user_model().objects.values_list("login", flat=True)) == ["a", "b", "e"]
    assert scim.find('externalId eq "1"')[0]["userName"] == "a"
    assert scim.find('title eq "guide"')[0]["userName"] == "b"
    assert not get_user_model().objects.get(login="a").has_usable_password()


def test_restores_a_deleted_user_in_a_batch(scim):
    made = scim.make_user("a", externalId="1")
    scim.delete(f"/Users/{made['id']}")
    assert statuses(scim.bulk(user("b"), user("a", externalId="1"))) == ["201"] * 2
    assert get_user_model().objects.count() == 2
