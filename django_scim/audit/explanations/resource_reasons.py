"""The reasons of refusals that lie in a resource, or in what should change of it.

This is the second half of the table in ``reasons``.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from .steps import APPLIED, MATCHED, Reason

_MAPPING = _("Correct the value or the attribute mapping at the identity provider.")
_DEFECT = _("Search the site's log for the request id, and report the defect.")

RESOURCE_REASONS: Mapping[str, Reason] = {
    # The resource
    "resource_unknown": Reason(
        _("this connection has no such person or group"),
        _("No resource of this connection has this id. It may belong to another connection, or "
          "the identity provider remembers it from another site."),
        _("Let the identity provider forget the id: remove the assignment and assign it again."),
        MATCHED,
    ),
    "resource_deleted": Reason(
        _("it was deleted or unassigned before"),
        _("The connection had this person or group until it was deleted by the identity provider, "
          "or unassigned by an admin. The old id never works again."),
        _("Provision the person or group again at the identity provider, or assign the account "
          "on the connection's page."),
        MATCHED,
    ),
    "resource_protected": Reason(
        _("the account is protected"),
        _("The account became staff or superuser, or the site hides it from connections."),
        _("If the identity provider is to manage it, take these rights from the account."),
        MATCHED,
    ),
    "member_unknown": Reason(
        _("a member does not exist here"),
        _("The request names a member with the id %(value)s, which this connection cannot see."),
        _("Provision that person first: assign them to the application at the identity provider, "
          "then let it send the group again."),
        MATCHED,
    ),
    "no_target": Reason(
        _("the value to be changed does not exist"),
        _("The change selects a value, such as the address of a type, that the person lacks."),
        _("Use a profile with the tolerance create-target, such as default: it creates the value."),
        MATCHED,
    ),
    "version_outdated": Reason(
        _("it was changed in the meantime"),
        _("The resource was changed after the identity provider had read it (412)."),
        _("Usually nothing: the identity provider reads it again and repeats its change."),
        MATCHED,
    ),
    "version_missing": Reason(
        _("it did not say which version it changes"),
        _("This site sets REQUIRE_IF_MATCH, but the request has no If-Match header (428)."),
        _("Configure the identity provider to send If-Match, or unset REQUIRE_IF_MATCH."),
        MATCHED,
    ),
    # The change
    "name_taken": Reason(
        _("the name is taken"),
        _("Another account of this site has the userName “%(value)s”, compared without case."),
        _("If it is the same person, link that account to the connection. Otherwise change the "
          "userName at the identity provider."),
        APPLIED,
    ),
    "group_name_taken": Reason(
        _("the connection has another group of that name"),
        _("The connection has a group named “%(value)s” already, compared without case."),
        _("Rename one of the groups at the identity provider, or remove the older one there."),
        APPLIED,
    ),
    "group_name_reserved": Reason(
        _("the site does not allow this name for a group"),
        _("The name is reserved by this site, or belongs to a group that has permissions."),
        _("Choose another name for the group at the identity provider."),
        APPLIED,
    ),
    "value_taken": Reason(
        _("another account has the same %(attribute)s"),
        _("%(attribute)s must be unique, and another account has “%(value)s”."),
        _("If it is the same person, link that account to the connection. Otherwise correct the "
          "value of one of the two."),
        APPLIED,
    ),
    "read_only": Reason(
        _("only this site may change the attribute"),
        _("The identity provider tried to change an attribute that it may only read."),
        _("Remove the attribute from the attribute mapping at the identity provider."),
        APPLIED,
    ),
    "conflict": Reason(
        _("it contradicts other data"),
        _("The change contradicts other data of the request or of this site; see the detail."),
        _MAPPING,
        APPLIED,
    ),
    "in_use": Reason(
        _("other data depends on it"),
        _("Other data of this site refers to the account or group, and protects it from deletion."),
        _("Let the connection deactivate accounts instead of deleting them, or remove that data."),
        APPLIED,
    ),
    "database_refused": Reason(
        _("the database rejected it"),
        _("A value is taken, too long, or missing in a column that the site requires."),
        _("Search the site's log for the request id: it names the column."),
        APPLIED,
    ),
    "internal_error": Reason(
        _("this site has a defect"),
        _("The site failed while it handled the request (500)."),
        _DEFECT,
        APPLIED,
    ),
    "unknown": Reason(
        _("the request failed"), _("See the detail."), _("See the detail."), APPLIED
    ),
}  # fmt: skip
