import re
from pathlib import Path

import pytest

from .life_cycle import live

PAGES = Path(__file__).parents[3] / "docs" / "how-to" / "providers"
#: The pages whose names differ from those of the test modules.
NAMES = {"entra": "entra-id", "google": "google-workspace"}


def documented(module):
    """Return the tolerances that an identity provider's page names, None without a page."""
    name = module.__name__.rpartition("test_")[2]
    page = PAGES / f"{NAMES.get(name, name)}.md"
    if not page.exists():
        return None
    quirks = page.read_text("utf-8").partition("\n## Quirks\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|.*\| (`.+`) \|$", quirks, re.MULTILINE)
    return {tolerance for row in rows for tolerance in re.findall("`(.+?)`", row)}


@pytest.fixture
def lives(connect, events, request):
    """Return a function that runs the life cycle with a client.

    The page of the identity provider must name every tolerance that the requests use.
    """

    def lives(connector):
        client = connect(connector.profile)
        live(connector(client))
        used = {each for event in events() for each in event.tolerances}
        pages = documented(request.module)
        assert pages is None or used <= pages

    return lives
