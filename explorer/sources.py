"""What the explorer shows: a structure database and a LaunchPad, neither of which it writes to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ..workflows.database.structure_database import StructureDatabase


@dataclass(frozen=True)
class Sources:
    """Where the data of all views come from.

    Attributes
    ----------
    database
        Opened read only.
    launchpad
        Address of the LaunchPad, perhaps with its password; never shown as it is.
    computing
        Held by whoever computes something that takes long, so that one view does it after the other.
    """

    database: StructureDatabase
    launchpad: str
    computing: threading.Lock = field(default_factory=threading.Lock)


def open_database(address: str) -> StructureDatabase:
    """Open a structure database that is there, so that nothing of it is changed.

    Raises
    ------
    InputError
        There is none, or it cannot be read.
    """
    return StructureDatabase(address, must_exist=True, read_only=True)
