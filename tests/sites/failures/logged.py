"""A handler that keeps what was logged."""

import logging

LINES = []


class Lines(logging.Handler):
    """Keep what was logged, formatted as in a file: a traceback has many lines."""

    def emit(self, record):
        LINES.extend(self.format(record).splitlines())
