"""Plugin for the process of a site: run the selected tests and send their reports."""

import os
import pickle
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption("--send-to", type=int, help="the file descriptor of a pipe")
    parser.addoption("--selection", type=Path, help="a file of node IDs, one per line")


def pytest_configure(config):
    config.pluginmanager.register(Reporter(config))


class Reporter:
    def __init__(self, config):
        self.config = config
        self.pipe = os.fdopen(config.option.send_to, "wb")
        self.errors = {}

    def send(self, message):
        pickle.dump(message, self.pipe)
        self.pipe.flush()

    def pytest_collectreport(self, report):
        if report.failed:
            self.errors[report.nodeid] = report.longreprtext

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if selection := self.config.option.selection:
            selected = set(selection.read_text("utf-8").splitlines())
            items[:] = [item for item in items if item.nodeid in selected]

    def pytest_collection_finish(self, session):
        if self.config.option.collectonly:
            self.send(([item.nodeid for item in session.items], self.errors))

    def pytest_runtest_logreport(self, report):
        hook = self.config.hook
        self.send(hook.pytest_report_to_serializable(config=self.config, report=report))
