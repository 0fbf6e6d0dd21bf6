"""What happens when the site itself saves a user: its key, its mirrored values, its links.

The site never notices: raw saves are left alone, nothing is done before there is a connection,
and no error of ours reaches the site's own save.
"""

import logging
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django.db.models.signals import post_save

from .conf import IMPORT_ERRORS

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
    """Keep up with the site's own writes to a user."""
    from .models import Connection

    if raw or not _concerns_us(instance, update_fields):
        return
    try:
        if getattr(instance, "_scim_saving", False):  # the draft keeps keys and values itself
            _link_on_commit(instance, created, using)
            return
        with transaction.atomic(using=using):
            if Connection.objects.exists():
                _keep_up(instance)
                _link_on_commit(instance, created, using)
    except (DatabaseError, *IMPORT_ERRORS):
        logger.exception("could not keep up with user %s", instance.pk)


def _concerns_us(user: Any, update_fields: Any) -> bool:
    ours = {user.USERNAME_FIELD, user.get_email_field_name()}
    return update_fields is None or bool(ours & set(update_fields))


def _keep_up(user: Any) -> None:
    from .adapters import linking
    from .adapters.accounts import usernames as names

    names.write_key(user)
    linking.refresh_mirrors(user)


def _link_on_commit(user: Any, created: bool, using: str) -> None:
    from .adapters import linking

    if created:
        transaction.on_commit(lambda: linking.link_new_users([user]), using=using, robust=True)
