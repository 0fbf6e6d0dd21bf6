"""Bulk requests for users with a unique e-mail address."""

from django.contrib.auth import get_user_model

from tests.api.bulk import statuses, user


def at(name, address):
    return user(name, emails=[{"value": address, "primary": True}])


def test_email_is_unique(scim):
    response = scim.bulk(
        at("a", "a@example.com"), at("b", "b@example.com"), at("c", "a@example.com"), user("d"),
        user("e"),
    )  # fmt: skip
    assert statuses(response) == ["201", "201", "409", "201", "201"]
    assert response.data["Operations"][2]["response"]["scimType"] == "uniqueness"
    assert get_user_model().objects.filter(mail=None).count() == 2
