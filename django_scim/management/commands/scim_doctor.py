"""``manage.py scim_doctor``: find problems of this site's provisioning."""

import json
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...diagnosis.doctor import Finding, Options, examine
from ...diagnosis.selftest import SEQUENCES, SelfTestImpossible, Step, run_selftest
from ._durations import duration
from ._output import ScimCommand


class Command(ScimCommand):
    help = (
        "Examine the configuration, the tables, the accounts and the connections, and print what "
        "is wrong. The exit status is 0 if nothing is wrong or everything was mended, else 1."
    )
    exit_status = ""  # see help
    needs_tables = False  # that they are missing is a finding
    examples = (
        ("", "print what is wrong; nothing is changed"),
        ("--fix", "also mend what is safe to mend"),
        ("--json", "the same findings as one JSON object, for a monitoring system"),
        ("--selftest okta", "send Okta's requests to this site's adapters, and undo everything"),
    )
    requires_system_checks: list[str] = []  # it reports their messages as findings

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="mend what is safe to mend")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--silent-after",
            type=duration,
            default=Options.silent_after,
            metavar="AGE",
            help="report connections without a request for so long; default: 3d",
        )
        parser.add_argument(
            "--unused-after",
            type=duration,
            default=Options.unused_after,
            metavar="AGE",
            help="report tokens that were not used for so long; default: 90d",
        )
        parser.add_argument(
            "--selftest",
            choices=list(SEQUENCES),
            help="only send the requests of an identity provider, in a transaction that is rolled "
            "back; your receivers of post_save run",
        )

    def handle(self, *args: Any, selftest: str | None, **options: Any) -> None:
        if selftest:
            is_good = self._selftest(selftest, options["json"])
        else:
            chosen = Options(options["silent_after"], options["unused_after"])
            is_good = self._examine(chosen, options["fix"], options["json"])
        if not is_good:
            sys.exit(1)

    def _examine(self, options: Options, fix: bool, as_json: bool) -> bool:
        findings = examine(options)
        for each in findings if fix else ():
            each.mend()
        if as_json:
            shown = [each.as_json() for each in findings]
            self.stdout.write(json.dumps({"findings": shown}, ensure_ascii=False))
        else:
            self._show(findings, fix)
        return all(each.is_fixed for each in findings)

    def _show(self, findings: list[Finding], fix: bool) -> None:
        for each in findings:
            count = f" ({each.count})" if each.count > 1 else ""
            state = "mended" if each.is_fixed else "--fix mends it" if each.is_fixable else ""
            self.stdout.write(f"{each.code}{count}: {each.text}{f' [{state}]' if state else ''}")
            for subject in each.subjects:
                self.stdout.write(f"    {subject}")
            if each.count > len(each.subjects) > 0:
                self.stdout.write(f"    and {each.count - len(each.subjects)} more")
        open_ones = sum(not each.is_fixed for each in findings)
        if not findings:
            self.stdout.write("Nothing is wrong.")
        elif fix:
            mended = len(findings) - open_ones
            self.stdout.write(f"{mended} mended, {open_ones} left.")
        else:
            self.stdout.write(f"{open_ones} found.")

    def _selftest(self, provider: str, as_json: bool) -> bool:
        try:
            steps = run_selftest(provider)
        except SelfTestImpossible as error:
            raise CommandError(f"The self-test cannot run: {error}.") from None
        if as_json:
            self.stdout.write(json.dumps({"steps": [vars(step) for step in steps]}))
        else:
            for step in steps:
                self._show_step(step)
            self.stdout.write("Everything was rolled back.")
        return not any(step.problem for step in steps)

    def _show_step(self, step: Step) -> None:
        mark = "FAILED" if step.problem else "ok"
        self.stdout.write(f"{mark:7}{step.status} {step.title}: {step.request}")
        if step.problem:
            self.stdout.write(f"       {step.problem}")
