"""What a stored document may make this process import, read and write.

Whoever can write to a LaunchPad chooses what stands in its documents, and a worker does what they say. So a worker
imports only modules, and uses only files, that its own side names: by ``--allow-import`` and ``--allow-path``, by
``$AMALGAMICS_ALLOW_IMPORT`` (modules, joined by commas) and ``$AMALGAMICS_ALLOW_PATH`` (folders or files, joined as in
``$PATH``), or because a job that was just submitted names them. Elsewhere, a name or path comes from the user.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from .addresses import redacted, without_password
from .errors import InputError, shown

MODULES_VARIABLE = "AMALGAMICS_ALLOW_IMPORT"
PATHS_VARIABLE = "AMALGAMICS_ALLOW_PATH"
DATABASE_VARIABLE = "AMALGAMICS_DATABASE"
"""The structure database of this process, which documents may always name."""

_restricted = False
_admitted_modules: Counter[str] = Counter()


class NotAllowedError(InputError):
    """A stored document names a module or a path that this process was not allowed to use."""


def restrict() -> None:
    """From now on, potentials and paths of this process come from documents that others could write."""
    global _restricted  # noqa: PLW0603 - there is no way back
    _restricted = True


def module_names(names: Iterable[str], key: str) -> tuple[str, ...]:
    """Return the names of modules, each once.

    Parameters
    ----------
    names
        Such as ``my_package.calculators``.
    key
        Where they were given, for the message.

    Raises
    ------
    InputError
        One of them is no name of a module.
    """
    found = tuple(dict.fromkeys(names))
    for name in found:
        if not all(part.isidentifier() for part in name.split(".")):
            raise InputError(f"{key}: {shown(name)} is not the name of a module, such as my_package.calculators")
    return found


def allowed_modules() -> tuple[str, ...]:
    """Return the modules whose names stored documents may give, with all that is in them.

    Raises
    ------
    InputError
        ``$AMALGAMICS_ALLOW_IMPORT`` holds something else than names of modules.
    """
    given = [name.strip() for name in os.environ.get(MODULES_VARIABLE, "").split(",")]
    admitted = [name for name, count in _admitted_modules.items() if count > 0]
    return module_names([*filter(None, given), *admitted], f"${MODULES_VARIABLE}")


@contextlib.contextmanager
def modules_allowed(names: Iterable[str]) -> Iterator[None]:
    """Allow some more modules for a while."""
    names = module_names(names, "allow")
    _admitted_modules.update(names)
    try:
        yield
    finally:
        _admitted_modules.subtract(names)


def is_allowed(module: str) -> bool:
    """Return whether a stored document may name a module: an allowed one, or one in an allowed package.

    Examples
    --------
    >>> from amalgamics.permissions import is_allowed, modules_allowed
    >>> with modules_allowed(["a.b"]):
    ...     [is_allowed(name) for name in ("a.b", "a.b.c", "a.bad", "a")]
    [True, True, False, False]
    """
    return any(module == name or module.startswith(f"{name}.") for name in allowed_modules())


def check_import(module: str, what: str) -> None:
    """Refuse to import a module that a stored document names, unless it is allowed here.

    Parameters
    ----------
    module
        Its name.
    what
        What names it, for the message.

    Raises
    ------
    NotAllowedError
        This process is restricted, and the module is not among those that are allowed.
    """
    if _restricted and not is_allowed(module):
        raise NotAllowedError(
            f"{what}: the module {module!r} is not imported, as this worker was not told to; start it with"
            f" --allow-import {module}, or set ${MODULES_VARIABLE}"
        )


def check_member(found: object, what: str) -> None:
    """Refuse a module that is reached through an allowed one (``my_package:os``) and is not allowed itself."""
    if isinstance(found, ModuleType):
        check_import(found.__name__, what)


def allowed_paths() -> tuple[Path, ...]:
    """Return the folders and files that stored documents may name, with all that is in them."""
    given = filter(None, os.environ.get(PATHS_VARIABLE, "").split(os.pathsep))
    return tuple(Path(path).expanduser().resolve() for path in given)


def check_path(path: str | Path, what: str) -> None:
    """Refuse to use a file or folder that a stored document names, unless it is in one that is allowed here.

    Parameters
    ----------
    path
        Links in it count as what they lead to.
    what
        What names it, for the message.

    Raises
    ------
    NotAllowedError
        This process is restricted, and the path is not in one of those that are allowed.
    """
    if not _restricted:
        return
    target = Path(path).expanduser().resolve()
    if not any(target.is_relative_to(allowed) for allowed in allowed_paths()):
        raise NotAllowedError(
            f"{what}: {shown(str(path))} lies outside what this worker may use; start it in a folder that holds it,"
            f" with --database, or with --allow-path {target.parent}"
        )


def check_database(address: str, what: str) -> None:
    """Refuse a structure database that a stored document names, unless it is this process's or an allowed file.

    Parameters
    ----------
    address
        Path or URL.
    what
        What names it, for the message.

    Raises
    ------
    NotAllowedError
        This process is restricted, and the database is neither.
    """
    own = os.environ.get(DATABASE_VARIABLE, "")
    if "://" not in address:
        if not own or "://" in own or Path(address).expanduser().resolve() != Path(own).expanduser().resolve():
            check_path(address, what)
    elif _restricted and without_password(address) != without_password(own):
        raise NotAllowedError(
            f"{what}: {redacted(address)} is not the database of this worker; start it with --database"
        )
