"""Where the LaunchPad and the structure database are unless one says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

from ..addresses import refuse_password, with_password_of
from ..errors import InputError
from ..files import usable_path
from .yaml_input import SpecError

DEFAULT_DATABASE = "results/structures.db"
DEFAULT_LAUNCHPAD = "sqlite:///results/launchpad"
LAUNCHPAD_VARIABLE = "AMALGAMICS_LAUNCHPAD"


def default_database() -> Path:
    """Path of the structure database: ``$AMALGAMICS_DATABASE``, else ``results/structures.db``."""
    try:
        return usable_path(os.environ.get("AMALGAMICS_DATABASE") or DEFAULT_DATABASE)
    except InputError as error:
        raise SpecError(f"$AMALGAMICS_DATABASE: {error}") from None


def default_launchpad() -> str:
    """Address of the LaunchPad: ``$AMALGAMICS_LAUNCHPAD``, else an embedded store in ``results/launchpad``."""
    return os.environ.get(LAUNCHPAD_VARIABLE) or DEFAULT_LAUNCHPAD


def chosen_launchpad(address: str | None, key: str = "--launchpad") -> str:
    """Return the address of the LaunchPad that was asked for, else that of :func:`default_launchpad`.

    Parameters
    ----------
    address
        As it was given, without a password. That of ``$AMALGAMICS_LAUNCHPAD`` is taken if it is the same server.
    key
        Where it was given, for the message.

    Raises
    ------
    InputError
        It holds a password.
    """
    if not address:
        return default_launchpad()
    refuse_password(
        address,
        key,
        f"give the path of a my_launchpad.yaml that holds it, or the whole address in ${LAUNCHPAD_VARIABLE}",
    )
    return with_password_of(address, os.environ.get(LAUNCHPAD_VARIABLE))
