from django_scim.adapters import GroupAdapter, Members, Memberships, UserAdapter

from .models import Team, TeamLink


class PersonAdapter(UserAdapter):
    attributes = UserAdapter.attributes | {"groups": Memberships("teams", to="Group")}


class TeamAdapter(GroupAdapter):
    model, link = Team, TeamLink
    attributes = GroupAdapter.attributes | {"members": Members("user_set", to="User", kind="User")}
