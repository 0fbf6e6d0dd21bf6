"""Conditions for taking over an existing account, whether it is adopted or revived.

The functions take the UserAdapter of a request, and run in the transaction of a write.
"""

import hashlib
from collections.abc import Sequence
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
    must belong to the connection's tenant, if there is one. The statements are the same for every
    account, so that their number does not tell why it is refused.
    """
    is_in_tenant, is_free = _is_in_tenant(adapter, user), _is_free(adapter, user)
    return not is_privileged(adapter, user) and is_in_tenant and is_free


def is_privileged(adapter: Any, user: Any) -> bool:
    """Return whether an account is staff or a superuser."""
    return any(getattr(user, flag) for flag in privileges(adapter.model))


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

    ``unprotected`` is a condition on links, so a temporary link is saved to test it. If there is a
    link already, the temporary one has no target.
    """
    own = adapter.link._default_manager.filter(connection=adapter.connection, target=user.pk)
    is_linked, is_own = adapter.has_explicit_link(user.pk), own.exists()
    flags = {"preexisting": True, "unconfirmed": True}
    target = None if is_own else user
    link = adapter.link(connection=adapter.connection, target=target, **flags)
    link.save()
    is_unprotected = own.filter(adapter.unprotected()).exists()
    link.delete()
    return bool(is_unprotected and not is_linked and not is_own)


def access_of(adapter: Any, user: Any) -> list[str]:
    """Return an account's permissions, and its groups that the connection cannot see, as texts.

    The connection did not grant this access. Objects of additional resource types that have members
    count as groups.
    """
    access = dict(_access_of(adapter, [user.pk])[str(user.pk)])
    texts = []
    if has(adapter.model, "user_permissions"):
        names = user.user_permissions.order_by("content_type__app_label", "codename")
        pairs = names.values_list("content_type__app_label", "codename")
        texts += [f"the permission {app}.{codename}" for app, codename in pairs]
    for label, model in _groups(adapter).items():
        owners = access.get(label, [])
        found = model._base_manager.filter(pk__in=owners).exclude(pk__in=_visible(adapter, model))
        texts += [f"the {model._meta.model_name} {each}" for each in found.order_by("pk")]
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

    ``user`` must have been read from the database.
    """
    return digests_of(adapter, [user])[user.pk]


def digests_of(adapter: Any, users: Sequence[Any]) -> dict[Any, str]:
    """Return the digests of accounts by their primary keys."""
    access = _access_of(adapter, [user.pk for user in users])
    return {user.pk: _digest(user, access[str(user.pk)]) for user in users}


def _digest(user: Any, access: list[tuple[str, list[str]]]) -> str:
    """Return the digest of an account with this access.

    A column with its default value does not count, so that the site can add one to its user model
    without changing the digest of every account.
    """
    stored = [
        (field.name, field.value_to_string(user))
        for field in user._meta.concrete_fields
        if (field.has_default() and callable(field.default))
        or field.value_from_object(user) != field.get_default()
    ]
    text = repr((sorted(stored), access))
    return hashlib.sha256(text.encode()).hexdigest()


def _access_of(adapter: Any, keys: Sequence[Any]) -> dict[str, list[tuple[str, list[str]]]]:
    """Return the permissions and groups of accounts, by their primary keys as text.

    For each table of an account they contain the keys of the other end.
    """
    tables: dict[str, tuple[Any, str, str]] = {}
    for name in ("groups", "user_permissions"):
        if has(adapter.model, name):
            field = adapter.model._meta.get_field(name)
            through = field.remote_field.through
            names = field.m2m_field_name(), field.m2m_reverse_field_name()
            tables[through._meta.label] = through, *names
    for name in adapter.registry.names():
        for mapping in adapter.registry.adapter(name).declared.members:
            relation = mapping.relation
            if mapping.to == adapter.name:
                names = relation.member, relation.owner
                tables.setdefault(relation.through._meta.label, (relation.through, *names))
    found: dict[str, list[tuple[str, list[str]]]] = {str(key): [] for key in keys}
    for label, (through, member, other) in sorted(tables.items()):
        rows = through._base_manager.filter(**{f"{member}__in": keys})
        others: dict[str, list[str]] = {}
        for key, each in rows.values_list(member, other):
            others.setdefault(str(key), []).append(str(each))
        for key, owned in others.items():
            found[key].append((label, sorted(owned)))
    return found
