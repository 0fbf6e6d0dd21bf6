"""The groups with permissions, on the connection's page and in the list of links."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from django_scim import connections
from django_scim.admin.privileges import link_key as key
from django_scim.models import Event, GroupLink
from tests.client import assert_error

from .pages import everything, of, text_of


@pytest.fixture
def editors(scim):
    """Return a group of the connection that got a permission after its creation."""
    scim.make_group("Editors")
    group = Group.objects.get()
    group.permissions.add(Permission.objects.get(codename="change_user"))
    return group


@pytest.fixture
def link(editors):
    return GroupLink.objects.get(target=editors)


def section(pages, connection):
    content = pages.get(of(connection)).content.decode()
    return content.partition('id="scim-privileged"')[2].partition("</section>")[0]


def test_page_lists_the_group_and_allows_the_change(scim, ada, link):
    assert "Editors" in section(ada, scim.connection)
    assert "must not change members" in section(ada, scim.connection)
    add = {"op": "add", "path": "members", "value": [{"value": scim.make_user()["id"]}]}
    assert_error(scim.patch(f"/Groups/{link.scim_id}", add), 403)
    message = ada.do(of(scim.connection, "share-privileged"), link=key(link))
    assert message == "1 group was changed."
    assert "may change members" in section(ada, scim.connection)
    assert scim.patch(f"/Groups/{link.scim_id}", add).status_code == 204
    ada.do(of(scim.connection, "unshare-privileged"), link=key(link))
    link.refresh_from_db()
    assert not link.privileged
    first, second = Event.objects.filter(action="administration").order_by("pk")
    assert "Editors marked as privileged" in first.detail and "admin ada" in first.detail
    assert second.detail == "Editors no longer marked as privileged by admin ada"
    assert LogEntry.objects.count() == 2


def test_page_without_such_groups_has_no_section(scim, ada):
    scim.make_group("Guides")
    assert not section(ada, scim.connection)


def test_group_of_another_connection_is_not_changed(connect, ada, link):
    other = connect().connection
    before = everything()
    for name in ("share-privileged", "unshare-privileged"):
        for sent in (key(link), str(link.pk), "x", ""):
            assert "no longer has permissions" in ada.do(of(other, name), link=sent)
    assert everything() == before


def test_button_needs_the_permission_to_change_groups(scim, staff, link):
    pages = staff("view_connection", "change_connection", "manage_connection_access")
    assert "You need the permission to change groups" in section(pages, scim.connection)
    before = everything()
    pages.do(of(scim.connection, "share-privileged"), link=key(link))
    assert everything() == before
    other = staff(
        "view_connection", "change_connection", "manage_connection_access", "change_group",
        name="tom",
    )  # fmt: skip
    other.do(of(scim.connection, "share-privileged"), link=key(link))
    link.refresh_from_db()
    assert link.privileged


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("refused", {"Editors"}),
        ("allowed", {"Owners"}),
        ("none", {"Guides"}),
        ("nonsense", {"Editors", "Owners", "Guides"}),
    ],
)
def test_filter_links_by_permissions(scim, ada, link, chosen, expected):
    scim.make_group("Guides")
    owners = Group.objects.create(name="Owners")
    owners.permissions.set(Permission.objects.all()[:3])
    connections.share_privileged(scim.connection, owners)
    found = ada.get("grouplink/", permissions=chosen).context["cl"].result_list
    assert sorted(each.display_name for each in found) == sorted(expected)


def test_column_of_the_list(scim, ada, link, django_assert_max_num_queries):
    for n in range(5):
        scim.make_group(f"Guides {n}")
    with django_assert_max_num_queries(12):
        page = text_of(ada.get("grouplink/"))
    assert page.count("must not change members") == 2  # in the row and in the filter


def test_actions_of_the_list(scim, ada, staff, link):
    looker = staff("view_grouplink", "change_grouplink")
    assert 'value="share_privileged"' not in looker.get("grouplink/").content.decode()
    looker.post("grouplink/", action="share_privileged", _selected_action=[link.pk])
    link.refresh_from_db()
    assert not link.privileged
    assert "1 group was changed" in ada.act("grouplink", "share_privileged", link)
    link.refresh_from_db()
    assert link.privileged
    assert "0 groups were changed" in ada.act("grouplink", "share_privileged", link)
    assert "1 group was changed" in ada.act("grouplink", "unshare_privileged", link)
    link.refresh_from_db()
    assert not link.privileged
    assert Event.objects.filter(action="administration").count() == 2


def test_get_of_the_buttons_changes_nothing(scim, ada, link):
    before = everything()
    for name in ("share-privileged", "unshare-privileged"):
        assert ada.get(of(scim.connection, name), link=key(link)).status_code == 302
    assert everything() == before
