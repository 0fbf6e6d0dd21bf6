"""The work that the operations of one write cause, with a limit.

A PATCH of a few kilobytes can compare millions of values with its filters. The operations would
keep the rows of the resource locked all that time.
"""

from dataclasses import dataclass

from ...conf import settings
from ...protocol.errors import InvalidValue

#: The cost of a step. Comparing one stored value with one term of a filter costs 1.
LOOKUP = 500  # another resource in the database
CHANGE = 5  # a changed value


@dataclass
class Effort:
    """Adds up the work of one write."""

    spent: int = 0

    def spend(self, steps: int, path: str) -> None:
        """Add the steps that an operation on ``path`` needs.

        Raise InvalidValue if the write needs more than MAX_PATCH_WORK.
        """
        self.spent += steps
        if self.spent > settings.MAX_PATCH_WORK:
            raise InvalidValue(
                f"{path}: the operations compare and change too many values; send fewer of them "
                f'in one request, or select each value by [value eq "..."]'
            )
