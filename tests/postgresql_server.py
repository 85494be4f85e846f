"""A PostgreSQL server of one's own for tests: on a socket in a temporary folder, gone when the tests are."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import psutil

USER = "tester"
_START_TIMEOUT_S = 120
_NUMBERS = count(1)


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL installed here, None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


class PostgreSQLCluster:
    """A cluster in a folder; root starts it as another user, since PostgreSQL refuses to run as root.

    Parameters
    ----------
    folder
        New and empty, where its user can enter.
    programs
        Folder of ``initdb`` and ``postgres``.
    settings
        Further ones of the server, such as ``listen_addresses=10.0.0.1``.
    """

    def __init__(self, folder: Path, programs: Path, settings: Sequence[str] = ()) -> None:
        self.folder = folder
        self._settings = settings
        self._programs = programs
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            owner = _other_user()
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            self._as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        folder.chmod(0o711)
        self._process: subprocess.Popen[bytes] | None = None
        options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", str(folder / "data"), *options)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, **self._as_user)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = [f"unix_socket_directories={self.folder}", "listen_addresses=", "fsync=off", "max_connections=60"]
        settings += self._settings
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        command += [word for setting in settings for word in ("-c", setting)]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, **self._as_user
            )
        end = time.monotonic() + _START_TIMEOUT_S
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self.folder), "-U", USER]
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        """End the server and everything that belongs to it with SIGKILL, as a crash of the machine would."""
        if self._process is None:
            return
        server = psutil.Process(self._process.pid)
        server.suspend()  # it would start again what dies
        family = [*server.children(recursive=True), server]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        psutil.wait_procs(family)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        self._process = None

    def execute(self, *statements: str, at: str | None = None) -> list[Any]:
        """Run statements outside of any transaction, at a URL, and return the rows of the last."""
        import psycopg2

        with contextlib.closing(psycopg2.connect(at or self.url("postgres"))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"made{next(_NUMBERS)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def new_schema(self) -> str:
        """Make an empty schema, which does as well as a database and costs no files, and return its URL."""
        name = f"made{next(_NUMBERS)}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def url(self, name: str, user: str = USER) -> str:
        """Return the URL of a database."""
        return f"postgresql://{user}@/{name}?host={self.folder}"


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("root cannot run PostgreSQL, and there is no other user")


@contextlib.contextmanager
def running_server(*settings: str) -> Iterator[PostgreSQLCluster]:
    """Start a server in a folder of its own, and take both away in the end; it listens on a socket unless told so."""
    programs = binaries()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="amalgamics-postgresql-"))
    try:
        cluster = PostgreSQLCluster(folder, programs, settings)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.kill()
    finally:
        shutil.rmtree(folder)
