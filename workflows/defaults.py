"""Where the LaunchPad and the structure database are unless one says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

from ..addresses import refuse_password, with_password_of
from ..errors import InputError
from ..permissions import DATABASE_VARIABLE
from .database.address import known_address

DEFAULT_DATABASE = "results/structures.db"
DEFAULT_LAUNCHPAD = "sqlite:///results/launchpad"
LAUNCHPAD_VARIABLE = "AMALGAMICS_LAUNCHPAD"


def default_database() -> Path | str:
    """Return where the structure database is: ``$AMALGAMICS_DATABASE``, else ``results/structures.db``.

    A password in it stays there; whoever connects takes it from there.
    """
    try:
        return known_address(os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE)
    except InputError as error:
        from .yaml_input import SpecError

        raise SpecError(f"${DATABASE_VARIABLE}: {str(error).removeprefix('database: ')}") from None


def default_launchpad() -> str:
    """Address of the LaunchPad: ``$AMALGAMICS_LAUNCHPAD``, else an embedded store in ``results/launchpad``."""
    return os.environ.get(LAUNCHPAD_VARIABLE) or DEFAULT_LAUNCHPAD


def chosen_launchpad(address: str | None, key: str = "--launchpad") -> str:
    """Return the address of the LaunchPad that was asked for, else that of :func:`default_launchpad`.

    Parameters
    ----------
    address
        As it was given, without a password; None when it was not. That of ``$AMALGAMICS_LAUNCHPAD`` is taken if it is
        the same server.
    key
        Where it was given, for the message.

    Raises
    ------
    InputError
        It holds a password.
    """
    if address is None:
        return default_launchpad()
    advice = f"give the path of a my_launchpad.yaml that holds it, or the whole address in ${LAUNCHPAD_VARIABLE}"
    refuse_password(address, key, advice)
    return with_password_of(address, os.environ.get(LAUNCHPAD_VARIABLE))
