"""No change without its event, and no success without its change, whatever dies at what moment.

The processes die in ``kills.py``; a sample of all kills, or all of them with SCIM_LONG.
"""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests.sites.processes import ROOT

#: A prime number, so that the sample has other statements in each write.
SHARE = 1 if os.environ.get("SCIM_LONG") else 41


@pytest.mark.skipif(
    settings.SETTINGS_MODULE != "tests.settings", reason="the processes have their own settings"
)
@pytest.mark.timeout(7200 if SHARE == 1 else 600)
@pytest.mark.skipif(
    connection.vendor not in ("sqlite", "postgresql") or not hasattr(os, "fork"),
    reason="kills.py knows how to copy the databases of SQLite and PostgreSQL",
)
def test_killed_at_any_moment(tmp_path):
    name = str(tmp_path / "kills.sqlite3")
    if connection.vendor == "postgresql":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        name = f"{os.environ.get('TEST_DATABASE_NAME') or 'test_scim'}_kills{worker}"
    result = subprocess.run(
        [sys.executable, "-m", "tests.audit.kills", str(SHARE)],
        cwd=ROOT,
        env=os.environ | {"KILL_DATABASE": name, "PYTHONPATH": f"{ROOT}:{ROOT / 'testproject'}"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    answer = json.loads(result.stdout.splitlines()[-1])
    assert not answer["wrong"], answer
    assert answer["of"] > 800 and answer["kills"] == answer["of"] // SHARE
