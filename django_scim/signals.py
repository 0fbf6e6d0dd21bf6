"""Signals that a site can receive when a connection has changed one of its objects.

They are sent after the commit. ``sender`` is the model of the object, and every signal has these
keyword arguments:

- ``connection``: the connection whose client sent the request,
- ``object``: the user, the group, or the object of another resource type,
- ``changes``: a tuple of ``django_scim.adapters.Change``, each with path, old and new,
- ``resource_type`` and ``scim_id``: how the client identifies the object.

One request can send several signals: a PATCH that deactivates an account sends ``updated`` and
``deactivated``. An exception in a receiver is logged; it does not undo the change, does not
prevent the other receivers from running, and does not reach the client.
"""

from django.dispatch import Signal

#: A connection created a resource, reactivated a deleted account, or adopted an existing one.
created = Signal()
#: A connection changed an existing resource.
updated = Signal()
#: An active account became inactive, by a change or by the deletion of its resource.
deactivated = Signal()
#: An inactive account became active. Nothing that it lost by the deactivation is restored.
reactivated = Signal()
#: The members of a group changed: ``new`` lists those added, ``old`` those removed.
membership_changed = Signal()
#: A resource was deleted. The object still exists if the connection deactivates on deletion.
deleted = Signal()
