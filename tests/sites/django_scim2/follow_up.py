"""The requests of an identity provider after the move, with the ids that it got before it."""

import json
import sys

import django

django.setup()

from django_scim.models import Connection  # noqa: E402 - needs the settings
from django_scim.testing import ScimClient  # noqa: E402
from tests.sites.django_scim2.models import Team, User  # noqa: E402

ids = json.loads(sys.argv[1])
scim = ScimClient(Connection.objects.get())
scim.http.defaults["HTTP_HOST"] = "localhost"
found = scim.get("/Users", {"filter": 'externalId eq "00u1"'}).data["Resources"]
assert [each["id"] for each in found] == [ids["maria"]], found
group = scim.get(f"/Groups/{ids['team']}").data
assert group["displayName"] == "Sales"
assert {each["value"] for each in group["members"]} == {ids["maria"], ids["ben"]}
title = {"op": "replace", "path": "title", "value": "Lead"}
assert scim.patch(f"/Users/{ids['maria']}", title).status_code == 200
off = {"op": "replace", "value": {"active": False}}
assert scim.patch(f"/Users/{ids['ben']}", off).status_code == 200
assert not User.objects.get(username="ben").is_active
leave = {"op": "remove", "path": f'members[value eq "{ids["maria"]}"]'}
assert scim.patch(f"/Groups/{ids['team']}", leave).status_code in (200, 204)
assert not Team.objects.get().user_set.filter(username="maria").exists()
assert scim.get(f"/Users/{ids['boss']}").status_code == 404  # staff
assert scim.delete(f"/Users/{ids['ben']}").status_code == 204
assert scim.get(f"/Users/{ids['ben']}").status_code == 404
