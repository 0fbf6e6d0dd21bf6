from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from django_scim.models import UserLink

from .browser import Browser, reason_to_skip, start
from .pages import every_page

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items):
    if reason := reason_to_skip():
        for item in in_this_folder(items):
            item.add_marker(pytest.mark.skip(reason))


def pytest_report_collectionfinish(items):
    if reason_to_skip() and in_this_folder(items):
        return f"tests/browser is skipped: {reason_to_skip()}"


def in_this_folder(items):
    return [item for item in items if item.path.is_relative_to(FOLDER)]


@pytest.fixture(scope="session")
def driver():
    driver = start()
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver, live_server):
    """Return a fresh window, and assert that no page logs an error to the console."""
    browser = Browser(driver, live_server.url)
    browser.emulate()
    browser.console_errors()
    driver.delete_all_cookies()
    yield browser
    assert browser.console_errors() == []


@pytest.fixture
def sign_in(browser):
    """Return a function that signs a user in without the form."""

    def sign_in(user):
        client = Client()
        client.force_login(user)
        browser.open("login/", root="/admin/")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        browser.driver.add_cookie({"name": cookie.key, "value": cookie.value})
        return browser

    return sign_in


@pytest.fixture
def ada(sign_in):
    """Return the browser of the superuser ada."""
    return sign_in(User.objects.create_superuser("ada", "ada@example.com", "secret"))


INACTIVE = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def tripped(connect):
    """Return a connection that the guard has stopped after two of ten accounts."""
    scim = connect(guard_count=2, guard_percent=10)
    users = [scim.make_user(f"user{number}") for number in range(10)]
    UserLink.objects.update(created=timezone.now() - timedelta(days=1))
    answers = [scim.patch(f"/Users/{user['id']}", INACTIVE) for user in users[:3]]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    scim.leaver = users[2]
    return scim


@pytest.fixture
def pages(tripped):
    return every_page(tripped)
