"""``manage.py scim_link``: assign the accounts that a site already has to a connection."""

from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...adapters.accounts.user_models import has
from ...adapters.bulk_linking import By, Survey, assign_matching, confirm_adopted, survey
from ...audit.administration import Actor, Description, record
from ...models import Connection
from ._progress import Progress
from ._tables import require_tables

SHOWN_CONFLICTS = 20


class Command(BaseCommand):
    help = (
        "Assign to a connection every account that its identity provider can recognise, by user "
        "name or by an e-mail address that no other account has. Staff members, superusers, "
        "accounts of another connection and accounts that this connection has deleted are never "
        "assigned. A tenant's connection gets only accounts that belong to the tenant. Each "
        "assigned account is confirmed: the identity provider may change its name and addresses. "
        "It can never delete the account permanently."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--connection", required=True, help="name of the connection")
        parser.add_argument(
            "--by", required=True, choices=("username", "email"), help="how to recognise accounts"
        )
        parser.add_argument("--group", help="assign only accounts in this group of the site")
        parser.add_argument(
            "--confirm",
            action="store_true",
            help="also confirm matching accounts that the connection has already adopted",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only print what it would assign"
        )

    def handle(self, *args: Any, connection: str, by: By, **options: Any) -> None:
        require_tables()
        chosen = Connection.objects.filter(name=connection).first()
        if chosen is None:
            names = ", ".join(Connection.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no connection {connection!r}. Connections: {names}.")
        try:
            found = survey(chosen, by, self._members(options["group"]))
        except LookupError as error:
            raise CommandError(str(error)) from None
        self._show(found, by, everything=options["verbosity"] > 1)
        if options["dry_run"]:
            self.stdout.write("Nothing was written.")
            return
        actor = Actor("scim_link on the command line")
        progress = Progress(self.stderr, "accounts assigned")
        record_assigned = partial(record, chosen, Description.ASSIGNED, actor)
        count = assign_matching(chosen, found, progress, record_assigned)
        progress.end()
        accounts = "account was" if count == 1 else "accounts were"
        self.stdout.write(f"{count} {accounts} assigned to {chosen}.")
        if options["confirm"]:
            record_confirmed = partial(record, chosen, Description.CONFIRMED, actor)
            count = confirm_adopted(chosen, found, record_confirmed)
            adoptions = "adoption was" if count == 1 else "adoptions were"
            self.stdout.write(f"{count} {adoptions} confirmed.")

    def _members(self, name: str | None) -> Any:
        """Return the accounts in a group, or None for all accounts."""
        if name is None:
            return None
        model: Any = get_user_model()
        if not has(model, "groups"):
            raise CommandError("The site's users have no groups.")
        groups = model._meta.get_field("groups").related_model._default_manager
        group = groups.filter(name=name).first()
        if group is None:
            raise CommandError(f"There is no group {name!r}.")
        return model._default_manager.filter(groups=group)

    def _show(self, found: Survey, by: str, *, everything: bool) -> None:
        """Print how many accounts there are of each kind, and which ones are in conflict."""
        attribute = "user name" if by == "username" else "e-mail address"
        article = "a" if by == "username" else "an"
        for kind, number in (
            ("to be assigned", len(found.matching)),
            ("already linked to this connection", found.assigned),
            ("already adopted, unconfirmed", len(found.unconfirmed)),
            ("protected (staff members and superusers)", found.protected),
            ("outside of the connection's tenant", found.outside_tenant),
            ("linked to another connection", found.linked_elsewhere),
            ("deleted by this connection", found.deleted),
            (f"without {article} {attribute}", found.without_value),
            (f"in conflict: same {attribute} as another account, ignoring case", found.conflicting),
        ):
            self.stdout.write(f"{number:>8}  {kind}")
        shown = len(found.conflicts) if everything else SHOWN_CONFLICTS
        for text, names in sorted(found.conflicts.items())[:shown]:
            self.stdout.write(
                f"          conflict: {text} ({len(names)} accounts): {', '.join(names)}"
            )
        if len(found.conflicts) > shown:
            more = len(found.conflicts) - shown
            self.stdout.write(f"          and {more} more conflicts; use --verbosity 2 to list all")
