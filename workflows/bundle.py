"""A study on one node alone, for sites whose nodes reach no server: its own LaunchPad and database in a folder.

The folder may be on the node's own disk. It begins with what the structure database has, and what it found is merged
into that by fingerprint at the end, however the study ends. A bundle that was killed goes on with the same command, or
is merged as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import check_writable, make_private_directory, usable_path
from .database.merging import MergeReport
from .database.structure_database import StructureDatabase

_NOTE = "bundle.json"


@dataclass(frozen=True)
class Bundle:
    """A folder with an embedded LaunchPad and a structure database.

    Attributes
    ----------
    folder
        Where they are.
    target
        The structure database, a path or an address, that the results belong to.
    """

    folder: Path
    target: Path | str

    @property
    def database(self) -> Path:
        """Path of its own structure database."""
        return self.folder / "structures.db"

    @property
    def launchpad(self) -> str:
        """Address of its own LaunchPad."""
        return f"sqlite:///{self.folder / 'launchpad'}"

    def fill(self) -> MergeReport:
        """Take over what the target has and this has not, and return what that was."""
        return StructureDatabase(self.database).merge_from(StructureDatabase(self.target))

    def bring_home(self) -> MergeReport:
        """Give the target what this has and the target has not, and return what that was."""
        return StructureDatabase(self.target).merge_from(StructureDatabase(self.database))


def open_bundle(folder: Path, target: Path | str) -> Bundle:
    """Make a bundle for results that belong into ``target``, or open the one that is there.

    Parameters
    ----------
    folder
        Made if it is not there, for its owner alone.
    target
        Structure database: a path or an address without password.

    Raises
    ------
    InputError
        The folder holds something else, or the bundle of another database, or cannot be written.
    """
    folder = usable_path(folder).resolve()
    check_writable(folder, "bundle")
    note = folder / _NOTE
    known = {"database": str(target)}
    if note.is_file():
        try:
            found = json.loads(note.read_text(encoding="utf-8"))["database"]
        except (ValueError, KeyError, TypeError):
            raise InputError(f"bundle: {note} was not written by amalgamics; give another folder") from None
        if found != known["database"]:
            raise InputError(f"bundle: {folder} belongs to the database {found}; give that one, or another folder")
    elif folder.is_dir() and any(path.name != f".{_NOTE}" for path in folder.iterdir()):
        raise InputError(f"bundle: {folder} is not empty and no bundle; give another folder, or one that is not there")
    else:
        make_private_directory(folder)
        unfinished = folder / f".{_NOTE}"
        unfinished.write_text(json.dumps(known), encoding="utf-8")
        unfinished.replace(note)
    return Bundle(folder, target)
