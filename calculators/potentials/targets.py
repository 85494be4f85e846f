"""What a potential of the user's own names: an attribute of a module that Python finds, or of a file."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...addresses import redacted
from ...errors import InputError, shown
from ...files import usable_path
from ...permissions import check_call, check_member

_FILE = re.compile(r"(?P<file>.+\.py):(?P<attribute>[^+]*)(?P<suffix>\+.*)?", re.DOTALL)
# What rows, queries and lists of what is allowed hold without quotes.
_FILE_NAME = re.compile(r"\w[\w .+-]*\.py")
_LONGEST = 400  # characters of an error
_LOAD_LOCK = threading.RLock()
_FOLDERS: set[Path] = set()  # of the files that were run


class UnknownPotentialError(InputError):
    """There is no potential of that name."""


@dataclass(frozen=True)
class Target:
    """An attribute of a module or file: a class or function to call, or an ASE calculator.

    Attributes
    ----------
    place
        Name of the module, or absolute path of the file.
    attribute
        Name there, perhaps with dots.
    """

    place: str
    attribute: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target that ``module:attribute`` or ``/path/to/file.py:attribute`` names.

        Raises
        ------
        UnknownPotentialError
            It is neither.
        """
        place, _, attribute = text.rpartition(":")
        parts = [*attribute.split("."), *([] if place.endswith(".py") else place.split("."))]
        if not all(part.isidentifier() for part in parts):
            raise UnknownPotentialError(
                f"potential {shown(text)}: give module:attribute, such as ase.calculators.lj:LennardJones, or"
                " file.py:attribute"
            )
        return cls(place, attribute)

    @property
    def file(self) -> Path | None:
        """The file, None for a module."""
        return Path(self.place) if self.place.endswith(".py") else None

    @property
    def name(self) -> str:
        """What the potential is called: of a file no more than its own name, as it may lie elsewhere."""
        return f"{self.file.name if self.file else self.place}:{self.attribute}"

    @property
    def module(self) -> str:
        """Name under which the code is imported."""
        return re.sub(r"\W", "_", self.file.name) if self.file else self.place

    @property
    def package(self) -> str:
        """Top-level package of a module, empty for a file."""
        return "" if self.file else self.place.partition(".")[0]

    def check(self, arguments: str) -> None:
        """Refuse what this process may not call with these arguments (JSON), or what is not there; imports nothing.

        Raises
        ------
        NotAllowedError
            A stored job names it, and this worker was not told to use it.
        UnknownPotentialError
            There is no such module or file.
        """
        what = f"potential {self.name!r}"
        check_call(self.place, self.attribute, arguments, what)
        if self.file is not None:
            if not self.file.is_file():
                raise UnknownPotentialError(f"{what}: there is no file {shown(self.place)}")
        elif not is_installed(self.package):
            raise UnknownPotentialError(f"{what}: there is no module {self.package!r} to import")

    def load(self, arguments: str) -> Any:
        """Import it.

        Raises
        ------
        InputError
            As `check`; or the code cannot be imported, or has no such attribute.
        """
        self.check(arguments)
        what = f"potential {self.name!r}"
        try:
            file, name = self.file, self.module
            found: Any = importlib.import_module(name) if file is None else _module_of(file, name)
        except ImportError as error:
            raise UnknownPotentialError(f"{what}: cannot import {self.module!r}: {said(error, kind=False)}") from error
        except (Exception, SystemExit) as error:  # it is the user's code
            raise InputError(f"{what}: {self.module!r} cannot be imported: {said(error)}") from error
        try:
            for part in self.attribute.split("."):
                found = getattr(found, part)
                check_member(found, what)
        except AttributeError:
            raise UnknownPotentialError(f"{what}: {self.place!r} has no {self.attribute!r}") from None
        return found


def said(error: BaseException, *, kind: bool = True) -> str:
    """Return what an error of somebody else's code says, and what is behind it, in one line without passwords."""
    text = f"{type(error).__name__}: {error}" if kind else str(error)
    if error.__cause__ is not None:
        text += f" ({type(error.__cause__).__name__}: {error.__cause__})"
    return redacted(" ".join(text.split()))[:_LONGEST]


def split_file(text: str, folder: Path | None = None) -> tuple[str, str | None] | None:
    """Return target and dispersion of ``file.py:attribute+d3@pbe``, None for what names no file.

    Parameters
    ----------
    text
        What a user gave.
    folder
        Where a relative path starts; None for the current folder.
    """
    found = _FILE.fullmatch(text)
    if found is None:
        return None
    path = code_path(found["file"], folder)
    if not _FILE_NAME.fullmatch(path.name):
        raise UnknownPotentialError(
            f"potential {shown(text)}: the name of the file may hold letters, digits, blanks, '.', '_', '+' and '-'"
        )
    return f"{path}:{found['attribute']}", found["suffix"] and found["suffix"][1:]


def code_path(given: str, folder: Path | None = None) -> Path:
    """Return the absolute path of a file that a user gave; a link keeps its name.

    Parameters
    ----------
    given
        The path.
    folder
        Where a relative one starts; None for the current folder.

    Raises
    ------
    InputError
        There can be no such path, or it holds a comma, which separates what a worker is allowed.
    """
    path = ((folder or Path()) / usable_path(given)).absolute()
    if "," in str(path):
        raise InputError(f"{shown(str(path))} holds a comma, which no path of a potential may; rename it")
    return path


def is_installed(package: str) -> bool:
    """Return whether Python finds a top-level package, without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # in sys.modules without a spec: defined in this process, such as __main__
        return True


def _module_of(file: Path, name: str) -> Any:
    """Return the module of a file, executed once per process; what lies beside it can be imported from it."""
    with _LOAD_LOCK:
        known = sys.modules.get(name)
        if known is not None and getattr(known, "__file__", None) == str(file):
            return known
        text = file.read_bytes()
        _check_neighbours(file, text)
        _find_neighbours(file.parent)
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None:
            raise ImportError(f"{file} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            exec(compile(text, str(file), "exec"), module.__dict__)  # the text itself, and nothing compiled earlier
        except BaseException:
            sys.modules.pop(name, None)
            raise
        _FOLDERS.add(file.parent)
        return module


def _find_neighbours(folder: Path) -> None:
    """Have Python look for modules in a folder, before those of other potentials and after everything installed."""
    if str(folder) in sys.path:
        if folder not in _FOLDERS:  # the user's own doing
            return
        sys.path.remove(str(folder))
    others = [place for place, path in enumerate(sys.path) if Path(path) in _FOLDERS]
    sys.path.insert(others[0] if others else len(sys.path), str(folder))


def _check_neighbours(file: Path, text: bytes) -> None:
    """Refuse a file that names a module beside it of which Python has another one, from beside another potential."""
    for other in file.parent.glob("*.py"):
        known = getattr(sys.modules.get(other.stem), "__file__", None)
        place = Path(known).parent if known else file.parent
        if place != file.parent and place in _FOLDERS and re.search(rb"\b%s\b" % re.escape(other.stem.encode()), text):
            raise ImportError(f"{other} has the name of {known}, which another potential imported; rename one of them")
