"""No page has a serious barrier for people with disabilities, as far as axe-core can find it."""

import pytest

from . import axe
from .browser import NARROW, WIDE

pytestmark = pytest.mark.skipif(bool(axe.reason_to_skip()), reason=axe.reason_to_skip())


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    return axe.install(tmp_path_factory.mktemp("axe"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page(ada, pages, source, size, scheme):
    found = []
    for page in pages:
        ada.emulate(size, scheme)
        page.open(ada)
        assert ada.console_errors() == [], page  # such as violations of the policy
        found += [(page.name, *each) for each in axe.violations(ada, source, page.part)]
        ada.console_errors()  # the policy blocks styles of axe-core itself
    assert not found, "\n".join(map(str, found))


def test_a_barrier_is_found(ada, source):
    ada.open("overview/")
    ada.run("document.querySelector('main').append(document.createElement('input'))")
    assert [rule for _grade, rule, *_ in axe.violations(ada, source)] == ["label"]
