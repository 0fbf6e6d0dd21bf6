"""Conditions for taking over an existing account, whether it is adopted or revived.

The functions take the UserAdapter of a request, and run in the transaction of a write.
"""

import hashlib
from typing import Any

from ..writing.locks import for_update
from .user_models import has, privileges


def lock_account(adapter: Any, user: Any) -> Any:
    """Lock an account's row and return it as it is now, or None if it no longer exists.

    Lock before you check anything else, so that no other request changes the answer.
    """
    return for_update(adapter.model._base_manager.filter(pk=user.pk)).first()


def may_reach(adapter: Any, user: Any) -> bool:
    """Return whether the connection may take over a locked account.

    No connection may have it, it must not be privileged or excluded by ``unprotected``, and it
    must belong to the connection's tenant, if there is one.
    """
    return (
        not any(getattr(user, flag) for flag in privileges(adapter.model))
        and _is_in_tenant(adapter, user)
        and _is_free(adapter, user)
    )


def _is_in_tenant(adapter: Any, user: Any) -> bool:
    """Return whether the account belongs to the connection's tenant, if it has one."""
    connection = adapter.connection
    if not connection.has_tenant:
        return True
    if connection.tenant_is_gone():
        return False
    return bool(adapter.belongs_to(user, connection.tenant))


def _is_free(adapter: Any, user: Any) -> bool:
    """Return whether no connection has the account, and ``unprotected`` allows this one.

    ``unprotected`` is a condition on links, so a temporary link is saved to test it.
    """
    own = adapter.link._default_manager.filter(connection=adapter.connection, target=user.pk)
    if adapter.has_explicit_link(user.pk) or own.exists():
        return False
    flags = {"preexisting": True, "unconfirmed": True}
    link = adapter.link(connection=adapter.connection, target=user, **flags)
    link.save()
    is_unprotected = own.filter(adapter.unprotected()).exists()
    link.delete()
    return bool(is_unprotected)


def access_of(adapter: Any, user: Any) -> list[str]:
    """Return an account's permissions, and its groups that the connection cannot see, as texts.

    The connection did not give it this access. Among the groups are objects of the site's own
    resource types that have members.
    """
    access = dict(_access(adapter, user))
    texts = []
    if has(adapter.model, "user_permissions"):
        names = user.user_permissions.order_by("content_type__app_label", "codename")
        pairs = names.values_list("content_type__app_label", "codename")
        texts += [f"the permission {app}.{codename}" for app, codename in pairs]
    for label, model in _groups(adapter).items():
        owners = access.get(label, [])
        found = model._base_manager.filter(pk__in=owners).exclude(pk__in=_visible(adapter, model))
        texts += [f"the {model._meta.verbose_name} {each}" for each in found.order_by("pk")]
    return texts


def _groups(adapter: Any) -> dict[str, Any]:
    """Return the model of the groups in each table of memberships."""
    models: dict[str, Any] = {}
    if has(adapter.model, "groups"):
        field = adapter.model._meta.get_field("groups")
        models[field.remote_field.through._meta.label] = field.related_model
    for name in adapter.registry.names():
        other = adapter.registry.adapter(name)
        for mapping in other.declared.members:
            if mapping.to == adapter.name:
                models[mapping.relation.through._meta.label] = other.model
    return models


def _visible(adapter: Any, model: Any) -> list[Any]:
    """Return the keys of the objects of a model that the connection has."""
    keys: list[Any] = []
    for name in adapter.registry.names():
        other = adapter.registry.adapter(name)
        if other.model is model:
            keys += other.queryset().values_list("target", flat=True)
    return keys


def was_released(adapter: Any, user: Any) -> bool:
    """Return whether the last thing that happened to an account is a deletion by a connection."""
    tombstones = adapter.link._default_manager.exclude(release_digest="")
    digests = tombstones.filter(target=None, former_target_key=str(user.pk))
    return digest_of(adapter, user) in set(digests.values_list("release_digest", flat=True))


def digest_of(adapter: Any, user: Any) -> str:
    """Return a digest of an account as it is stored: its columns, groups and permissions.

    A column with its default value does not count, so that the site can add one to its user model
    without changing the digest of every account. ``user`` must have been read from the database.
    """
    stored = [
        (field.name, field.value_to_string(user))
        for field in user._meta.concrete_fields
        if (field.has_default() and callable(field.default))
        or field.value_from_object(user) != field.get_default()
    ]
    text = repr((sorted(stored), _access(adapter, user)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _access(adapter: Any, user: Any) -> list[tuple[str, list[str]]]:
    """Return an account's permissions and groups: for each table, the keys of the other end."""
    found: dict[str, list[str]] = {}
    for name in ("groups", "user_permissions"):
        if has(adapter.model, name):
            field = adapter.model._meta.get_field(name)
            through = field.remote_field.through
            rows = through._base_manager.filter(**{field.m2m_field_name(): user.pk})
            keys = rows.values_list(field.m2m_reverse_field_name(), flat=True)
            found[through._meta.label] = sorted(map(str, keys))
    for name in adapter.registry.names():
        for mapping in adapter.registry.adapter(name).declared.members:
            label = mapping.relation.through._meta.label
            if mapping.to == adapter.name and label not in found:
                owners = mapping.relation.owners(user.pk).values_list(
                    mapping.relation.owner, flat=True
                )
                found[label] = sorted(map(str, owners))
    return sorted((label, keys) for label, keys in found.items() if keys)
