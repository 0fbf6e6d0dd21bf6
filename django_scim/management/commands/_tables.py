"""Say in one sentence that a command needs the tables of this app."""

from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, connections, router

from ...availability import is_unavailable, on_one_line
from ...models import Connection


def require_tables() -> None:
    """Raise CommandError if the database cannot be reached, or ``migrate`` has not run."""
    alias = router.db_for_write(Connection)
    try:
        Connection.objects.using(alias).values_list("pk", flat=True).first()
    except (DatabaseError, InterfaceError) as error:
        if is_unavailable(error):
            raise CommandError(f"The database cannot be reached: {on_one_line(error)}") from None
        tables = _tables(alias)
        if Connection._meta.db_table in tables:
            raise CommandError(
                "The tables of django_scim are older than its code. Run manage.py migrate first."
            ) from None
        raise CommandError(
            "The tables of django_scim do not exist yet. Run manage.py migrate first."
        ) from None


def _tables(alias: str) -> list[str]:
    return connections[alias].introspection.table_names()
