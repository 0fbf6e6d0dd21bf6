"""Collect and run the tests of every site in one pytest session.

Django reads its settings once per process, so the tests of a site run in another process: one
process lists the tests of the site, and a second one runs those that are selected. Each test is an
item of the session with its own outcome.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from .processes import Crash, Site

NAMES = (
    "declaration_errors",
    "django_scim2",
    "email_username",
    "every_mapping",
    "minimal_user",
    "oauth_toolkit",
    "own_code",
    "own_teams",
    "stock",
    "unique_email_field",
    "single_sign_on",
)
SITES = [
    Site("tests/browser", "tests.browser.settings"),
    Site("tests/testproject", "testproject.settings"),
    *(Site(f"tests/sites/{name}", f"tests.sites.{name}.settings") for name in NAMES),
]
LISTED = pytest.StashKey()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """List the tests once for all workers of pytest-xdist."""
    node.workerinput["sites"] = list_tests(node.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Run all tests of a site on one worker of pytest-xdist."""
    from xdist.scheduler import LoadScopeScheduling

    class SiteScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            site = find_site(config.rootpath / nodeid.partition("::")[0])
            return site.name if site else nodeid

    return SiteScheduling(config, log)


def pytest_pycollect_makemodule(module_path, parent):
    if site := find_site(module_path):
        module = SiteModule.from_parent(parent, path=module_path)
        module.site = site
        return module


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    if not isinstance(item, SiteTest):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in item.reports():
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_sessionfinish():
    for site in SITES:
        site.finish()


class SiteModule(pytest.File):
    """A module that only a process with the site's settings can import."""

    def collect(self):
        node_ids, errors = list_tests(self.config)[self.site.name]
        if error := errors.get(self.nodeid) or errors.get(""):
            raise self.CollectError(error)
        start = f"{self.nodeid}::"
        tests = [split(each.removeprefix(start)) for each in node_ids if each.startswith(start)]
        return children(self, tests)


class SiteClass(pytest.Collector):
    """A class of tests in such a module."""

    def collect(self):
        return children(self, self.tests)


class SiteTest(pytest.Item):
    """A test that runs in the process of its site."""

    def __init__(self, **options):
        super().__init__(**options)
        self.site = self.parent.site

    def runtest(self):
        raise NotImplementedError("pytest_runtest_protocol takes the outcome from the process")

    def reportinfo(self):
        return self.path, None, self.nodeid.partition("::")[2]

    def reports(self):
        """Yield the reports of this test; start the process with the site's first test."""
        if not self.site.is_started:
            items = [item for item in self.session.items if isinstance(item, SiteTest)]
            self.site.start({item.nodeid: item.path for item in items if item.site is self.site})
        try:
            for data in self.site.wait_for(self.nodeid):
                report = self.config.hook.pytest_report_from_serializable(
                    config=self.config, data=data
                )
                yield report
        except Crash as crash:
            text = f"The process of the site {self.site.name} crashed: {crash}"
            yield pytest.TestReport(self.nodeid, self.location, {}, "failed", text, "call")


def find_site(path):
    """Return the site of a file, or None if this process can run its tests."""
    for site in SITES:
        if path.is_relative_to(site.path) and site.settings != settings.SETTINGS_MODULE:
            return site
    return None


def split(name):
    """Return the names of the classes and of the test in a node ID, without its module."""
    names, bracket, parameters = name.partition("[")
    *classes, test = names.split("::")
    return [*classes, test + bracket + parameters]


def children(parent, tests):
    """Yield the nodes of tests below a module or class, given as lists of names."""
    classes = {}
    for name, *inner in tests:
        if not inner:
            yield SiteTest.from_parent(parent, name=name)
        elif name in classes:
            classes[name].tests.append(inner)
        else:
            classes[name] = SiteClass.from_parent(parent, name=name)
            classes[name].site, classes[name].tests = parent.site, [inner]
            yield classes[name]


def list_tests(config):
    """Return the tests and errors of each site in the arguments, by the site's name."""
    if hasattr(config, "workerinput"):
        return config.workerinput["sites"]
    if LISTED not in config.stash:
        sites = [site for site in SITES if is_given(site, config)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            listed = list(pool.map(Site.list_tests, sites))
        config.stash[LISTED] = {site.name: each for site, each in zip(sites, listed, strict=True)}
    return config.stash[LISTED]


def is_given(site, config):
    """Return whether an argument of pytest includes tests of the site."""
    if site.settings == settings.SETTINGS_MODULE:
        return False
    for argument in config.args:
        path = Path(config.invocation_params.dir, argument.partition("::")[0])
        if path.is_relative_to(site.path) or site.path.is_relative_to(path):
            return True
    return False
