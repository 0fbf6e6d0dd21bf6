"""Read resources of a connection, by their ids or from a queryset of links."""

from collections.abc import Iterable, Sequence
from typing import Any

from ...protocol.projection import FULL, Projection
from .plan import Plan, plan_for, pop_version


class ResourceReader:
    """The part of an adapter that reads its resources. ``self`` is the adapter."""

    def read(self: Any, links: Any, projection: Projection = FULL) -> list[dict[str, Any]]:
        """Return the resources of a queryset of links, in the queryset's order."""
        found = self.read_with_columns(links, projection)
        return [resource for resource, _ in found if resource is not None]

    def read_with_columns(
        self: Any, links: Any, projection: Projection, *columns: str
    ) -> list[tuple[dict[str, Any] | None, Sequence[Any]]]:
        """Return (resource, values of ``columns`` of the link) for each link of a queryset.

        The resource is None if it was deleted during the query. The keys are read first, so that
        the database does not work out the columns of rows that a later page skips.
        """
        plan = self._plan(projection)
        found = list(links.values_list("pk", *columns))
        rows = plan.by_keys(self, [key for key, *_ in found])
        resources = dict(zip(rows, plan.resources(rows.values(), self), strict=True))
        return [(resources.get(key), columns) for key, *columns in found]

    def get(self: Any, scim_id: str, projection: Projection = FULL) -> dict[str, Any]:
        """Return one resource. Raise NotFound if the connection has none with this id."""
        plan = self._plan(projection)
        rows = plan.by_id(self, scim_id)
        if not rows:
            raise self.not_found(scim_id)
        return plan.resources(rows, self)[0]

    def _plan(self: Any, projection: Projection) -> Plan:
        return plan_for(self.declared, projection)

    def version(self: Any, link: Any) -> str:
        """Return the current version of a locked object."""
        return str(pop_version(self.get(link.scim_id, self.version_projection)))

    def current(self: Any, links: Iterable[Any]) -> dict[str, tuple[dict[str, Any], str]]:
        """Return several resources as they are now, each with its version, by their SCIM ids."""
        plan = self._plan(self.version_projection)
        rows = plan.by_keys(self, [link.pk for link in links])
        resources = plan.resources(rows.values(), self)
        return {each["id"]: (each, str(pop_version(each))) for each in resources}

    @property
    def version_projection(self: Any) -> Projection:
        """The smallest projection that contains the version: without derived attributes."""
        return Projection(excluded=self.declared.derived)
