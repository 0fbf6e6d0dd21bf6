"""SCIM Group on Django's groups (RFC 7643 section 4.2)."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db.models import Expression, F

from ..models import GroupLink, fold_key
from ..protocol.attributes import AttributePath, load_schema
from ..protocol.errors import Uniqueness
from ..protocol.tolerances import Tolerance
from .base import ResourceAdapter
from .draft import Change, Draft
from .fields import Field
from .members import Members


class GroupAdapter(ResourceAdapter):
    """A group as its connection names it. The site's group of that name is never adopted."""

    name, endpoint, description = "Group", "Groups", "Group"
    schema = load_schema("Group")
    model, link = Group, GroupLink
    attributes = {
        "displayName": Field("link.display_name", key="link.display_key"),
        "members": Members("user_set", to="User", kind="User"),
    }

    def display(self) -> Expression | F:
        return F("display_name")

    def name_of(self, link: Any) -> str:
        return str(link.display_name)

    def keeps(self, draft: Draft, path: AttributePath, is_given: bool) -> bool:
        if super().keeps(draft, path, is_given):
            return True
        if path.name != "members" or is_given:
            return False
        return self.tolerances.permit(Tolerance.KEEP_MEMBERS)

    def before_save(self, draft: Draft) -> None:
        if draft.changed("displayName"):
            self._reserve_name(draft)
            field = Group._meta.get_field("name")
            draft.set((), field, self.choose_name(draft), "")

    def _reserve_name(self, draft: Draft) -> None:
        """Make sure that the connection has no other group of that name. Raises Uniqueness."""
        name = draft.link.display_name
        same = GroupLink.objects.filter(connection=self.connection, display_key=fold_key(name))
        other = same.exclude(pk=draft.link.pk).first()
        if other is None:
            return
        if other.target_id is not None:
            raise Uniqueness(f"displayName: there is a group {name!r} already")
        GroupLink.objects.filter(pk=other.pk).update(display_key=None)  # its group is gone

    def choose_name(self, draft: Draft) -> str:
        """Return the name of the Django group: the client's, made unique and short enough."""
        limit = Group._meta.get_field("name").max_length or 150
        name = draft.link.display_name
        wanted = name[:limit]
        suffix = f" ({self.connection.name})"
        for candidate in (wanted, wanted[: limit - len(suffix)] + suffix):
            if not Group.objects.filter(name=candidate).exclude(pk=draft.target.pk).exists():
                return candidate
        suffix = f" ({uuid4().hex[:8]})"
        return wanted[: limit - len(suffix)] + suffix

    def delete(self, link: Any) -> list[Change]:
        type(link).objects.filter(pk=link.pk).update(display_key=None)  # the name is free again
        return super().delete(link)
