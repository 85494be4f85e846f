"""Rows on a PostgreSQL server: for many writers on many machines.

The tables are those of ``ase-db-backends``, so that ``ase db`` reads them, with our indices. Three things are done here
in another way: that package makes its tables unlocked, so that two processes fail over each other; it takes for the id
of a row that it wrote the last id of whoever wrote; and it may look for its tables in one schema and make them in
another.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import numpy as np
import psycopg2
from ase_db_backends.postgresql import Cursor, PostgreSQLDatabase, jsonb_indices, schema_update
from psycopg2 import errors, extensions, extras

from ....addresses import redacted
from ....errors import InputError
from ..address import PASSWORD_ADVICE, known_address, password_for
from ..row_selection import INDICES, TABLES, Connection
from .base import Backend

logger = logging.getLogger(__name__)

Found = TypeVar("Found")

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 120
PATIENCE_S = 60.0
"""How long a server is waited for that answered this process before."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
# A machine that is gone is noticed within half a minute, whichever side of the connection it was.
_OPTIONS = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "client_encoding": "UTF8",
    "fallback_application_name": "amalgamics",
}
# A transaction that does nothing has lost its client; a write takes milliseconds.
_IDLE_TIMEOUT_S = 60
_LOCK = int.from_bytes(b"amalgam", "big")
_VERSION = "9"
# What the server cannot do now, but perhaps in a moment: it lost us, shuts down, starts.
_AWAY = ("08", "57P")
_ANSWERED: set[str] = set()

