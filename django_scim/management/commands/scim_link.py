"""``manage.py scim_link``: give a connection the accounts that a site has already."""

from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...adapters.accounts.user_models import has
from ...adapters.bulk_linking import By, Survey, assign_matching, confirm_adopted, survey
from ...audit.administration import Actor, record
from ...models import Connection
from ._progress import Progress

SHOWN_CLASHES = 20


class Command(BaseCommand):
    help = (
        "Give a connection every account that its identity provider can recognise: by its user "
        "name, or by an e-mail address that no other account has. Staff and superusers are never "
        "given, nor accounts that another connection has, nor those that this one has deleted; to "
        "a tenant's connection only accounts that belong to the tenant. "
        "What you give so is confirmed: the identity provider may change the account's name and "
        "addresses. It can never delete the account for good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--connection", required=True, help="the connection's name")
        parser.add_argument(
            "--by", required=True, choices=("username", "email"), help="what it is recognised by"
        )
        parser.add_argument("--group", help="only accounts in this group of the site")
        parser.add_argument(
            "--confirm",
            action="store_true",
            help="also confirm those among them that the connection has adopted already",
        )
        parser.add_argument("--dry-run", action="store_true", help="show, and write nothing")

    def handle(self, *args: Any, connection: str, by: By, **options: Any) -> None:
        chosen = Connection.objects.filter(name=connection).first()
        if chosen is None:
            names = ", ".join(Connection.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no connection {connection!r}; there is {names}.")
        try:
            found = survey(chosen, by, self._members(options["group"]))
        except LookupError as error:
            raise CommandError(str(error)) from None
        self._show(found, by, everything=options["verbosity"] > 1)
        if options["dry_run"]:
            self.stdout.write("Nothing was written.")
            return
        actor = Actor("scim_link on the command line")
        progress = Progress(self.stderr, "accounts given")
        given = partial(record, chosen, "given to the connection", actor)
        count = assign_matching(chosen, found, progress, given)
        progress.end()
        self.stdout.write(f"{count} accounts were given to {chosen}.")
        if options["confirm"]:
            confirmed = partial(record, chosen, "link confirmed", actor)
            count = confirm_adopted(chosen, found, confirmed)
            self.stdout.write(f"{count} adoptions were confirmed.")

    def _members(self, name: str | None) -> Any:
        """Return the accounts in a group, None for all there are."""
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
        for what, number in (
            ("to be given", len(found.matching)),
            ("given already", found.assigned),
            ("adopted already, waiting for confirmation", len(found.unconfirmed)),
            ("protected: staff and superusers", found.protected),
            ("not of the connection's tenant", found.outside_tenant),
            ("held by another connection", found.linked_elsewhere),
            ("deleted by this connection", found.deleted),
            (f"without {'a name' if by == 'username' else 'an address'}", found.without_value),
            (f"in a clash: one {by} for several accounts, or but for case", found.conflicting),
        ):
            self.stdout.write(f"{number:>8}  {what}")
        shown = len(found.conflicts) if everything else SHOWN_CLASHES
        for text, names in sorted(found.conflicts.items())[:shown]:
            self.stdout.write(
                f"          clash: {text} ({len(names)} accounts): {', '.join(names)}"
            )
        if len(found.conflicts) > shown:
            more = len(found.conflicts) - shown
            self.stdout.write(f"          and {more} more clashes; --verbosity 2 shows all")
