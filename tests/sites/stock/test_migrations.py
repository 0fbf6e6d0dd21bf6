"""On Django's own user and group; run by ``tests/test_other_sites.py``."""

from tests.sites.migration_contract import Migrations


class TestStockSite(Migrations):
    pass
