"""The database of this site: created before the migrations, dropped at the end."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

SERVER = os.environ.get("SITES_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
NAME = "sites_tenants_" + Path.cwd().name.rsplit("-", 1)[1]
PARTS = urlsplit(SERVER)


def execute(statement):
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement)
