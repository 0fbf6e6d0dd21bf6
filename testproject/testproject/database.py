"""Convert DATABASE_URL to an entry of DATABASES."""

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

ENGINES = {
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
}

if find_spec("MySQLdb") is None and find_spec("pymysql") is not None:
    # PyMySQL is pure Python, so it also installs where mysqlclient cannot be compiled.
    import_module("pymysql").install_as_MySQLdb()


def from_url(url: str, base_dir: Path) -> dict[str, Any]:
    """Return the database settings for ``sqlite:///FILE``, ``postgres://…`` or ``mysql://…``.

    An empty URL means a SQLite file in ``base_dir``. A query string (``?sslmode=require``) is
    passed to the driver. Raises ValueError for an unknown scheme.
    """
    parts = urlsplit(url or "sqlite:///db.sqlite3")
    if parts.scheme == "sqlite":
        return sqlite(base_dir / unquote(parts.path[1:]))
    if parts.scheme not in ENGINES:
        raise ValueError(
            f"DATABASE_URL: unknown scheme {parts.scheme!r}; use sqlite, postgres or mysql"
        )
    return {
        "ENGINE": ENGINES[parts.scheme],
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": int(os.environ.get("CONN_MAX_AGE", "60")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def sqlite(path: Path) -> dict[str, Any]:
    """Return settings for concurrent writers: WAL mode, a timeout, and IMMEDIATE transactions."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
        },
    }
