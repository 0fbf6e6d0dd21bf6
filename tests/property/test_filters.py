"""A filter finds the same in every database as in memory.

The expected result is ``matches`` on the resources that GET returns.
"""

import os

import pytest
from django.db import transaction

from django_scim.protocol.filters.evaluation import matches
from django_scim.protocol.filters.parser import parse_filter
from django_scim.protocol.tolerances import PROFILES, Tolerances
from django_scim.query.translate import translate
from tests.client import SEARCH

from .filters import Filters
from .strategies import build, each_of, sample
from .texts import letters

LONG = bool(os.environ.get("SCIM_LONG"))
COUNT = int(os.environ.get("SCIM_FILTERS", 20_000 if LONG else 300))
PER_SITE = min(COUNT // 2, 300 if COUNT > 300 else 75)  # per resource type
OVER_HTTP = 25


@pytest.mark.django_db
def test_database_and_memory_find_the_same():
    tried = []
    for number in range(COUNT // (2 * PER_SITE)):
        with transaction.atomic():
            site = build(number)
            for name, endpoint in (("User", "Users"), ("Group", "Groups")):
                tried.extend(check(site, name, endpoint, number))
            transaction.set_rollback(True)
    assert len(tried) >= COUNT * 0.9
    hits = sum(0 < found < total for found, total in tried)
    assert hits > len(tried) / 4, "most filters match none or all, which checks little"


def check(site, name, endpoint, number):
    """Try many filters on one resource type; return the matches and the total of each."""
    resources, tried = site.resources[endpoint], []
    adapter = site.adapter(name)
    schema = adapter.resource_schema
    names = {each["id"]: each.get("userName") or each["displayName"] for each in resources}

    def agrees(text):
        term = parse_filter(text, schema, Tolerances(PROFILES["default"]))
        expected = {each["id"] for each in resources if matches(term, each)}
        links = adapter.queryset().filter(translate(term, adapter))
        found = list(links.values_list("scim_id", flat=True))
        assert len(found) == len(set(found)), text
        assert {names[each] for each in found} == {names[each] for each in expected}, text
        tried.append((len(expected), len(resources)))
        if len(tried) <= OVER_HTTP:
            assert over_http(site, endpoint, text) == expected

    filters = Filters(schema, resources, sample(letters, 30, number)).filters()
    each_of(filters, PER_SITE, number, agrees)
    return tried


def over_http(site, endpoint, text):
    """Return the ids that GET finds, which POST to .search must find as well."""
    query = {"filter": text, "count": 1000}
    by_get = site.scim.get(f"/{endpoint}", query)
    by_post = site.scim.post(f"/{endpoint}/.search", {"schemas": [SEARCH], **query})
    assert by_get.status_code == by_post.status_code == 200, (text, by_get.data)
    found = by_get.data.get("Resources", [])
    assert found == by_post.data.get("Resources", [])
    assert by_get.data["totalResults"] == len(found)
    return {each["id"] for each in found}
