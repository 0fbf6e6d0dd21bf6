"""The line that says how far a long command is."""

from typing import Any


class Progress:
    """Call it with a number as the work goes on. On a terminal it is one line, elsewhere none."""

    def __init__(self, stream: Any, what: str) -> None:
        self.stream, self.what = stream, what

    def __call__(self, done: int) -> None:
        if self.stream.isatty():
            self.stream.write(f"  {done:,} {self.what}", str, ending="\r")
            self.stream.flush()

    def end(self) -> None:
        """Leave the line as it stands and go on below it."""
        if self.stream.isatty():
            self.stream.write("")
