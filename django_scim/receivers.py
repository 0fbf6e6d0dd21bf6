"""Keep SCIM data up to date when the site saves a user: folded key, mirrored values, links.

The receiver does nothing for raw saves (fixtures) or while there is no connection. Its errors are
logged and do not break the site's save.
"""

import logging
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django.db.models.signals import post_save

from .conf import IMPORT_ERRORS
from .primary import on_primary

logger = logging.getLogger("django_scim")


def connect() -> None:
    post_save.connect(
        user_saved, sender=get_user_model(), dispatch_uid="django_scim.user_saved", weak=False
    )


def user_saved(
    *,
    instance: Any,
    created: bool,
    raw: bool,
    update_fields: Any = None,
    using: str = "default",
    **kwargs: object,
) -> None:
    """Update the key and the mirrored values of a user that the site has saved.

    For a user whom SCIM saves, the unit of work updates them.
    """
    is_own = getattr(instance, "_scim_saving", False)
    if raw or (is_own and not created) or not _is_relevant(instance, update_fields):
        return
    with on_primary():
        _update(instance, created, using)


def _update(instance: Any, created: bool, using: str) -> None:
    from .models import Connection

    try:
        if getattr(instance, "_scim_saving", False):
            _link_on_commit(instance, created, using)
            return
        with transaction.atomic(using=using):
            if Connection.objects.exists():
                _refresh(instance)
                _link_on_commit(instance, created, using)
    except (DatabaseError, *IMPORT_ERRORS):
        logger.exception("could not update the SCIM data of user %s", instance.pk)


def _is_relevant(user: Any, update_fields: Any) -> bool:
    used = {user.USERNAME_FIELD, user.get_email_field_name()}
    return update_fields is None or bool(used & set(update_fields))


def _refresh(user: Any) -> None:
    from .adapters import linking
    from .adapters.accounts import usernames

    usernames.write_key(user)
    linking.refresh_mirrors(user)


def _link_on_commit(user: Any, created: bool, using: str) -> None:
    from .adapters import linking

    if created:
        transaction.on_commit(lambda: linking.link_new_users([user]), using=using, robust=True)
