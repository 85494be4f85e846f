"""Which place an address means."""

from __future__ import annotations

from pathlib import Path

from ....addresses import without_password
from ....errors import InputError
from ..address import is_server
from .base import Backend
from .sqlite import SQLiteFile


def open_backend(address: str | Path, *, read_only: bool = False) -> Backend:
    """Return what keeps the rows of the database at an address; a server is asked whether it answers.

    Parameters
    ----------
    address
        Path of a file, or URL of a server, perhaps with its password.
    read_only
        Refuse to write, and leave the file of an earlier version as it is.

    Raises
    ------
    InputError
        There can be no database at the address, the server does not answer or does not let us in, or what talks to it
        is not installed.
    """
    if not is_server(address):
        return SQLiteFile(address, read_only=read_only)
    try:
        from .postgresql import PostgreSQLServer
    except ImportError as error:
        package = str(error.name).replace("_", "-")
        raise InputError(
            f"database: {without_password(str(address))} needs the package {package}, which is not installed;"
            " pip install 'amalgamics[postgresql]'"
        ) from None
    return PostgreSQLServer(str(address), read_only=read_only)
