"""The one reader of finished calculations: which format a file has, what it holds, or why it is refused."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.neighborlist import neighbor_list

from ...structures.input.checks import StructureFileError, check_cell, check_size
from ...structures.input.reader import split_index
from .ase_files import read_ase, read_gpaw_text, read_gpw
from .calculation import CalculationFileError, ImportedCalculation
from .entries import read_entries
from .espresso import read_output, read_xml
from .vasp import read_outcar, read_vasprun

if TYPE_CHECKING:
    from ase import Atoms

MAX_BYTES = 2_000_000_000
MAX_NUMBER = 103
CLOSEST = 0.6
"""Å; the shortest bond there is, of H2, has 0.74."""
_HEAD = 4096
_Found = list[dict[str, Any]]

READERS: Mapping[str, Callable[[Path], _Found]] = {
    "vasprun.xml": read_vasprun,
    "OUTCAR": read_outcar,
    "output of pw.x": read_output,
    "XML of pw.x": read_xml,
    ".gpw file": read_gpw,
    "text of GPAW": read_gpaw_text,
}
"""Readers of one calculation a file, by what messages call the format."""
_OF_ASE = {
    "vasp-xml": "vasprun.xml",
    "vasp-out": "OUTCAR",
    "espresso-out": "output of pw.x",
    "gpw": ".gpw file",
    "gpaw-out": "text of GPAW",
}
_COLLECTIONS = {"extxyz": "extended XYZ", "traj": "ASE trajectory", "db": "ASE database", "json": "JSON"}


def read_calculations(path: str | Path) -> list[ImportedCalculation]:
    """Return the finished calculations of a file.

    ``vasprun.xml`` and ``OUTCAR`` of VASP, output and XML of ``pw.x`` of Quantum ESPRESSO, ``.gpw`` and text of GPAW,
    trajectories, databases and extended XYZ of ASE with energies, and JSON of pymatgen's ``ComputedStructureEntry``;
    each also as ``.gz``. ``@`` and an index or slice behind the path choose some of several structures.

    Raises
    ------
    CalculationFileError
        It is missing or of another kind, or the calculation did not end or converge; the message has no name in it.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> from amalgamics.calculators.imported.reader import read_calculations
    >>> copper = bulk("Cu")
    >>> copper.calc = EMT()
    >>> _ = copper.get_potential_energy(), copper.write("Cu.extxyz")
    >>> (found,) = read_calculations("Cu.extxyz")
    >>> print(f"{found.energy:.4f} eV, {found.energy_kind}")
    -0.0057 eV, as the file gives it
    """
    file, chosen = split_index(path)
    _check_file(file)
    digest = _sha256(file)
    with _plain(file) as plain, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _chosen(_read(plain), chosen)
    label = "/".join(file.parts[-2:]) if not file.is_absolute() or len(file.parts) > 2 else file.name
    calculations = []
    for number, content in found:
        name = label if len(found) == 1 and not chosen else f"{label}@{number}"
        _check_structure(content["atoms"])
        calculations.append(ImportedCalculation(**content, file=name, sha256=digest))
    return calculations


def _check_file(file: Path) -> None:
    try:
        if not file.exists():
            raise CalculationFileError("there is no such file")
        if not file.is_file():
            raise CalculationFileError("it is no file")
        size = file.stat().st_size
    except OSError as error:
        raise CalculationFileError(f"it cannot be read: {error.strerror}") from None
    if size == 0:
        raise CalculationFileError("the file is empty")
    if size > MAX_BYTES:
        raise CalculationFileError(f"it has {size / 1e9:.1f} GB; at most {MAX_BYTES / 1e9:g} are read")


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise CalculationFileError(f"it cannot be read: {error.strerror}") from None


@contextlib.contextmanager
def _plain(file: Path) -> Iterator[Path]:
    """The file itself, or what is in a ``.gz``, for a while."""
    if file.suffix.lower() != ".gz":
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="amalgamics-") as folder:
        inner = Path(folder) / file.stem
        try:
            with gzip.open(file) as packed, inner.open("wb") as stream:
                shutil.copyfileobj(packed, _Bounded(stream))
        except (OSError, EOFError) as error:
            raise CalculationFileError(f"it is no whole .gz file: {error}") from None
        yield inner


class _Bounded:
    """A file that takes no more than :data:`MAX_BYTES`: a few bytes can be packed from a whole disk of zeros."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._size = stream, 0

    def write(self, content: bytes) -> int:
        self._size += len(content)
        if self._size > MAX_BYTES:
            raise CalculationFileError(f"it holds more than {MAX_BYTES / 1e9:g} GB")
        return int(self._stream.write(content))