_UNIQUE = "CREATE UNIQUE INDEX IF NOT EXISTS fingerprint_unique ON text_key_values (value) WHERE key = 'fingerprint'"
_VISIBLE = """
    SELECT relname, nspname = current_schema() FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(pg_class.oid)
    AND nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""


class ServerAwayError(InputError):
    """A server does not answer, or no longer."""


def _register_numpy() -> None:
    """Let psycopg2 write the numbers of NumPy, whose texts it would take for SQL otherwise."""
    for kind in (np.float64, np.float32, np.int64, np.int32, np.bool_):
        extensions.register_adapter(kind, lambda value: extensions.adapt(value.item()))


_register_numpy()


class ServerConnection:
    """A connection that takes statements as ``sqlite3`` does, with question marks, and as ``ase.db`` does.

    Parameters
    ----------
    connection
        Of psycopg2.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement and return the cursor with its rows."""
        cursor = self._connection.cursor()
        cursor.execute(statement.replace("?", "%s"), tuple(values) or None)
        return cursor

    def cursor(self) -> Any:
        """Return the cursor that ``ase.db`` writes with."""
        return Cursor(self._connection.cursor())

    def commit(self) -> None:
        """Do nothing: ``ase.db`` commits after some thousand changes, and a transaction here is one."""


class _Rows(PostgreSQLDatabase):
    """The ``ase.db`` database of complete tables, for writing within a transaction."""

    def __init__(self, connection: ServerConnection) -> None:
        super().__init__("", create_indices=False, use_lock_file=False)
        self.connection = connection
        self.change_count = 0
        self.version = int(_VERSION)
        self.initialized = True
        self._metadata: dict[str, Any] = {}

    def get_last_id(self, cursor: Any) -> int:
        """Return the id of the row that this connection wrote last, whatever others write meanwhile."""
        cursor.execute("SELECT currval(pg_get_serial_sequence('systems', 'id'))")
        return int(cursor.fetchone()[0])


class PostgreSQLServer(Backend):
    """A database on a PostgreSQL server, asked at once whether it answers.

    One lock of the server serialises writes, so that ids are in the order in which rows become visible; it ends with
    the connection of its holder. A unique index keeps every fingerprint single, whoever writes. The tables come into
    being in the transaction of the first row. A server that answered this process before and is away, as it is while
    it is restarted, is waited for.

    Parameters
    ----------
    address
        The URL, perhaps with its password.
    read_only
        Have the server refuse to write.

    Raises
    ------
    InputError
        The server does not answer within :data:`CONNECT_TIMEOUT_S`, or does not let us in.
    """

    def __init__(self, address: str, *, read_only: bool = False) -> None:
        self.address = str(known_address(address))
        self._given, self._read_only = address, read_only
        self._here = threading.local()
        self._complete = self._indexed = False
        with self._transaction() as connection:
            connection.execute("SELECT 1")

    def exists(self) -> bool:
        """Return whether the tables are there."""
        return self.is_complete()

    def is_complete(self) -> bool:
        """Return whether all tables are there; they come and go together."""
        if not self._complete:
            with self._transaction() as connection:
                self._complete = self._has_tables(connection)
        return self._complete

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give the connection, for one transaction."""
        with self._transaction() as connection:
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give the connection for one transaction that sees what was there at its beginning."""
        with self._transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Any]:
        """Hold the lock of the server for one transaction."""
        if self._read_only:
            raise InputError(f"database: {self.address} is only read here")
        with self._transaction() as connection:
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
            connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{_IDLE_TIMEOUT_S}s'")
            connection.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
            if not self._has_tables(connection):
                _make_tables(connection)
            elif not self._indexed:
                _index_tables(connection)
            yield _Rows(connection)
        self._complete = self._indexed = True

    def check_usable(self) -> None:
        """Refuse a database in which this user cannot write, or that holds something else."""
        with self._transaction() as connection:
            (read_only,) = connection.execute("SHOW transaction_read_only").fetchone()
            if read_only == "on":
                raise InputError(f"database: {self.address} can only be read (a standby server?)")
            if self._has_tables(connection):
                question, right = "SELECT has_table_privilege('systems', 'INSERT')", "write into its tables"
            else:
                question, right = "SELECT has_schema_privilege(current_schema(), 'CREATE')", "make tables in it"
            (allowed,) = connection.execute(question).fetchone()
            if not allowed:
                raise InputError(f"database: {self.address}: its user may not {right}; its owner can GRANT that")

    def storage_problems(self) -> list[str]:
        """Return nothing: that is the server's own to look after (``pg_amcheck``)."""
        return []

    def recover(self) -> str:
        """Look at the tables; a server repairs by itself what a crash leaves."""
        if not self.is_complete():
            return f"there is no structure database at {self.address} yet"
        return f"the structure database {self.address} is sound"

    def describe(self) -> str:
        """Return the version of the server."""
        with self._transaction() as connection:
            (version,) = connection.execute("SHOW server_version").fetchone()
        return f"PostgreSQL {version.split()[0]}"

    def add_indices(self) -> None:
        """Do nothing: a server does well enough until the next write adds what is missing."""

    def patiently(self, work: Callable[[], Found]) -> Found:
        """Do the work, once more after a pause where the server is away that answered before."""
        end, pause = time.monotonic() + PATIENCE_S, 0.0
        while True:
            try:
                return work()
            except ServerAwayError as error:
                if self.address not in _ANSWERED or time.monotonic() + pause > end:
                    raise
                if pause > _FIRST_PAUSE_S:
                    logger.warning("%s; trying again in %.1f s", error, pause)
            time.sleep(pause)
            pause = min(max(2 * pause, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)

    @contextlib.contextmanager
    def schema_of_its_own(self, name: str) -> Iterator[str]:
        """Make an empty schema, which goes with its tables at the end; yield an address that sees it alone.

        Parameters
        ----------
        name
            Of the schema, a plain word.

        Raises
        ------
        InputError
            The user has no right to it, or the server does not answer.
        """
        with self._transaction() as connection:
            connection.execute(f'CREATE SCHEMA "{name}"')
        parts = urlsplit(self.address)
        pairs = parse_qsl(parts.query)
        options = [value for key, value in pairs if key == "options"] + [f"-csearch_path={name}"]
        others = [pair for pair in pairs if pair[0] != "options"]
        query = urlencode([*others, ("options", " ".join(options))], quote_via=quote)
        try:
            yield urlunsplit(parts._replace(query=query))
        finally:
            with self._transaction() as connection:
                connection.execute(f'DROP SCHEMA "{name}" CASCADE')

    def _has_tables(self, connection: Connection) -> bool:
        """Return whether the tables are there; raise where only some are, or those of something else."""
        visible = dict(connection.execute(_VISIBLE).fetchall())
        missing = [table for table in TABLES if table not in visible]
        if not missing:
            found = connection.execute("SELECT value FROM information WHERE name = 'version'").fetchone()
            if found != (_VERSION,):
                written = f"version {found[0]}" if found else "no version"
                raise InputError(f"database: {self.address} is in {written} of the format of ase.db, not {_VERSION}")
            return True
        if len(missing) < len(TABLES):
            lacking = ", ".join(missing)
            raise InputError(f"database: {self.address} is incomplete: it lacks {lacking}. It is left as it is")
        foreign = sorted(table for table, in_own_schema in visible.items() if in_own_schema)
        if foreign:
            raise InputError(
                f"database: {self.address} is not a structure database (it has the tables {', '.join(foreign[:5])});"
                " give one of its own (createdb)"
            )
        return False

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[ServerConnection]:
        """Give this thread's connection for one transaction, or for the one that it is in already."""
        with self._errors_in_words():
            connection = self._connected()
            if self._here.depth:
                yield ServerConnection(connection)
                return
            self._here.depth = 1
            try:
                yield ServerConnection(connection)
                connection.commit()
            except BaseException:
                with contextlib.suppress(psycopg2.Error):
                    connection.rollback()
                raise
            finally:
                self._here.depth = 0

    def _connected(self) -> Any:
        """Return the open connection of this thread and process, a new one where there is none."""
        here = self._here
        if getattr(here, "process", None) != os.getpid():  # a forked process must not talk on its parent's
            here.connection, here.depth, here.process = None, 0, os.getpid()
        if here.connection is None or here.connection.closed:
            password = password_for(self.address, self._given)
            secret = {} if password is None else {"password": password}
            here.connection = psycopg2.connect(self.address, **_OPTIONS, **secret)
            here.depth = 0
            here.connection.set_session(readonly=self._read_only)
            for register in (extras.register_default_json, extras.register_default_jsonb):
                register(conn_or_curs=here.connection, loads=str)  # decoded where it is needed
            _ANSWERED.add(self.address)
        return here.connection

    @contextlib.contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except psycopg2.Error as error:
            raise self._in_words(error) from None

    def _in_words(self, error: psycopg2.Error) -> InputError:
        """Return the error of a server as one line that says what to do."""
        said = " ".join(redacted(str(error)).split()) or type(error).__name__
        code = error.pgcode or ""
        if isinstance(error, errors.LockNotAvailable):
            return InputError(f"database: {self.address}: another process has held its lock for {LOCK_TIMEOUT_S} s")
        if isinstance(error, errors.InsufficientPrivilege):
            return InputError(
                f"database: {self.address}: its user has no right to that ({said}); its owner can GRANT it"
            )
        if code.startswith(_AWAY) or (
            not code and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        ):
            advice = ""
            if "password" in said:
                advice = f"; {PASSWORD_ADVICE.partition(', and ')[2]}"
            elif 'database "' in said and "does not exist" in said:
                advice = "; make it with createdb"
            return ServerAwayError(f"database: {self.address} does not let us in or does not answer ({said}){advice}")
        return InputError(f"database: {self.address}: {said}")


def _make_tables(connection: Connection) -> None:
    """Make all tables and indices; whoever looks sees all or none, since the transaction of the caller ends later."""
    from ase.db.sqlite import index_statements, init_statements

    for statement in init_statements:
        # Data keep their order and numbers, as in a file; texts are compared and sorted as there, byte by byte.
        changed = schema_update(f"{statement} ").replace("data JSONB,", "data JSON,")
        if changed.startswith("CREATE"):
            changed = changed.replace(" TEXT", ' TEXT COLLATE "C"')
        connection.execute(changed)
    for statement in (*index_statements, *jsonb_indices):
        connection.execute(statement)
    for name, columns in INDICES.items():
        connection.execute(f"CREATE INDEX {name} ON {columns}")
    connection.execute(_UNIQUE)


def _index_tables(connection: Connection) -> None:
    """Add our indices to tables that another program made, as far as it can be done."""
    visible = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'i' AND pg_table_is_visible(oid)")
    found = {name for (name,) in visible.fetchall()}
    wanted = {name: f"CREATE INDEX IF NOT EXISTS {name} ON {columns}" for name, columns in INDICES.items()}
    wanted["fingerprint_unique"] = _UNIQUE
    for name, statement in wanted.items():
        if name in found:
            continue
        connection.execute("SAVEPOINT indices")
        try:
            connection.execute(statement)
        except (errors.InsufficientPrivilege, errors.UniqueViolation) as error:
            connection.execute("ROLLBACK TO SAVEPOINT indices")
            logger.debug("no index %s: %s", name, error)
        connection.execute("RELEASE SAVEPOINT indices")
