"""Recognise errors that the site's own code raised: hooks, receivers, overridden methods."""

import sys
from collections.abc import Iterator
from types import CodeType

PACKAGE = __package__
#: Code that is not the site's, though the site's code may have called it.
LIBRARIES = frozenset(sys.stdlib_module_names) | {
    "asgiref",
    "django",
    "django_filters",
    "MySQLdb",
    "psycopg",
    "psycopg2",
    "psycopg_pool",
    "pymysql",
    "rest_framework",
}


def place_in_site(error: BaseException) -> str:
    """Return where the site's code raised an error, as "acme.receivers.notify, line 12".

    Return "" if this package or a library that it called raised it. Code of any other package that
    the site uses counts as the site's.
    """
    place = ""
    for module, code, line in _calls(error):
        package = module.partition(".")[0]
        if package == PACKAGE:
            place = ""  # the site's code called this package
        elif package not in LIBRARIES:
            place = f"{module}.{code.co_qualname}, line {line}"
    return place


def _calls(error: BaseException) -> Iterator[tuple[str, CodeType, int]]:
    step = error.__traceback__
    while step is not None:
        frame = step.tb_frame
        yield str(frame.f_globals.get("__name__", "")), frame.f_code, step.tb_lineno
        step = step.tb_next
