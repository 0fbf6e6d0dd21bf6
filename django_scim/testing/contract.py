"""Tests that each adapter must pass, for a site's own adapters.

Write ``class TestUsers(AdapterContract): resource_type = "User"`` in a test module. Then pytest
runs each test for each attribute that the adapter maps.
"""

import json
from typing import Any

import pytest

from .. import connections
from ..models import Event
from .client import ScimClient, assert_error
from .samples import sample
from .subject import AdapterSubject, take

ORDERED = ("integer", "decimal", "dateTime")


@pytest.mark.django_db
class AdapterContract(AdapterSubject):
    """The behaviour that clients expect of each attribute (RFC 7644 sections 3.3 to 3.7, 3.9, 4).

    Subclasses set ``resource_type``, and if necessary:

    ``samples``
        Three values by attribute path, for attributes that reject made-up values.
    ``patterns``
        Patterns by attribute path for required strings of all created resources, such as
        ``{"userName": "person{}@example.com"}`` if user names must be addresses.
    ``unfilterable`` and ``unsortable``
        The paths of attributes that clients cannot filter or sort by.
    """

    def test_it_is_published(self, scim: ScimClient, path: str) -> None:
        found = self.find(path)
        document = scim.get(f"/Schemas/{found.schema}").data
        (attribute,) = [a for a in document["attributes"] if a["name"] == found.attribute.name]
        parts = {sub["name"] for sub in attribute.get("subAttributes", [])}
        assert attribute["mutability"] == found.attribute.mutability
        assert parts <= {sub.name for sub in found.attribute.sub_attributes}

    def test_it_is_read_as_it_was_written(self, scim: ScimClient, returned: str) -> None:
        value = self.value(scim, returned, 0)
        self.assert_shows(returned, value, self.make_with(scim, returned, value, 0))

    def test_what_is_never_returned_is_not(self, scim: ScimClient, hidden: str) -> None:
        value = self.value(scim, hidden, 0)
        assert take(self.make_with(scim, hidden, value, 0), self.find(hidden)) is None

    def test_put_replaces_it(self, scim: ScimClient, returned: str) -> None:
        resource = self.make_with(scim, returned, self.value(scim, returned, 0), 0)
        value = self.value(scim, returned, 1)
        answer = scim.put(self.at(resource), self.body(scim, 0, **{returned: value}))
        if self.find(returned).attribute.mutability == "immutable":
            assert_error(answer, 400, "mutability", returned)
            return
        assert answer.status_code == 200, answer.data
        self.assert_shows(returned, value, self.read(scim, resource, returned))

    def test_put_without_it_takes_it_away(self, scim: ScimClient, returned: str) -> None:
        attribute = self.find(returned).attribute
        mapping = self.adapter.declaration().by_path.get(returned)
        is_kept = mapping is not None and mapping.behaviour.kept_on_put
        if self.is_needed(returned) or is_kept:
            pytest.skip("a PUT without this attribute keeps its value")
        resource = self.make_with(scim, returned, self.value(scim, returned, 0), 0)
        answer = scim.put(self.at(resource), self.body(scim, 0))
        if attribute.mutability == "immutable":
            assert_error(answer, 400, "mutability", returned)
            return
        assert answer.status_code == 200, answer.data
        self.assert_shows(returned, None, self.read(scim, resource, returned))

    @pytest.mark.parametrize("op", ["add", "replace"])
    def test_patch_sets_it(self, scim: ScimClient, returned: str, op: str) -> None:
        made = scim.make(self.endpoint, self.body(scim, 0))
        value = self.value(scim, returned, 1)
        operation = {"op": op, "path": returned, "value": value}
        version = made["meta"]["version"]
        self.patch(scim, made, operation)
        resource = self.read(scim, made, returned)
        self.assert_shows(returned, value, resource)
        assert resource["meta"]["version"] != version
        self.patch(scim, made, operation)  # again: changes nothing, so the version stays
        assert scim.get(self.at(made)).data["meta"] == resource["meta"]
        assert Event.objects.latest("pk").outcome == Event.Outcome.NO_CHANGE

    def test_patch_takes_it_away(self, scim: ScimClient, returned: str) -> None:
        resource = self.make_with(scim, returned, self.value(scim, returned, 0), 0)
        operation = {"op": "remove", "path": returned}
        attribute = self.find(returned).attribute
        if attribute.required or attribute.mutability == "immutable":
            assert_error(scim.patch(self.at(resource), operation), 400, "mutability", returned)
            return
        if self.is_needed(returned):
            pytest.skip("the required extension needs an attribute")
        before = self.read(scim, resource, returned)
        self.patch(scim, resource, operation)
        after = self.read(scim, resource, returned)
        mapping = self.adapter.declaration().by_path.get(returned)
        if mapping is not None and mapping.behaviour.always_present:
            assert after == before
        else:
            self.assert_shows(returned, None, after)

    def test_a_client_cannot_write_what_is_read_only(
        self, scim: ScimClient, read_only: str
    ) -> None:
        made = scim.make(self.endpoint, self.body(scim, 0))
        found = self.find(read_only)
        value = sample(found.attribute, 0)
        operation = {"op": "replace", "path": read_only, "value": value}
        assert_error(scim.patch(self.at(made), operation), 400, "mutability", read_only)
        body = self.body(scim, 0, **{read_only: value})  # PUT ignores it (RFC 7644 3.5.1)
        assert scim.put(self.at(made), body).status_code == 200
        before, after = (take(each, found) for each in (made, scim.get(self.at(made)).data))
        assert before == after

    def test_it_is_found(self, scim: ScimClient, returned: str) -> None:
        one, other, without = self.three(scim, returned)
        path = self.simple(returned)
        if returned in self.unfilterable:
            assert_error(self.search(scim, f"{path} pr"), 400, "invalidFilter")
            return
        everyone, value = (one, other, without), self.leaf_value(returned, one)
        same = [each for each in everyone if self.leaf_value(returned, each) == value]
        different = [each for each in everyone if each not in same]
        assert one in same and other in different
        given = json.dumps(value)
        assert self.found(scim, f"{path} eq {given}") == _ids(*same)
        assert self.found(scim, f"{path} ne {given}") == _ids(*different)
        assert self.found(scim, f"not ({path} eq {given})") == _ids(*different)
        absent = [each for each in everyone if self.leaf_value(returned, each) is None]
        present = [each for each in everyone if each not in absent]
        assert self.found(scim, f"{returned} pr") == _ids(*present)
        assert self.found(scim, f"not ({returned} pr)") == _ids(*absent)

    def test_operators_never_widen_a_result(self, scim: ScimClient, returned: str) -> None:
        one, other, last = self.three(scim, returned)
        greater = [other] if self.leaf_value(returned, last) is None else [other, last]
        attribute, path = self.leaf(returned), self.simple(returned)
        value = self.leaf_value(returned, one)
        trials: list[tuple[str, Any, list[str]]] = []
        if attribute.is_text and attribute.type != "binary":
            swapped = value.swapcase()
            same = _ids(one) if swapped == value or not attribute.case_exact else []
            trials = [("co", value[1:] or value, _ids(one)), ("sw", value, _ids(one)),
                      ("ew", "no such end", []), ("eq", swapped, same)]  # fmt: skip
        elif attribute.type in ORDERED:
            trials = [("lt", value, []), ("le", value, _ids(one)), ("gt", value, _ids(*greater)),
                      ("ge", value, _ids(one, *greater))]  # fmt: skip
        for op, operand, expected in trials:
            text = f"{path} {op} {json.dumps(operand)}"
            answer = self.search(scim, text)
            if answer.status_code != 200:
                assert_error(answer, 400, "invalidFilter")
            else:
                found = sorted(each["id"] for each in answer.data["Resources"])
                assert found == expected, f"the filter {text} found the wrong resources"

    def test_it_sorts(self, scim: ScimClient, returned: str) -> None:
        made = self.three(scim, returned)
        path = self.simple(returned)
        if returned in self.unsortable:
            assert_error(scim.get(self.endpoint, {"sortBy": path}), 400, "invalidValue", path)
            return
        if self.mapping_refers(returned):
            pytest.skip("the order depends on the referenced resources")
        present = [each for each in made if self.leaf_value(returned, each) is not None]
        present.sort(key=lambda each: self.leaf_value(returned, each))
        absent = [each for each in made if each not in present]
        # Absent values come last ascending, first descending (RFC 7644 section 3.4.2.3).
        for order, expected in (
            ("ascending", present + absent),
            ("descending", absent + present[::-1]),
        ):
            answer = scim.get(self.endpoint, {"sortBy": path, "sortOrder": order})
            assert answer.status_code == 200, answer.data
            ids = [each["id"] for each in expected]
            listed = [each["id"] for each in answer.data["Resources"] if each["id"] in ids]
            keys = {each["id"]: self.leaf_value(returned, each) for each in expected}
            assert [keys[each] for each in listed] == [keys[each] for each in ids]

    def test_a_walk_in_its_order(self, scim: ScimClient, returned: str) -> None:
        """Pages by cursor have the same order as the list (RFC 9865), also across all types."""
        by = {"sortBy": self.simple(returned)}
        if returned in self.unsortable or scim.get(self.endpoint, by).status_code == 400:
            pytest.skip("clients cannot sort by it")  # test_it_sorts checks if that is right
        self.three(scim, returned)
        for endpoint in (self.endpoint, "/"):
            for order in ("ascending", "descending"):
                query = by | {"sortOrder": order, "attributes": "id"}
                whole = scim.get(endpoint, query).data["Resources"]
                pages = scim.pages(endpoint, count=2, **query)
                assert [each for page in pages for each in page["Resources"]] == whole

    def test_only_it_is_read(self, scim: ScimClient, returned: str) -> None:
        resource = self.make_with(scim, returned, self.value(scim, returned, 0), 0)
        found = self.find(returned)
        if found.attribute.returned == "request":
            assert take(scim.get(self.at(resource)).data, found) is None
        alone = scim.get(self.at(resource), {"attributes": returned}).data
        assert take(alone, found) == take(resource, found)
        urns = [found.schema] if found.is_extension else [found.attribute.name]
        assert set(alone) <= {"schemas", "id", *urns}
        rest = scim.get(self.at(resource), {"excludedAttributes": returned}).data
        if found.attribute.returned == "default":
            assert take(rest, found) is None

    def test_a_change_is_in_its_event(self, scim: ScimClient, returned: str) -> None:
        made = scim.make(self.endpoint, self.body(scim, 0))
        value = self.value(scim, returned, 1)
        self.patch(scim, made, {"op": "replace", "path": returned, "value": value})
        event = Event.objects.latest("pk")
        assert event.scim_id == made["id"] and event.outcome == Event.Outcome.SUCCESS
        assert any(change["path"].startswith(returned) for change in event.changes)

    def test_another_connection_sees_nothing_of_it(self, scim: ScimClient, returned: str) -> None:
        resource = self.make_with(scim, returned, self.value(scim, returned, 0), 0)
        stranger = ScimClient(connections.create("Stranger"))
        assert_error(stranger.get(self.at(resource)), 404)
        operation = {"op": "remove", "path": returned}
        assert stranger.patch(self.at(resource), operation).status_code in (400, 404)
        answer = self.search(stranger, f"{returned} pr")
        assert answer.status_code == 400 or answer.data["totalResults"] == 0

    def test_a_bulk_makes_it(self, scim: ScimClient, returned: str) -> None:
        """A bulk operation has the same effect as a single request (RFC 7644 section 3.7)."""
        value = self.value(scim, returned, 0)
        path, body = self.endpoint, self.body(scim, 0, **{returned: value})
        made, again, gone = scim.bulk(
            {"method": "POST", "path": path, "bulkId": "made", "data": body},
            {"method": "PUT", "path": f"{path}/bulkId:made", "data": body},
            {"method": "DELETE", "path": f"{path}/bulkId:unknown"},
        ).data["Operations"]
        assert (made["status"], again["status"], gone["status"]) == ("201", "200", "400")
        assert made["version"] == again["version"]
        resource = scim.get(f"{path}/{made['location'].rpartition('/')[2]}").data
        assert resource["meta"]["version"] == made["version"]
        if self.find(returned).attribute.returned == "default":
            self.assert_shows(returned, value, resource)


def _ids(*resources: dict[str, Any]) -> list[str]:
    return sorted(each["id"] for each in resources)
