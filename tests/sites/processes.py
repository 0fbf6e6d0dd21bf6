"""Processes that list and run the tests of a site."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IS_SQLITE = os.environ.get("DATABASE_URL", "sqlite:").startswith("sqlite:")
OPTIONS = ("-p", "no:xdist", "-p", "no:cacheprovider", "-p", "tests.sites.reporter")
EXPECTED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


class Crash(Exception):
    """The process of a site ended unexpectedly; the message contains its output."""


class SiteProcess:
    """A pytest process with the settings of a site, which sends objects through a pipe."""

    def __init__(self, site, *arguments):
        self.output = tempfile.TemporaryFile()  # noqa: SIM115
        reader, writer = os.pipe()
        command = [sys.executable, "-m", "pytest", *OPTIONS, f"--ds={site.settings}"]
        self.process = subprocess.Popen(
            [*command, f"--send-to={writer}", *arguments],
            cwd=ROOT,
            env=os.environ | {"TEST_DATABASE_NAME": database_name(site.name)},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            pass_fds=[writer],
        )
        os.close(writer)
        self.pipe = os.fdopen(reader, "rb")

    def receive(self):
        """Return the next object that the process sends. Raise Crash if it has ended."""
        try:
            return pickle.load(self.pipe)
        except (EOFError, pickle.UnpicklingError):
            raise Crash(self.end())

    def end(self):
        """Wait for the process and return its exit status and the end of its output."""
        status = self.process.wait()
        self.output.seek(0)
        return f"exit status {status}\n{self.output.read().decode(errors='replace')[-6000:]}"

    def stop(self):
        """Interrupt the process, so that it drops its database, and wait."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


class Site:
    """A folder of tests with its own settings."""

    def __init__(self, folder, settings):
        self.path, self.settings = ROOT / folder, settings
        self.name = self.path.name
        self._process = None
        self._pending = set()
        self._received = {}

    def list_tests(self):
        """Return the node IDs of the tests, and the errors of modules by the module's node ID."""
        process = SiteProcess(self, "--collect-only", "-q", str(self.path))
        try:
            listed = process.receive()
        except Crash as crash:
            return [], {"": str(crash)}
        process.end()
        return listed

    def start(self, tests):
        """Start to run tests, given as files by node ID."""
        self._pending = set(tests)
        self._selection = tempfile.NamedTemporaryFile("w", suffix=".txt")  # noqa: SIM115
        self._selection.write("\n".join(tests))
        self._selection.flush()
        files = sorted({str(path) for path in tests.values()})
        self._process = SiteProcess(self, f"--selection={self._selection.name}", *files)

    @property
    def is_started(self):
        return self._process is not None

    def wait_for(self, node_id):
        """Yield the serialized reports of a test as they arrive.

        Raise Crash if the process ends before the test, or with an error after the last test.
        """
        while True:
            received = self._received.setdefault(node_id, [])
            if received:
                yield received.pop(0)
            elif node_id not in self._pending:
                break
            else:
                report = self._process.receive()
                self._received.setdefault(report["nodeid"], []).append(report)
                if report["when"] == "teardown":
                    self._pending.discard(report["nodeid"])
        if not self._pending and self._process.process.wait() not in EXPECTED:
            raise Crash(self._process.end())

    def finish(self):
        """Stop the process if the session ended before all of its tests have run."""
        if self._process and self._pending:
            self._process.stop()


def database_name(site):
    """Return the name of a site's test database, or "" on SQLite, where it is in memory."""
    if IS_SQLITE:
        return ""
    return f"{os.environ.get('TEST_DATABASE_NAME') or 'test_scim'}_{site}"
