"""Every tolerance is decided in a single place."""

import re
from pathlib import Path

import pytest

import django_scim
from django_scim.protocol.tolerances import Tolerance

ROOT = Path(django_scim.__file__).parent
#: Decided by the adapter, since they depend on stored data, and by HTTP content negotiation.
OUTSIDE_PROTOCOL = {
    "KEEP_MEMBERS": "adapters",
    "PENDING_REFERENCE": "adapters",
    "ANY_ACCEPT": "api",
    "BYTE_ORDER_MARK": "api",
    "EXTRA_SLASH": "api",
    "LEAVER": "adapters",
    "LOCKED_ATTRIBUTE": "adapters",
    "OTHER_MEDIA_TYPE": "api",
    "OUTER_BLANKS": "adapters",
}


@pytest.mark.parametrize("tolerance", Tolerance)
def test_each_tolerance_is_decided_in_one_place(tolerance):
    call = re.compile(rf"\.(?:permit|ignore)\(\s*Tolerance\.{tolerance.name}\b")
    found = [
        path.relative_to(ROOT).parts[0]
        for path in ROOT.rglob("*.py")
        for _ in call.findall(path.read_text("utf-8"))
    ]
    assert found == [OUTSIDE_PROTOCOL.get(tolerance.name, "protocol")]
