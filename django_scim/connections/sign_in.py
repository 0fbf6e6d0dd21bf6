"""Find the account of a person who signs in through the identity provider of a connection."""

from typing import Any

from ..adapters.accounts import usernames
from ..adapters.registry import Registry
from ..argument_validation import require
from ..models import Connection, fold_key
from ..primary import on_primary
from ..protocol.tolerances import Tolerances


@on_primary()
def user_for(connection: Connection, *, external_id: str = "", user_name: str = "") -> Any:
    """Return the account that a connection has provisioned for a person, or None.

    Call this after the identity provider has authenticated the person. ``external_id`` is the value
    of the claim that is equal to SCIM's externalId; it is compared exactly. ``user_name`` is the
    value of the claim that is equal to userName, compared without case. It is used if no account
    has the externalId, and then finds only accounts that were provisioned without one; without
    ``external_id`` it finds any account of the connection.

    The result may be inactive: check ``is_active`` before you sign the person in. It is None, and
    the person must not be signed in to an existing account, in these cases:

    * The connection has no such account, or more than one with this externalId.
    * The account is protected, such as that of a superuser or of staff.
    * The connection adopted the account, and no admin has confirmed it: a sign-in would take over
      an account that the connection may not even rename.
    * The tenant of the connection no longer exists.
    """
    require(connection, Connection)
    if connection.tenant_is_gone():
        return None
    adapter = Registry(connection, Tolerances(connection.tolerated), "").adapter("User")
    links = adapter.queryset().filter(unconfirmed=False).select_related("target")
    if external_id:
        found = list(links.filter(external_id=external_id)[:2])
        if found:
            return found[0].target if len(found) == 1 else None
        links = links.filter(external_id="")
    if not user_name:
        return None
    same_name = links.filter(target__scim_key__folded=fold_key(user_name))[:2]
    users = [each.target for each in same_name if usernames.has_name(each.target, user_name)]
    return users[0] if len(users) == 1 else None
