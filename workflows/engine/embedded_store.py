"""A MongoDB client without a server: litemongo files, safe for the threads and processes of FireWorks.

litemongo keeps each collection in an SQLite file and answers queries in Python. Two things are added here. SQLite
connections belong to the thread that opened them, and FireWorks pings from a thread of its own, so each thread and
process has its own litemongo client. And litemongo's find-then-write operations are not atomic between processes, so
each operation holds one lock: without it, workers take the same Firework twice.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from ...errors import InputError
from ...files import make_private_directory, usable_path

SCHEME = "sqlite:///"
_LOCK_NAME = "launchpad.lock"
_POLL_S = 0.002  # operations take a millisecond or two; filelock's own 50 ms would dominate with several workers
# Methods that return a cursor; what is chained onto one is recorded and executed under the lock.
_CURSOR_METHODS = frozenset({"find", "aggregate", "list_indexes"})
_CHAINED_METHODS = frozenset({"sort", "limit", "skip", "hint", "batch_size"})
# Only what is known to be finished when it returns: anything else could go on reading after the lock is let go.
_METHODS = frozenset(
    {
        *("find_one", "find_one_and_update", "find_one_and_replace", "find_one_and_delete", "count_documents"),
        *("estimated_document_count", "distinct", "insert_one", "insert_many", "update_one", "update_many"),
        *("replace_one", "delete_one", "delete_many", "bulk_write", "drop", "rename", "create_index", "create_indexes"),
        *("drop_index", "drop_indexes", "index_information"),
    }
)
_COMMANDS = frozenset({"ping", "hello", "compact"})
_COMMAND_NOT_FOUND = 59  # MongoDB's own number
# What a forked child inherits stays referenced: closing it would let go of locks that the parent still holds.
_INHERITED: list[Any] = []


def store_path(url: str) -> Path:
    """Return the absolute directory of a ``sqlite:///`` URL: three slashes relative, four absolute.

    Raises
    ------
    InputError
        No directory can be called so.
    """
    try:
        return usable_path(url.removeprefix(SCHEME)).resolve()
    except InputError as error:
        raise InputError(f"launchpad: {error}") from None


class _Store:
    """The litemongo clients of one directory, one for each thread of this process, and the lock between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._pid = os.getpid()
        make_private_directory(path)
        # The lock is taken by thread and by process: a FileLock shared by threads must not count as re-entered.
        self._lock = FileLock(path / _LOCK_NAME, thread_local=False)
        self._threads = threading.RLock()

    def run(self, operation: Any) -> Any:
        """Call ``operation`` with this thread's litemongo client while holding the lock.

        Raises
        ------
        pymongo.errors.DocumentTooLarge
            A document has more than SQLite takes in one value, a gigabyte.
        """
        if self._pid != os.getpid():  # forked: connections and lock handles of the parent are not ours
            _INHERITED.extend((self._local.__dict__.copy(), self._lock))
            self.__init__(self.path)  # type: ignore[misc]
        with self._threads, self._lock.acquire(poll_interval=_POLL_S):
            try:
                return operation(self._client())
            except sqlite3.DataError as error:
                from pymongo.errors import DocumentTooLarge

                if "too big" not in str(error):
                    raise
                raise DocumentTooLarge(f"the embedded store takes documents of up to a gigabyte ({error})") from error

    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            from litemongo import MongoClient
            from litemongo.sqlite_store import ServerStore

            # Not litemongo.connect: it reads the path as a URL, and "#" or "?" in it would end the directory's name.
            client = self._local.client = MongoClient(ServerStore(self.path / "collections"))
        return client

    def close(self) -> None:
        """Close this thread's connections."""
        client = self._local.__dict__.pop("client", None)
        if client is not None:
            client.close()


_STORES: dict[Path, _Store] = {}
_STORES_LOCK = threading.Lock()


def _store(path: Path) -> _Store:
    with _STORES_LOCK:
        if path not in _STORES:
            _STORES[path] = _Store(path)
        return _STORES[path]