def _read(file: Path) -> _Found:
    kind = _kind_of(file)
    try:
        if kind in READERS:
            return READERS[kind](file)
        entries = read_entries(file) if kind == "json" else None
        return read_ase(file, kind) if entries is None else entries
    except CalculationFileError:
        raise
    except Exception as error:  # readers raise whatever their formats raise
        reason = " ".join(str(error).split())[:120]
        what = f"it is damaged, or of another kind ({type(error).__name__}{f': {reason}' if reason else ''})"
        raise CalculationFileError(f"it cannot be read as {_COLLECTIONS.get(kind, kind)}: {what}") from None


def _kind_of(file: Path) -> str:
    """What reads a file: a key of :data:`READERS`, or ASE's name of a format that holds several structures."""
    from ase.io.formats import UnknownFileTypeError, filetype

    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    name = file.name.lower()
    if b"espresso" in head and head.lstrip().startswith(b"<?xml"):
        return "XML of pw.x"
    if b"<modeling>" in head or name.startswith("vasprun"):
        return "vasprun.xml"
    if name.startswith("outcar"):
        return "OUTCAR"
    if b"Program PWSCF" in head:
        return "output of pw.x"
    if b"gpaw:" in head and b"Libxc" in head:
        return "text of GPAW"
    try:
        found = "json" if name.endswith(".json") else str(filetype(str(file)))
    except (UnknownFileTypeError, OSError, ValueError):
        found = ""
    if found == "xyz":
        found = "extxyz"
    if found not in _OF_ASE and found not in _COLLECTIONS:
        raise CalculationFileError(
            "it is of no format that is known; give a vasprun.xml, OUTCAR, output or XML of pw.x, .gpw, .txt of GPAW,"
            " .extxyz, .traj, .db or .json with energies"
        )
    return _OF_ASE.get(found, found)


def _chosen(found: _Found, chosen: str) -> list[tuple[int, dict[str, Any]]]:
    """Those that stand behind the ``@`` of a path, with their numbers."""
    numbered = list(enumerate(found))
    if not chosen:
        return numbered
    if ":" in chosen:
        parts = [int(part) if part else None for part in chosen.split(":")]
        picked = [] if 0 in parts[2:] else numbered[slice(*parts)]
    else:
        number = int(chosen)
        picked = [numbered[number]] if -len(found) <= number < len(found) else []
    if not picked:
        raise CalculationFileError(f"it holds {len(found)} structures, counted from 0, and none in @{chosen}")
    return picked


def _check_structure(atoms: Atoms) -> None:
    """Refuse what is not periodic, or cannot be a structure with lengths in Å: a crystal, a slab, or a film."""
    if not (atoms.pbc.all() and atoms.cell.rank == 3):
        axes = " ".join("FT"[int(axis)] for axis in atoms.pbc)
        raise CalculationFileError(f"it is not periodic in three directions (pbc {axes})")
    if (atoms.numbers < 1).any() or (atoms.numbers > MAX_NUMBER).any():
        wrong = sorted({int(number) for number in atoms.numbers if not 1 <= number <= MAX_NUMBER})
        raise CalculationFileError(f"it holds a dummy atom or an unknown element (atomic number {wrong[0]})")
    if not np.isfinite(atoms.positions).all():
        raise CalculationFileError("a position is not a finite number")
    try:
        check_cell(atoms.cell.array, "its structure")
        check_size(len(atoms), "its structure")
    except StructureFileError as error:
        raise CalculationFileError(str(error)) from None
    distances = neighbor_list("d", atoms, CLOSEST)
    if len(distances):
        raise CalculationFileError(f"two atoms are {distances.min():.2g} Å apart, closer than any bond")
