"""What the structure database asks of whatever keeps its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from ..row_selection import Connection

Found = TypeVar("Found")


class Backend(ABC):
    """A place for rows, in the tables of ``ase.db``.

    Attributes
    ----------
    address
        Path or URL, without a password: what is shown and stored.
    path
        Of the file; None where there is none.
    """

    address: str
    path: Path | None = None

    @abstractmethod
    def exists(self) -> bool:
        """Return whether there is anything to read from."""

    @abstractmethod
    def is_complete(self) -> bool:
        """Return whether rows can be read; False where nothing was ever stored.

        Raises
        ------
        InputError
            What is there is damaged or something else.
        """

    def version(self) -> Hashable | None:
        """Return what differs once anything was written; None where that cannot be told in no time."""
        return None

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection to the complete tables."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Connection]:
        """Give a connection that sees one state of the complete tables, whatever others write meanwhile."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Any]:
        """Give the ``ase.db`` database for one transaction, in which nobody else writes; makes the tables by need.

        Its ``connection`` takes statements as that of :meth:`reading` does.

        Raises
        ------
        InputError
            Nothing can be written there, or somebody has held the lock for too long.
        """

    @abstractmethod
    def check_usable(self) -> None:
        """Refuse, before anything is computed, a place in which nothing could be stored.

        Raises
        ------
        InputError
            Saying what is missing.
        """

    @abstractmethod
    def storage_problems(self) -> list[str]:
        """Return what is damaged of the storage itself, below the rows, a line for each; reads all of it."""

    @abstractmethod
    def recover(self) -> str:
        """Complete what was left half made, without rows; return in words what was found and done.

        Raises
        ------
        InputError
            It is damaged in a way that repairing could lose rows, or is something else; it is left as it is.
        """

    @abstractmethod
    def describe(self) -> str:
        """Return in a few words what it is and what a user should know of it."""

    @abstractmethod
    def add_indices(self) -> None:
        """Let rows be found by the values of their keys, where another program made the tables and it can be done."""

    def patiently(self, work: Callable[[], Found]) -> Found:
        """Do what may be done again without harm, again if the place was away for a moment."""
        return work()
