"""A real PostgreSQL server on loopback, with its own data folder and a random port."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import encrypt_password

from tests.support.environment import free_port

HOST, NAME = "127.0.0.1", "dakl"
_DEBIAN = Path("/usr/lib/postgresql")
# PostgreSQL refuses to run as root, and Debian's package brings this user.
_USER = "postgres"


@dataclass(frozen=True)
class Postgres:
    """A running server with a database for Dagster.

    Attributes:
        port: Its port.
        log: Its log, including every statement.
        password: Password of the role ``dakl``.
    """

    port: int
    log: Path
    password: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that ``deploy/dagster.yaml`` needs."""
        return {
            "DAKL_POSTGRES_HOST": HOST,
            "DAKL_POSTGRES_PORT": str(self.port),
            "DAKL_POSTGRES_DB": NAME,
            "DAKL_POSTGRES_USER": NAME,
            "DAKL_POSTGRES_PASSWORD": self.password,
        }

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Query the database, as the role of Dagster."""
        connection = psycopg2.connect(host=HOST, port=self.port, dbname=NAME, user=NAME, password=self.password)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query)
                return list(cursor.fetchall())
        finally:
            connection.close()


def find_postgres() -> Path:
    """The folder with the programs of the server, of the newest version.

    Raises:
        FileNotFoundError: If it is not installed.
    """
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path is not None:
        return Path(on_path).parent
    raise FileNotFoundError("no PostgreSQL to keep the history of runs in: apt-get install postgresql")


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a server as a user that is not root.

    Yields:
        The server, with the role and the database ``dakl``.
    """
    programs = find_postgres()
    # Not in the folder of the test, which is closed to other users and whose name is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="dakl-pg-") as name:
        folder = Path(name)
        data, log = folder / "data", folder / "server.log"
        own, superuser, password = _as_user(), secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        password_file = folder / "superuser"
        password_file.write_text(superuser)
        if user := own.get("user"):
            shutil.chown(folder, user)
            shutil.chown(password_file, user)
        _call(programs / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "scram-sha-256",
              "--pwfile", password_file, "--no-sync", "--encoding", "UTF8", "--locale", "C", **own)  # fmt: skip
        password_file.unlink()
        port = free_port()
        options = f"-h {HOST} -p {port} -k {folder} -c log_statement=all -c log_connections=on -c fsync=off"
        _call(programs / "pg_ctl", "start", "--wait", "--pgdata", data, "--log", log, "--options", options, **own)
        try:
            _make_database(port, superuser, password)
            yield Postgres(port, log, password)
        finally:
            _call(programs / "pg_ctl", "stop", "--wait", "--mode", "fast", "--pgdata", data, **own)


def _as_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _call(program: Path, *arguments: object, **own: Any) -> None:
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run([program, *map(str, arguments)], cwd="/", stdout=said, stderr=subprocess.STDOUT, **own)
        said.seek(0)
        if done.returncode != 0:
            raise RuntimeError(f"{program.name} ended with exit code {done.returncode}:\n{said.read()}")


def _make_database(port: int, superuser: str, password: str) -> None:
    """As in the manual; the password is sent encrypted, as by ``createuser --pwprompt``."""
    connection = psycopg2.connect(host=HOST, port=port, dbname="postgres", user="postgres", password=superuser)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            encrypted = encrypt_password(password, NAME, scope=connection, algorithm="scram-sha-256")
            cursor.execute(f"create role {NAME} login password %s", (encrypted,))
            cursor.execute(f"create database {NAME} owner {NAME}")
    finally:
        connection.close()
