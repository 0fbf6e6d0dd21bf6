from django.db.models import Q

from django_scim.adapters import GroupAdapter, Members

from .models import GroupLink, Team

ROBOTS = Q(is_robot=True)


class TeamAdapter(GroupAdapter):
    model, link, name_column = Team, GroupLink, "title"
    attributes = GroupAdapter.attributes | {"members": Members("people", to="User", kind="User")}
