"""Which models of other packages hold tokens that end with an account's access.

``sites/oauth_toolkit`` tests this with an installed package; here the packages are stand-ins.
"""

from types import SimpleNamespace

import pytest

from django_scim.adapters.accounts import credentials

TOOLKIT = "oauth2_provider"
MODELS = [
    ("rest_framework.authtoken", "authtoken.Token", None),
    ("knox", "knox.AuthToken", "KNOX_TOKEN_MODEL"),
    (TOOLKIT, "oauth2_provider.AccessToken", "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL"),
    (TOOLKIT, "oauth2_provider.RefreshToken", "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL"),
    (TOOLKIT, "oauth2_provider.IDToken", "OAUTH2_PROVIDER_ID_TOKEN_MODEL"),
    (TOOLKIT, "oauth2_provider.Grant", "OAUTH2_PROVIDER_GRANT_MODEL"),
    (TOOLKIT, "oauth2_provider.DeviceGrant", "OAUTH2_PROVIDER_DEVICE_GRANT_MODEL"),
]
LEAVER = SimpleNamespace(pk=7, _state=SimpleNamespace(adding=False))
NEW = SimpleNamespace(pk=None, _state=SimpleNamespace(adding=True))


class Packages:
    """Installed packages, and which rows of their models were deleted."""

    def __init__(self, installed, models):
        self.installed, self.models, self.deleted = installed, models, {}

    def is_installed(self, package):
        return package in self.installed

    def get_model(self, label):
        if label not in self.models:
            raise LookupError(label)
        return SimpleNamespace(_base_manager=self.rows(label))

    def rows(self, label):
        def filter(**conditions):
            return SimpleNamespace(delete=lambda: self.deleted.update({label: conditions}))

        return SimpleNamespace(filter=filter)


@pytest.fixture
def install(monkeypatch):
    def install(installed, models):
        packages = Packages(installed, models)
        monkeypatch.setattr(credentials, "apps", packages)
        return packages

    return install


@pytest.mark.parametrize(("package", "label", "setting"), MODELS)
def test_tokens_of_each_package_end(install, settings, package, label, setting):
    """A model that the installed version does not have is skipped, but not the others."""
    packages = install({package}, {label, "site.Token"})
    credentials.end_credentials(LEAVER)
    assert packages.deleted == {label: {"user": 7}}
    if setting:
        packages.deleted.clear()
        setattr(settings, setting, "site.Token")  # the site has replaced the model
        credentials.end_credentials(LEAVER)
        assert packages.deleted == {"site.Token": {"user": 7}}


def test_tokens_of_all_packages_end(install):
    labels = {label for _, label, _ in MODELS}
    packages = install({package for package, _, _ in MODELS}, labels)
    credentials.end_credentials(LEAVER)
    assert packages.deleted.keys() == labels


def test_packages_that_are_not_installed_are_skipped(install):
    packages = install({"other"}, {label for _, label, _ in MODELS})
    credentials.end_credentials(LEAVER)
    assert packages.deleted == {}


def test_new_account_has_no_tokens(install):
    """A new account has no primary key yet, and must not match the tokens without a user."""
    packages = install({package for package, _, _ in MODELS}, {label for _, label, _ in MODELS})
    credentials.end_credentials(NEW)
    assert packages.deleted == {}