class EmbeddedCursor:
    """The result of ``find`` or ``aggregate``: executed as a whole, under the lock, when first iterated."""

    def __init__(self, collection: EmbeddedCollection, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]):
        self._collection = collection
        self._calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [(method, args, kwargs)]
        self._documents: list[Any] | None = None
        self._position = 0

    def _chained(self, method: str) -> Any:
        def chain(*args: Any, **kwargs: Any) -> EmbeddedCursor:
            if self._documents is not None:
                raise RuntimeError(f"{method} comes too late: the query was executed already")
            self._calls.append((method, args, kwargs))
            return self

        return chain

    def __getattr__(self, name: str) -> Any:
        if name in _CHAINED_METHODS:
            return self._chained(name)
        if name == "distinct":
            return lambda *args, **kwargs: self._execute([*self._calls, (name, args, kwargs)])
        raise AttributeError(name)

    def _execute(self, calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> Any:
        def operation(collection: Any) -> Any:
            result = collection
            for method, args, kwargs in calls:
                result = getattr(result, method)(*args, **kwargs)
            return result if isinstance(result, int | list) else list(result)

        return self._collection.run(operation)

    def _load(self) -> list[Any]:
        if self._documents is None:
            self._documents = self._execute(self._calls)
        return self._documents

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        documents = self._load()
        if self._position >= len(documents):
            raise StopIteration
        self._position += 1
        return documents[self._position - 1]

    next = __next__

    def __getitem__(self, index: Any) -> Any:
        return self._load()[index]

    def rewind(self) -> EmbeddedCursor:
        """Start again, with a new query."""
        self._documents, self._position = None, 0
        return self

    def close(self) -> None:
        """Do nothing: no connection is held between operations."""

    def __enter__(self) -> EmbeddedCursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class EmbeddedCollection:
    """A collection whose every operation runs under the lock, on the calling thread's own connection."""

    def __init__(self, database: EmbeddedDatabase, name: str) -> None:
        self.database = database
        self.name = name

    @property
    def full_name(self) -> str:
        """Database and collection, joined by a dot."""
        return f"{self.database.name}.{self.name}"

    def run(self, operation: Any) -> Any:
        """Call ``operation`` with the litemongo collection behind this one, under the lock."""
        return self.database.run(lambda database: operation(database[self.name]))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _CURSOR_METHODS:
            return lambda *args, **kwargs: EmbeddedCursor(self, name, args, kwargs)
        if name in _METHODS:
            return lambda *args, **kwargs: self.run(lambda collection: getattr(collection, name)(*args, **kwargs))
        return self[name]  # as in pymongo, a part of the name, such as "files" in "fs.files"

    def __call__(self, *_: Any, **__: Any) -> None:
        """Refuse an operation that the store does not have."""
        raise NotImplementedError(f"the embedded store has no operation {self.name.rpartition('.')[2]!r}")

    def __getitem__(self, name: str) -> EmbeddedCollection:
        return EmbeddedCollection(self.database, f"{self.name}.{name}")


class EmbeddedDatabase:
    """A database of the embedded store."""

    def __init__(self, client: EmbeddedMongoClient, name: str) -> None:
        self.client = client
        self.name = name

    def run(self, operation: Any) -> Any:
        """Call ``operation`` with the litemongo database behind this one, under the lock."""
        return self.client.store.run(lambda client: operation(client[self.name]))

    def command(self, command: Any, *_: Any, **__: Any) -> dict[str, Any]:
        """Answer ``ping``, ``hello`` (without the time of a server) and ``compact``, for which files need nothing done.

        Raises
        ------
        pymongo.errors.OperationFailure
            The command is another one; nobody shall believe, for example, that a user with a password was created.
        """
        from pymongo.errors import OperationFailure

        name = command if isinstance(command, str) else next(iter(command))
        if name not in _COMMANDS:
            raise OperationFailure(f"no such command: {name!r}", code=_COMMAND_NOT_FOUND)
        return {"ok": 1.0}

    def list_collection_names(self) -> list[str]:
        """Return the names of the collections that exist."""
        return list(self.run(lambda database: database.list_collection_names()))

    def drop_collection(self, name: str) -> None:
        """Empty and forget a collection."""
        self.run(lambda database: database.drop_collection(name))

    def __getitem__(self, name: str) -> EmbeddedCollection:
        return EmbeddedCollection(self, name)

    def __getattr__(self, name: str) -> EmbeddedCollection:
        if name.startswith("_"):
            raise AttributeError(name)
        return EmbeddedCollection(self, name)


class EmbeddedMongoClient:
    """What FireWorks needs of ``pymongo.MongoClient``, over a directory of litemongo files.

    Parameters
    ----------
    host
        ``sqlite:///`` followed by the directory.
    **kwargs
        Options of the real client, which mean nothing here.
    """

    def __init__(self, host: str, **kwargs: Any) -> None:
        del kwargs
        self.path = store_path(host)

    @property
    def store(self) -> _Store:
        """The store behind this client, looked up anew so that a client survives being copied or pickled."""
        return _store(self.path)

    def __getitem__(self, name: str) -> EmbeddedDatabase:
        return EmbeddedDatabase(self, name)

    def __getattr__(self, name: str) -> EmbeddedDatabase:
        if name.startswith("_"):
            raise AttributeError(name)
        return EmbeddedDatabase(self, name)

    def list_database_names(self) -> list[str]:
        """Return the names of the databases that exist."""
        return list(self.store.run(lambda client: client.list_database_names()))

    def drop_database(self, database: EmbeddedDatabase | str) -> None:
        """Empty and forget all collections of a database, by its name or as such; one that is not there is no error.

        Its files stay: other processes may have them open, and see so that nothing is left.
        """
        name = database if isinstance(database, str) else database.name
        self.store.run(lambda client: client.drop_database(name))

    def close(self) -> None:
        """Close this thread's connections."""
        self.store.close()
