"""What a stored document may make this process import, read and write.

Whoever can write to a LaunchPad chooses what stands in its documents, and a worker does what they say. So a worker
imports only modules, and uses only files, that its own side names: by ``--allow-import`` and ``--allow-path``, by
``$AMALGAMICS_ALLOW_IMPORT`` (joined by commas) and ``$AMALGAMICS_ALLOW_PATH`` (folders or files, joined as in
``$PATH``), or because a job that was just submitted names them. Elsewhere, a name or path comes from the user.

What may run and what may be read are two things: a file of Python, or of weights that run code when they are loaded, is
allowed by ``--allow-import`` alone, one by one. What is allowed there is

- ``a.b``, a module with all that is in it, called without arguments; or ``folder/mycalc.py``, a file likewise;
- ``a.b:Calculator`` or ``folder/mycalc.py:Calculator``, one attribute, called with any keyword arguments, which may be
  commands;
- the same with ``#`` and the digest of the arguments: with these alone. A job that was just submitted allows that.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
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

_DIGEST = re.compile(r"#[0-9a-f]{32}$")

_restricted = False
_admitted_code: Counter[str] = Counter()


class NotAllowedError(InputError):
    """A stored document names a module or a path that this process was not allowed to use."""


def restrict() -> None:
    """From now on, potentials and paths of this process come from documents that others could write."""
    global _restricted  # noqa: PLW0603 - there is no way back
    _restricted = True


def code_names(names: Iterable[str], key: str) -> tuple[str, ...]:
    """Return what may be imported or called, each once, with files as absolute paths.

    Parameters
    ----------
    names
        Such as ``my_package.calculators``, ``my_package.calculators:make`` or ``mycalc.py``; see the module's text.
    key
        Where they were given, for the message.

    Raises
    ------
    InputError
        One of them is no name of a module or file.
    """
    return tuple(dict.fromkeys(_code_name(name, key) for name in names))


def _code_name(name: str, key: str) -> str:
    digest = _DIGEST.search(name)
    rest = name[: digest.start()] if digest else name
    place, colon, attribute = rest, "", ""
    if ":" in rest.rpartition("/")[2]:
        place, colon, attribute = rest.rpartition(":")
    if is_file(place):
        allowed = "," not in place
        try:
            place = absolute_code_path(place)
        except (RuntimeError, ValueError, OSError):  # the home directory of nobody, a NUL, a circle of links
            allowed = False
    else:
        allowed = all(part.isidentifier() for part in place.split("."))
    if not allowed or (colon and not all(part.isidentifier() for part in attribute.split("."))):
        raise InputError(
            f"{key}: {shown(name)} is not the name of a module, such as my_package.calculators, nor a file, such as"
            " mycalc.py or ./mine.model"
        )
    return f"{place}{colon}{attribute}{digest[0] if digest else ''}"


def is_file(place: str) -> bool:
    """Return whether code is named by its file and not by its module: ``mycalc.py``, ``./mine.model``."""
    return place.endswith(".py") or place.startswith(("/", "./", "../", "~"))


def absolute_code_path(path: str) -> str:
    """Return the absolute path of a file of code; links in it count as what they lead to."""
    return str(Path(path).expanduser().resolve())


def arguments_digest(arguments: str) -> str:
    """Return the digest of keyword arguments, given as JSON with sorted keys."""
    return hashlib.sha256(arguments.encode()).hexdigest()[:32]


def allowed_code() -> tuple[str, ...]:
    """Return what stored documents may have imported and called here; see the module's text.

    Raises
    ------
    InputError
        ``$AMALGAMICS_ALLOW_IMPORT`` holds something else than names of modules and files.
    """
    given = [name.strip() for name in os.environ.get(MODULES_VARIABLE, "").split(",")]
    admitted = [name for name, count in _admitted_code.items() if count > 0]
    return code_names([*filter(None, given), *admitted], f"${MODULES_VARIABLE}")


@contextlib.contextmanager
def modules_allowed(names: Iterable[str]) -> Iterator[None]:
    """Allow some more modules and files for a while."""
    names = code_names(names, "allow")
    _admitted_code.update(names)
    try:
        yield
    finally:
        _admitted_code.subtract(names)


def is_allowed(module: str) -> bool:
    """Return whether a stored document may name a module: an allowed one, or one in an allowed package.

    Examples
    --------
    >>> from amalgamics.permissions import is_allowed, modules_allowed
    >>> with modules_allowed(["a.b"]):
    ...     [is_allowed(name) for name in ("a.b", "a.b.c", "a.bad", "a")]
    [True, True, False, False]
    """
    modules = [name for name in allowed_code() if ":" not in name and not is_file(name)]
    return any(module == name or module.startswith(f"{name}.") for name in modules)


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
        raise _not_told(what, f"the module {module!r} is not imported", module)


def check_call(place: str, attribute: str, arguments: str, what: str) -> None:
    """Refuse to call what a stored document names, unless it is allowed here with these arguments.

    Parameters
    ----------
    place
        Its module, or the path of its file.
    attribute
        Its name there.
    arguments
        Keyword arguments as JSON with sorted keys, ``{}`` for none.
    what
        What names it, for the message.

    Raises
    ------
    NotAllowedError
        This process is restricted, and it is not among what is allowed.
    """
    if not _restricted:
        return
    place = absolute_code_path(place) if is_file(place) else place
    own = f"{place}:{attribute}"
    allowed = allowed_code()
    if own in allowed or f"{own}#{arguments_digest(arguments)}" in allowed:
        return
    if arguments != "{}":
        raise _not_told(what, f"{own} is not called with arguments that a stored job chooses", own)
    if is_file(place):
        check_file_code(place, what)
    else:
        check_import(place, what)


def check_file_code(path: str | Path, what: str) -> None:
    """Refuse to run a file that a stored document names, or to load weights that could run code, unless allowed here.

    Parameters
    ----------
    path
        Links in it count as what they lead to.
    what
        What names it, for the message.

    Raises
    ------
    NotAllowedError
        This process is restricted, and the file is not among those that are allowed.
    """
    if _restricted and (target := absolute_code_path(str(path))) not in allowed_code():
        raise _not_told(what, f"the file {shown(target)} is not run", target)


def _not_told(what: str, refusal: str, code: str) -> NotAllowedError:
    return NotAllowedError(
        f"{what}: {refusal}, as this worker was not told to; start it with --allow-import {code}, or set"
        f" ${MODULES_VARIABLE}"
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
