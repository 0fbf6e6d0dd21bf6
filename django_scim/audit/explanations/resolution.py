"""Find the event that settled an earlier refusal."""

from collections.abc import Mapping
from functools import reduce
from operator import or_

from django.db.models import Q

from ...models import Event
from .advice import needs_attention

_A = Event.Action
#: The actions whose success settles a refused action.
_SETTLED_BY: Mapping[str, tuple[str, ...]] = {
    _A.CREATE: (_A.CREATE, _A.UPDATE, _A.DEACTIVATE, _A.REACTIVATE, _A.MEMBERSHIP),
    _A.UPDATE: (_A.UPDATE, _A.DEACTIVATE, _A.REACTIVATE, _A.DELETE, _A.MEMBERSHIP),
    _A.REACTIVATE: (_A.REACTIVATE, _A.UPDATE, _A.DELETE),
    _A.DEACTIVATE: (_A.DEACTIVATE, _A.DELETE),
    _A.DELETE: (_A.DELETE,),
    _A.MEMBERSHIP: (_A.MEMBERSHIP, _A.UPDATE, _A.DELETE),
}


def resolution_of(event: Event) -> Event | None:
    """Return the first success of the same connection for the same person or group, or None.

    A refused deactivation is settled only by one, not by any later change: until then, the person
    keeps their access.
    """
    actions = _SETTLED_BY.get(event.action)
    names = {"scim_id": event.scim_id, "name_key": event.name_key}
    names["external_key"] = event.external_key
    given = [Q(**{column: value}) for column, value in names.items() if value]
    if not (needs_attention(event) and actions and given and event.connection_id):
        return None
    later = Event.objects.filter(
        reduce(or_, given),
        connection=event.connection_id,
        resource_type=event.resource_type,
        action__in=actions,
        outcome__in=(Event.Outcome.SUCCESS, Event.Outcome.NO_CHANGE),
        created__gt=event.created,
    )
    return later.order_by("created", "pk").first()
