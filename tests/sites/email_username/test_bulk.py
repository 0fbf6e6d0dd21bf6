"""Bulk requests for users with a UUID as primary key and an e-mail address as user name."""

from django.contrib.auth import get_user_model
from django.db import models

from tests.api.bulk import group, managed, statuses, user
from tests.client import ENTERPRISE, USER


def test_creates_users_in_a_batch(scim, events):
    names = [f"u{i}@example.com" for i in range(5)]
    response = scim.bulk(
        group("Guides", *(f"bulkId:{name}" for name in names)),
        *(user(name, externalId=name, title="Guide") for name in names),
        user("late@example.com", **managed(f"bulkId:{names[0]}")),
        user("U0@EXAMPLE.com", "again"),
    )
    assert statuses(response) == ["201"] * 7 + ["409"]
    assert len(scim.find('title eq "guide"')) == 5
    assert scim.find('userName eq "LATE@example.com"')[0][ENTERPRISE]["manager"]["value"]
    assert len(scim.get("/Groups").data["Resources"][0]["members"]) == 5
    assert (
        get_user_model().objects.count() == 6 == len(events(action="create", outcome="success")) - 1
    )
    for result in response.data["Operations"][1:7]:
        resource = scim.get("/Users/" + result["id"]).data
        assert resource["schemas"][0] == USER
        assert resource["meta"]["version"] == result["version"]


def test_custom_save_is_called_for_each_user(scim, monkeypatch):
    model, seen = get_user_model(), []

    def save(self, *args, **kwargs):
        seen.append(self.email)
        models.Model.save(self, *args, **kwargs)

    monkeypatch.setattr(model, "save", save)
    assert statuses(scim.bulk(user("a@example.com"), user("b@example.com"))) == ["201"] * 2
    assert seen == ["a@example.com", "b@example.com"]
