"""Name the connection in the history of django-simple-history, django-reversion and auditlog.

The user of such an entry stays empty, because the change was made by no account of the site.
"""

from typing import Any

from django.apps import apps
from django.db.models.signals import m2m_changed, post_save, pre_save

from ..current import current_connection

#: The length of the column in which simple-history keeps the reason.
LIMIT = 100


def author() -> str:
    """Return the name of the author of changes, "" outside of a request of a connection."""
    connection = current_connection()
    return f"SCIM connection {connection.name}"[:LIMIT] if connection else ""


def connect() -> None:
    """Connect the receivers for the packages that the site has installed."""
    if apps.is_installed("simple_history"):
        from simple_history.signals import pre_create_historical_record

        pre_create_historical_record.connect(
            explain_record, dispatch_uid="django_scim.history", weak=False
        )
    if apps.is_installed("reversion"):
        for signal in (post_save, m2m_changed):
            signal.connect(explain_revision, dispatch_uid="django_scim.reversion", weak=False)
    if apps.is_installed("auditlog"):
        from auditlog.models import LogEntry

        pre_save.connect(
            explain_entry, sender=LogEntry, dispatch_uid="django_scim.auditlog", weak=False
        )


def explain_record(*, history_instance: Any, **kwargs: Any) -> None:
    """Set the reason of a historical record, unless the site gave one."""
    if (text := author()) and not history_instance.history_change_reason:
        history_instance.history_change_reason = text


def explain_revision(**kwargs: Any) -> None:
    """Set the comment of the revision that is being made, unless the site gave one."""
    if not (text := author()):
        return
    import reversion

    if reversion.is_active() and not reversion.get_comment():
        reversion.set_comment(text)


def explain_entry(*, instance: Any, **kwargs: Any) -> None:
    """Add the connection to the further data of an entry of auditlog."""
    if text := author():
        instance.additional_data = {"comment": text} | (instance.additional_data or {})
