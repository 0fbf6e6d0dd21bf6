"""Database servers of a test's own, which it may stop, and sites that use them."""

import contextlib
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def as_user(name):
    """Return options of Popen: PostgreSQL and MariaDB refuse to be run by root."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        pytest.skip(f"there is no system user {name}")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class Server:
    """A server in a temporary folder. Only the process that it started is ever stopped."""

    account = ""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="scim-"))
        self.folder.chmod(0o755)
        self.data, self.port = self.folder / "data", free_port()
        self.options = as_user(self.account) | {"cwd": "/"}
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.account)
        self.process = None

    def command(self, *arguments):
        subprocess.run(arguments, check=True, capture_output=True, **self.options)

    def launch(self, *arguments):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(arguments, stdout=log, stderr=log, **self.options)

    def wait(self):
        """Wait until the server accepts connections."""
        deadline = time.monotonic() + 60
        while not self.accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text(errors="replace")[-3000:])
            time.sleep(0.1)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(self.stopping)
            self.process.wait(60)
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSQL(Server):
    account, stopping = "postgres", 2  # SIGINT: end all sessions

    def __init__(self):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        path = str(found[-1]) if found else shutil.which("initdb")
        if not path:
            pytest.skip("PostgreSQL's initdb is not installed")
        self.bin = Path(path).parent
        super().__init__()
        arguments = "-A", "trust", "-U", "postgres", "--no-sync"
        self.command(str(self.bin / "initdb"), "-D", str(self.data), *arguments)
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self, *settings):
        options = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
            "fsync=off",
            *settings,
        ]
        flags = [part for each in options for part in ("-c", each)]
        self.launch(str(self.bin / "postgres"), "-D", str(self.data), *flags)
        self.wait()

    def connect(self):
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True
        )

    def accepts(self):
        import psycopg

        with contextlib.suppress(psycopg.Error):
            self.connect().close()
            return True
        return False

    def run(self, sql):
        with self.connect() as connection:
            connection.execute(sql)


class MariaDB(Server):
    account, stopping = "mysql", 15

    def __init__(self):
        daemon = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        install = shutil.which("mariadb-install-db")
        if not (Path(daemon).exists() and install):
            pytest.skip("MariaDB is not installed")
        self.daemon = daemon
        super().__init__()
        self.command(
            install,
            "--no-defaults",
            f"--datadir={self.data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )
        self.url = f"mysql://site@127.0.0.1:{self.port}/scim"
        self.is_prepared = False

    def start(self, *settings):
        options = [
            "--no-defaults",
            f"--datadir={self.data}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.folder / 'socket'}",
            "--innodb-flush-log-at-trx-commit=0",
            "--character-set-server=utf8mb4",
        ]
        self.launch(self.daemon, *options, *(f"--{each}" for each in settings))
        self.wait()
        if not self.is_prepared:
            self.run("CREATE DATABASE scim CHARACTER SET utf8mb4")
            self.run("CREATE USER site@'%'")  # root may write to a read-only server
            self.run("GRANT ALL ON scim.* TO site@'%'")
            self.is_prepared = True

    def connect(self):
        import pymysql

        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True)

    def accepts(self):
        import pymysql

        with contextlib.suppress(pymysql.Error):
            self.connect().close()
            return True
        return False

    def run(self, sql):
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)


class Site:
    """A site in a separate process; see ``driver``."""

    def __init__(self, url, settings="tests.sites.failures.site_settings", **environment):
        self.environment = os.environ | {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "testproject")]),
            **environment,
        }
        self.process, self.token = None, ""

    def manage(self, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare(self):
        """Migrate, and create a connection with a token."""
        self.manage("migrate", "-v", "0")
        code = (
            "from django_scim import connections as c;"
            "print('TOKEN', c.issue_token(c.create('Okta', profile='okta')).secret)"
        )
        self.token = self.manage("shell", "-v", "0", "-c", code).split("TOKEN ")[1].strip()

    def begin(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sites.failures.driver"],
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert json.loads(self.process.stdout.readline())["django"]

    def request(self, via, method, path, body=None, token=None, **headers):
        headers["Authorization"] = f"Bearer {self.token if token is None else token}"
        request = {
            "via": via,
            "method": method,
            "path": f"/scim/v2{path}",
            "headers": headers,
            "body": body,
        }
        started = time.monotonic()
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        answer["data"] = json.loads(answer["text"]) if answer["text"] else None
        answer["seconds"] = time.monotonic() - started
        return answer

    def end(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(30)
            self.process.stdout.close()
            self.process = None
