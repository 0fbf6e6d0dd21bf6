"""Progress of a long command."""

from typing import Any


class Progress:
    """Show a count on one line of a terminal; write nothing to a file or pipe.

    Pass it as a callback that is called with the number of ``items`` done so far.
    """

    def __init__(self, stream: Any, items: str) -> None:
        self.stream, self.items = stream, items

    def __call__(self, done: int) -> None:
        if self.stream.isatty():
            self.stream.write(f"  {done:,} {self.items}", str, ending="\r")
            self.stream.flush()

    def end(self) -> None:
        """Keep the last count visible, and continue on the next line."""
        if self.stream.isatty():
            self.stream.write("")
