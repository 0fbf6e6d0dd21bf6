"""Edge cases of scim_link, and its events."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_scim import connections
from django_scim.adapters import Field, UserAdapter, linking
from django_scim.adapters import bulk_linking as matching
from django_scim.models import Event, UserLink, UserProfile
from django_scim.testing import ScimClient
from tests.client import USER


class DirectorProtectingAdapter(UserAdapter):
    """Protect directors as well."""

    @classmethod
    def unprotected(cls):
        return super().unprotected() & ~Q(target__last_name="Director")


class LinkRuleAdapter(UserAdapter):
    """Protect accounts by a rule about existing links."""

    @classmethod
    def unprotected(cls):
        return super().unprotected() & Q(created__lte=timezone.now()) & Q(external_id="never")


class NicknameAdapter(UserAdapter):
    """Map userName to the nickname."""

    attributes = UserAdapter.attributes | {
        "userName": Field("scim_profile.nick_name"),
        "nickName": Field("scim_profile.title"),
    }
    del attributes["title"]


class Terminal(StringIO):
    def isatty(self):
        return True


def link(by="username", name="Okta", **options):
    output = StringIO()
    call_command("scim_link", connection=name, by=by, stdout=output, **options)
    return output.getvalue()


def names(connection):
    links = UserLink.objects.filter(connection=connection, target__isnull=False)
    return sorted(links.values_list("target__username", flat=True))


def number(output, what):
    """Return the number in the line of the table with that text."""
    (line,) = (line for line in output.splitlines() if what in line)
    return int(line.split()[0].replace(",", ""))


@pytest.fixture
def okta(db):
    return connections.create("Okta")


@pytest.fixture
def people(okta):
    return [User.objects.create_user(name, f"{name}@example.com") for name in ("amy", "bob")]


def use(settings, name):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{name}"}}


# Accounts


def test_account_deleted_by_the_connection_is_skipped(okta, people):
    scim = ScimClient(okta)
    connections.assign(okta, people[0])
    scim.delete(f"/Users/{UserLink.objects.get(target=people[0]).scim_id}")
    output = link()
    assert number(output, "deleted by this connection") == 1
    assert names(okta) == ["bob"]


def test_account_in_scope_becomes_assigned(people):
    entra = connections.create("Entra", scope="site")
    assert UserLink.objects.filter(connection=entra, created_by_scope=True).count() == 2
    ids = dict(UserLink.objects.filter(connection=entra).values_list("target", "scim_id"))
    assert number(link(name="Entra"), "to be assigned") == 2
    for each in UserLink.objects.filter(connection=entra):
        assert (each.created_by_scope, each.preexisting) == (False, True)
        assert each.scim_id == ids[each.target_id]  # the same resource as before
    # And so another one cannot have it.
    assert number(link(), "linked to another connection") == 2


def test_scope_of_another_connection_does_not_prevent_linking(okta, people):
    connections.create("Entra", scope="site")
    assert number(link(), "to be assigned") == 2
    assert names(okta) == ["amy", "bob"]


def test_adoptions_are_confirmed_on_request(connect, people):
    scim = connect(adoption="username")
    scim.post("/Users", {"schemas": [USER], "userName": "amy"})
    name = scim.connection.name
    output = link(name=name)
    assert number(output, "already adopted") == 1 and number(output, "to be assigned") == 1
    adopted = UserLink.objects.get(target=people[0])
    assert adopted.unconfirmed and not UserLink.objects.get(target=people[1]).unconfirmed
    assert "1 adoption was confirmed" in link(name=name, confirm=True)
    adopted.refresh_from_db()
    assert not adopted.unconfirmed
    details = Event.objects.filter(action="administration").values_list("detail", "object_name")
    assert ("link of amy confirmed by scim_link on the command line", "amy") in details
    assert "0 adoptions were confirmed" in link(name=name, confirm=True)


def test_members_of_one_group(okta, people):
    Group.objects.create(name="Pilot").user_set.add(people[1])
    assert number(link(group="Pilot", dry_run=True), "to be assigned") == 1
    link(group="Pilot")
    assert names(okta) == ["bob"]
    with pytest.raises(CommandError, match="no group 'Nobody'"):
        link(group="Nobody")


def test_conflict_with_any_account(okta, people):
    Group.objects.create(name="Pilot").user_set.add(people[0])
    User.objects.create(username="ａmy", email="other@example.com", is_staff=True)
    output = link(group="Pilot")
    assert number(output, "in conflict") == 1
    assert "conflict: amy (2 accounts): amy, ａmy" in output
    assert names(okta) == []


@pytest.mark.parametrize(("verbosity", "shown"), [(1, 20), (2, 30)])
def test_many_conflicts(okta, verbosity, shown):
    User.objects.bulk_create(
        User(username=f"{prefix}{number:02}") for number in range(30) for prefix in ("u", "ｕ")
    )
    output = link(dry_run=True, verbosity=verbosity)
    assert output.count("  conflict: ") == shown
    assert ("and 10 more conflicts" in output) is (verbosity == 1)


def test_usernames_that_differ_in_unicode_form(okta):
    for name in ("caf\u00e9", "cafe\u0301"):
        User.objects.bulk_create([User(username=name)])
    assert number(link(), "in conflict") == 2


def test_accounts_protected_by_the_site(okta, people, settings):
    use(settings, "DirectorProtectingAdapter")
    User.objects.filter(username="amy").update(last_name="Director")
    assert number(link(), "protected") == 1
    assert names(okta) == ["bob"]


def test_rule_about_links_assigns_nothing(okta, people, settings):
    use(settings, "LinkRuleAdapter")
    assert "0 accounts were assigned" in link()
    assert not UserLink.objects.exists()
    assert not Event.objects.exists()


def test_custom_username_mapping(okta, people, settings):
    use(settings, "NicknameAdapter")
    UserProfile.objects.create(user=people[0], nick_name="Ames")
    output = link()
    assert number(output, "to be assigned") == 1 and number(output, "without a user name") == 1
    assert names(okta) == ["amy"]


def test_without_users_endpoint(okta, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": None, "Group": None}}
    with pytest.raises(CommandError, match="no users"):
        link()


def test_without_accounts(okta):
    assert "0 accounts were assigned" in link()


def test_account_deleted_meanwhile(okta, people):
    found = matching.survey(okta, "username")
    people[0].delete()
    assert matching.assign_matching(okta, found) == 1
    assert names(okta) == ["bob"]


# Events


def test_each_account_has_an_event(okta, people):
    link()
    amy, bob = Event.objects.order_by("pk")
    for event, user in ((amy, people[0]), (bob, people[1])):
        assert (event.action, event.outcome) == ("administration", "success")
        by = "by scim_link on the command line"
        assert event.detail == f"{user.username} assigned to the connection {by}"
        assert (event.connection, event.resource_type) == (okta, "User")
        assert (event.object_type, event.object_key) == ("auth.user", str(user.pk))
        assert event.object_name == user.username
        assert event.scim_id == UserLink.objects.get(target=user).scim_id
    assert amy.correlation_id == bob.correlation_id != ""
    link()
    assert Event.objects.count() == 2


def test_dry_run_writes_nothing(okta, people):
    with CaptureQueriesContext(database) as captured:
        link(dry_run=True)
    assert not [q["sql"] for q in captured if not q["sql"].startswith("SELECT")
                and "CURSOR" not in q["sql"]]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_account_is_not_assigned_without_its_event(okta, people, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the log is full")

    monkeypatch.setattr(Event.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        link()
    assert not UserLink.objects.exists()


def test_help_mentions_the_confirmation(capsys):
    with pytest.raises(SystemExit):
        call_command("scim_link", "--help")
    assert "is confirmed" in " ".join(capsys.readouterr().out.split())


# Batches


def test_progress_is_shown_on_a_terminal_only(okta, people):
    terminal, pipe = Terminal(), StringIO()
    link(stderr=terminal)
    assert "2 accounts assigned\r" in terminal.getvalue()
    UserLink.objects.all().delete()
    link(stderr=pipe)
    assert pipe.getvalue() == ""


@pytest.mark.django_db(transaction=True)
def test_interruption_leaves_complete_batches(okta, monkeypatch):
    User.objects.bulk_create(User(username=f"user{number:02}") for number in range(25))
    monkeypatch.setattr(matching, "BATCH", 10)
    done = []

    def interrupted(count):
        done.append(count)
        if count == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matching.assign_matching(okta, matching.survey(okta, "username"), interrupted)
    assert done == [10, 20] and len(names(okta)) == 20
    output = link()
    assert number(output, "already linked") == 20 and "5 accounts were assigned" in output
    assert len(names(okta)) == 25
    assert len(ScimClient(okta).find('userName sw "USER"')) == 25


def test_number_of_queries_does_not_depend_on_the_batch(okta, monkeypatch):
    # SQLite inserts a few more events with one statement, but not thirty
    monkeypatch.setattr(matching, "BATCH", 25)
    monkeypatch.setattr(linking, "BATCH", 25)

    def statements(count):
        User.objects.bulk_create(
            User(username=f"{count}-{number}", email=f"{count}-{number}@example.com")
            for number in range(count)
        )
        with CaptureQueriesContext(database) as captured:
            link("email")
        return len(captured)

    statements(1)
    assert statements(5) == statements(25)
