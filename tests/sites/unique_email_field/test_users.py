"""Users with a unique e-mail address in a column that is not named email."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from tests.client import USER, assert_error


def emails(address):
    return [{"value": address, "type": "work", "primary": True}]


def replace(address):
    return {"op": "replace", "path": "emails", "value": emails(address)}


def test_email_is_optional(scim):
    for name in ("one", "other"):
        assert "emails" not in scim.make_user(name)
    assert set(get_user_model().objects.values_list("mail", flat=True)) == {None}
    assert scim.find("emails pr") == []
    assert len(scim.find("not (emails pr)")) == 2


def test_email_is_unique(scim):
    one = scim.make_user("one", emails=emails("one@example.com"))
    body = {"schemas": [USER], "userName": "other", "emails": emails("one@example.com")}
    assert_error(scim.post("/Users", body), 409, "uniqueness", "emails")
    other = scim.make_user("other", emails=emails("other@example.com"))
    path = f"/Users/{other['id']}"
    assert_error(scim.patch(path, replace("one@example.com")), 409, "uniqueness", "emails")
    assert scim.get(path).data == other
    assert scim.find('emails.value eq "ONE@example.com"') == [one]


def test_email_can_be_removed(scim):
    user = scim.make_user("one", emails=emails("one@example.com"))
    data = scim.patch(f"/Users/{user['id']}", {"op": "remove", "path": "emails"}).data
    assert "emails" not in data
    assert get_user_model().objects.get().mail is None
    scim.make_user("other", emails=emails("one@example.com"))


def test_changes_by_the_site_are_found(connect, scim):
    made = scim.make_user("one", emails=emails("one@example.com"))
    user = get_user_model().objects.get()
    user.mail = "new@example.com"
    user.save(update_fields=["mail"])
    (found,) = scim.find('emails.value eq "NEW@example.com"')
    assert found["id"] == made["id"] and found["emails"][0]["value"] == "new@example.com"
    assert scim.find('emails.value eq "one@example.com"') == []


@pytest.mark.django_db
def test_checks_pass():
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
