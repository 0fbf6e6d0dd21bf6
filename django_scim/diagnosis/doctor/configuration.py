"""The settings, the migrations, and the indexes and constraints of the package's tables."""

from collections.abc import Iterator
from datetime import timedelta

from django.apps import apps
from django.conf import settings as site_settings
from django.core.checks import Tags, run_checks
from django.db import connections, models, router
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from ...conf import settings
from ...models import Connection, Event
from .findings import Finding, Options, examination, found

_PROCESS_CACHES = ("locmem.LocMemCache", "dummy.DummyCache")


@examination
def checks(options: Options) -> Iterator[Finding]:
    """Run the system checks, also those that read the database."""
    aliases = [router.db_for_read(Connection)]
    for each in run_checks(tags=["django_scim", Tags.database], databases=aliases):
        if each.id and each.id.startswith("django_scim."):
            yield Finding("check", f"{each.id}: {each.msg}")


@examination
def migrations(options: Options) -> Iterator[Finding]:
    """Find migrations of this package that were not applied."""
    executor = MigrationExecutor(connections[router.db_for_write(Connection)])
    wanted = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "django_scim"]
    missing = [migration.name for migration, _ in executor.migration_plan(wanted)]
    text = "migrations are not applied: run manage.py migrate django_scim"
    yield from found("migrations", text, missing)


@examination
def indexes(options: Options) -> Iterator[Finding]:
    """Find indexes and unique constraints that are missing in the database."""
    connection = connections[router.db_for_read(Connection)]
    lost_indexes, lost_constraints = [], []
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for model in apps.get_app_config("django_scim").get_models():
            table = model._meta.db_table
            if table not in tables:
                continue
            present = connection.introspection.get_constraints(cursor, table)
            lost_indexes += [
                f"{table}: {index.name}"
                for index in model._meta.indexes
                if index.name not in present
            ]
            unique = {tuple(each["columns"]) for each in present.values() if each["unique"]}
            lost_constraints += [
                f"{table}: {', '.join(columns)}"
                for columns in _unique_columns(model)
                if columns not in unique
            ]
    text = "indexes are missing: create them again, since look-ups read whole tables without them"
    yield from found("index", text, lost_indexes)
    text = "unique constraints are missing: concurrent requests can create duplicates"
    yield from found("constraint", text, lost_constraints)


def _unique_columns(model: type[models.Model]) -> Iterator[tuple[str, ...]]:
    for field in model._meta.local_concrete_fields:
        if field.unique and field.column and not field.primary_key:
            yield (field.column,)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            names = [model._meta.get_field(name) for name in constraint.fields]
            yield tuple(str(field.column) for field in names)  # type: ignore[union-attr]


@examination
def throttle_cache(options: Options) -> Iterator[Finding]:
    """Find a request limit whose count the processes of the site do not share."""
    backend = site_settings.CACHES.get("default", {}).get("BACKEND", "")
    if settings.THROTTLE_RATE and backend.endswith(_PROCESS_CACHES):
        text = (
            "THROTTLE_RATE is set, but the processes of the site do not share the default cache, "
            "so that each counts separately: use Redis, Memcached or the database"
        )
        yield Finding("throttle-cache", text, [backend])


@examination
def retention(options: Options) -> Iterator[Finding]:
    """Find events that scim_prune should have deleted."""
    days = settings.EVENT_RETENTION
    if days <= 0:
        return
    oldest = Event.objects.order_by("created").values_list("created", flat=True).first()
    if oldest is not None and oldest < timezone.now() - timedelta(days=days + 2):
        text = f"events are older than the {days} days of EVENT_RETENTION: run scim_prune every day"
        yield Finding("retention", text, [f"{oldest:%Y-%m-%d}"])
