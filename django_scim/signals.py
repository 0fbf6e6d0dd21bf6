"""What a site can listen to: what connections did to its objects, once it is committed.

``sender`` is the model of the object. Every signal has these keywords:

- ``connection``: the connection whose client asked for it,
- ``object``: the user, the group, or the object of a type of the site's own,
- ``changes``: a tuple of ``django_scim.adapters.Change``, each with path, old and new,
- ``resource_type`` and ``scim_id``, as the client knows the object.

One write sends every signal that fits: a PATCH that ends an account sends ``updated`` and
``deactivated``. Receivers run after the commit, each by itself: an exception is logged and
neither undoes the write nor reaches the client.
"""

from django.dispatch import Signal

#: A connection created a resource; an account that came back or was adopted counts as one.
created = Signal()
#: It changed an existing one, in whatever way.
updated = Signal()
#: An account was active and is so no more, by a change or by the deletion of its resource.
deactivated = Signal()
#: An account that was inactive is active again; nothing that it lost is given back.
reactivated = Signal()
#: Members were added to a group or taken out: ``new`` has those given, ``old`` those taken.
membership_changed = Signal()
#: The resource is gone. The object lives on where the connection deactivates instead of deleting.
deleted = Signal()
