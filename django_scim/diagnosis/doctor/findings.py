"""The findings of the doctor, and the list of its examinations."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction

from ...conf import IMPORT_ERRORS

SHOWN = 5


@dataclass(frozen=True)
class Options:
    """The periods after which connections and tokens count as unused."""

    silent_after: timedelta = timedelta(days=3)
    unused_after: timedelta = timedelta(days=90)


@dataclass
class Finding:
    """A fault: its code and description, the objects that have it, and the fix if one is safe."""

    code: str
    text: str
    subjects: list[str] = field(default_factory=list)
    count: int = 1
    fix: Callable[[], Any] | None = None
    is_fixed: bool = False

    @property
    def is_fixable(self) -> bool:
        return self.fix is not None

    def mend(self) -> None:
        """Mend the fault in a transaction."""
        if self.fix is not None:
            with transaction.atomic():
                self.fix()
            self.is_fixed = True

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "text": self.text,
            "count": self.count,
            "examples": self.subjects,
            "fixable": self.is_fixable,
            "fixed": self.is_fixed,
        }


Examination = Callable[[Options], Iterable[Finding]]
#: All examinations, in the order in which they run.
EXAMINATIONS: list[Examination] = []


def examination(function: Examination) -> Examination:
    """Add a function to the examinations."""
    EXAMINATIONS.append(function)
    return function


def found(
    code: str,
    text: str,
    subjects: Iterable[Any],
    fix: Callable[[], Any] | None = None,
) -> Iterator[Finding]:
    """Yield one finding about all subjects, none if there are no subjects."""
    names = [str(each) for each in subjects]
    if names:
        yield Finding(code, text, names[:SHOWN], len(names), fix)


def examine(options: Options, examinations: Iterable[Examination] | None = None) -> list[Finding]:
    """Run the examinations.

    One that fails is itself a finding: tables may be missing, or the adapters unusable.
    """
    findings: list[Finding] = []
    for each in EXAMINATIONS if examinations is None else examinations:
        try:
            with transaction.atomic():
                findings += each(options)
        except (DatabaseError, *IMPORT_ERRORS) as error:
            findings.append(Finding("failed", f"the examination {each.__name__} failed: {error}"))
    return findings
