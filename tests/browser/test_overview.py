"""The start page of the admin in a browser."""

import pytest

from .api import make_user
from .browser import NARROW, WIDE, Keys


@pytest.fixture
def okta(connect, live_server):
    """Return a client that created amy and was refused a second amy."""
    scim = connect("okta")
    base = f"{live_server.url}/scim/v2"
    assert [make_user(base, scim.secret, "amy")[0] for _ in range(2)] == [201, 409]
    return scim


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_from_the_index_to_the_events_of_a_bar(ada, okta, size):
    ada.emulate(size)
    ada.open("", root="/admin/")
    shown = ada.press("Overview")
    assert f"{okta.connection} could not create amy" in shown
    assert "1 success, 0 without a change, 1 failure" in shown
    (bar,) = ada.find_all(".scim-chart a")
    assert bar.size["width"] > 5 and bar.size["height"] > 50
    with ada.wait_for_next_page():
        bar.click()
    assert "2 events" in ada.text and "requests_on=" in ada.path


def test_by_keyboard(ada, okta):
    ada.open("overview/")
    summary = ada.button(f"The days of {okta.connection} as a table")
    assert not ada.find_all(".scim-days")[0].is_displayed()
    summary.send_keys(Keys.ENTER)
    reached = [ada.tab() for _ in range(3)]
    assert [each.text for each in reached[1:]] == ["1", "1"]  # failures and successes
    with ada.wait_for_next_page():
        reached[1].send_keys(Keys.ENTER)
    assert "1 event" in ada.text and "Failure" in ada.find("#result_list .scim-badge").text
