"""The one reader of users' structure files: what a file holds, as it means it, or a refusal."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...files import usable_path
from ...permissions import check_path
from ..occupancies import partial_occupancies
from .checks import StructureFileError, check_cell, check_crystal, check_size
from .formats import Format, check_shelx, format_of, read_text
from .names import name_of_file

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

MAX_BYTES = 50_000_000
MAX_STRUCTURES = 1000


@dataclass(frozen=True, eq=False)
class InputStructure:
    """One structure of a file.

    Attributes
    ----------
    path
        The file.
    index
        Which of the structures of the file it is, from 0.
    count
        How many structures the file holds.
    structure
        The crystal in the axes of the file, with partial occupancies as they are.
    constraints
        ASE's, such as the selective dynamics of VASP.
    notes
        What had to be decided to read it.
    """

    path: Path
    index: int
    count: int
    structure: Structure = field(repr=False)
    constraints: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called: by its file, with its index where the file holds several."""
        return name_of_file(self.path) + self.suffix

    @property
    def suffix(self) -> str:
        """Its index behind a hyphen where the file holds several structures."""
        return "" if self.count == 1 else f"-{self.index}"

    @property
    def partial_sites(self) -> tuple[str, ...]:
        """Sites that are partly filled or shared, a text for each kind."""
        return tuple(partial_occupancies(self.structure))

    def atoms(self, origin: str = "") -> Atoms:
        """Return the ordered crystal, with its constraints and without a calculator.

        Parameters
        ----------
        origin
            What a refusal starts with; the file, unless given.

        Raises
        ------
        StructureFileError
            Sites are partly filled or shared.
        """
        from ase import Atoms

        if self.partial_sites:
            raise StructureFileError(
                f"{origin or self.path}: sites are partly filled or shared ({'; '.join(self.partial_sites)}); give an"
                " ordered cell, or an order: ewald, sqs or all"
            )
        numbers = [site.specie.Z for site in self.structure]
        positions = self.structure.frac_coords @ self.structure.lattice.matrix
        return Atoms(
            numbers, positions, cell=self.structure.lattice.matrix, pbc=True, constraint=list(self.constraints) or None
        )


def read_structures(path: str | Path, what: str = "structure") -> list[InputStructure]:
    """Return every structure of a file.

    CIF, POSCAR and CONTCAR, extended XYZ, pymatgen and ASE JSON (also the entries that ``amalgamics query --export``
    writes), and what else ASE reads of crystals. A path that ends in ``@`` and an index or slice, as ASE has it, takes
    these structures only: ``relaxation.traj@-1``.

    Parameters
    ----------
    path
        Of the file.
    what
        What messages call it.

    Raises
    ------
    StructureFileError
        The file is missing, no structure file or damaged; the message says where. Or a structure is none that can be
        computed: see :func:`~.checks.check_crystal`.

    Examples
    --------
    >>> from amalgamics.structures.input.reader import read_structures
    >>> [(one.name, len(one.structure)) for one in read_structures("LiHg.cif")]
    [('LiHg', 2)]
    """
    file, chosen = split_index(path)
    origin = f"{what} file {str(file)!r}"
    check_path(file, f"{what} file")
    _check_file(file, origin)
    found = _read(file, origin)
    if not found:
        raise StructureFileError(f"{origin}: it holds no structure")
    numbers = _numbers(chosen, len(found), origin)
    structures = []
    for number in numbers:
        structure, constraints, notes = found[number]
        label = origin if len(found) == 1 else f"{origin}, structure {number}"
        check_crystal(structure, label)
        structures.append(InputStructure(file, number, len(found), structure, constraints, notes))
    return structures


def read_one(path: str | Path, what: str = "structure") -> InputStructure:
    """Return the structure of a file that holds one, or the one that ``@`` and an index choose.

    Raises
    ------
    StructureFileError
        The file holds several and none is chosen; otherwise as :func:`read_structures`.
    """
    found = read_structures(path, what)
    if len(found) > 1:
        file, _ = split_index(path)
        formulas = ", ".join(one.structure.composition.reduced_formula for one in found[:4])
        raise StructureFileError(
            f"{what} file {str(file)!r} holds {len(found)} structures ({formulas}{', ...' if len(found) > 4 else ''});"
            f" choose one, as in {file.name}@0 or {file.name}@-1"
        )
    return found[0]


def split_index(path: str | Path) -> tuple[Path, str]:
    """Return the path of the file, and what stands behind the last ``@`` where that is an index or a slice.

    Raises
    ------
    StructureFileError
        No file can be called so.
    """
    head, at, tail = str(path).rpartition("@")
    is_index = at and head and re.fullmatch(r"-?\d{1,9}|(-?\d{0,9}:){1,2}-?\d{0,9}", tail)
    try:
        whole = usable_path(path)
        return (usable_path(head), tail) if is_index and not whole.exists() else (whole, "")
    except InputError as error:
        raise StructureFileError(f"structure file {error}") from None


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:60]}...{text[-17:]}"


def _numbers(chosen: str, count: int, origin: str) -> Sequence[int]:
    if not chosen:
        return range(count)
    if ":" in chosen:
        parts = [int(part) if part else None for part in chosen.split(":")]
        if 0 in parts[2:]:
            raise StructureFileError(f"{origin}: {chosen!r} is no slice")
        numbers = range(count)[slice(*parts)]
        if not numbers:
            raise StructureFileError(f"{origin}: it holds {count} structures, none in {chosen}")
        return numbers
    number = int(chosen)
    if not -count <= number < count:
        raise StructureFileError(f"{origin}: there is no structure {number}; it holds {count}, counted from 0")
    return [number % count]


def _check_file(file: Path, origin: str) -> None:
    try:
        if not file.exists():
            raise StructureFileError(f"{origin} does not exist")
        if not file.is_file():
            raise StructureFileError(f"{origin} is a folder; give a file" if file.is_dir() else f"{origin} is no file")
        size = file.stat().st_size
    except OSError as error:
        raise StructureFileError(f"{origin} cannot be read: {error.strerror}") from None
    if size == 0:
        raise StructureFileError(f"{origin} is empty")
    if size > MAX_BYTES:
        raise StructureFileError(f"{origin} has {size / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} are read")


_Found = tuple["Structure", tuple[Any, ...], tuple[str, ...]]


def _read(file: Path, origin: str) -> list[_Found]:
    kind = format_of(file, origin)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read_as(kind, file, origin)
    except StructureFileError:
        raise
    except Exception as error:  # readers raise whatever their formats raise
        reason = " ".join(str(error).split())
        if isinstance(error, KeyError) or not reason:
            reason = f"it is damaged, or of another kind ({type(error).__name__}{': ' + reason if reason else ''})"
        raise StructureFileError(f"{origin} cannot be read as {kind.name}: {_short(reason)}") from None


def _read_as(kind: Format, file: Path, origin: str) -> list[_Found]:
    from .cif import read_cif
    from .poscar import check_poscar
    from .pymatgen_json import constraints_of, structures_of_json

    if kind.name == "CIF":
        return [(structure, (), notes) for structure, notes in read_cif(read_text(file, origin), origin)]
    if kind.name == "JSON":
        documents = structures_of_json(read_text(file, origin), origin)
        if documents is not None:
            return [(structure, constraints_of(structure), ()) for structure in documents]
    notes = check_poscar(read_text(file, origin), origin) if kind.ase == "vasp" else ()
    if kind.ase in ("res", "shelx"):
        check_shelx(read_text(file, origin), origin)
    if kind.ase in ("xyz", "extxyz"):
        _check_frames(read_text(file, origin), origin)
    return [(*_from_ase(atoms, origin), notes) for atoms in _ase_images(kind, file, origin)]


def _check_frames(text: str, origin: str) -> None:
    """Refuse an XYZ file whose frames announce more atoms than there are, or that has too many frames."""
    lines = text.rstrip().split("\n")
    start = 0
    for _ in range(MAX_STRUCTURES):
        count = lines[start].strip()
        if not count.isdecimal() or len(count) > 15:
            raise StructureFileError(
                f"{origin}, line {start + 1}: the number of atoms is expected, not {_short(count)!r}"
            )
        check_size(int(count), origin)
        if start + 2 + int(count) > len(lines):
            raise StructureFileError(
                f"{origin}, line {start + 1}: {count} atoms are announced, and {len(lines) - start - 2} lines follow"
            )
        start += 2 + int(count)
        if start >= len(lines):
            return
    raise StructureFileError(_too_many(origin))


def _too_many(origin: str) -> str:
    return f"{origin}: it holds more than {MAX_STRUCTURES} structures; write those you want to a file of their own"


def _ase_images(kind: Format, file: Path, origin: str) -> list[Atoms]:
    from itertools import islice

    from ase.io import iread

    images = list(islice(iread(file, index=":", format=kind.ase, do_not_split_by_at_sign=True), MAX_STRUCTURES + 1))
    if len(images) > MAX_STRUCTURES:
        raise StructureFileError(_too_many(origin))
    return images


def _from_ase(atoms: Atoms, origin: str) -> tuple[Structure, tuple[Any, ...]]:
    """A periodic structure from one of ASE's, and its constraints; occupancies, which ASE leaves aside, are refused."""
    from pymatgen.core import Structure

    check_size(len(atoms), origin)
    if not atoms.pbc.all():
        axes = " ".join("FT"[int(axis)] for axis in atoms.pbc)
        raise StructureFileError(f"{origin} holds no crystal periodic in three directions (pbc {axes})")
    check_cell(atoms.cell.array, origin)
    if not np.isfinite(atoms.positions).all():
        raise StructureFileError(f"{origin}: a position is not a finite number")
    if atoms.info.get("occupancy"):
        raise StructureFileError(f"{origin}: partial occupancies are read from CIF files only")
    if (atoms.numbers < 1).any() or (atoms.numbers > 103).any():
        raise StructureFileError(f"{origin}: {atoms.symbols} holds a dummy atom or an unknown element")
    structure = Structure(atoms.cell.array, atoms.numbers.tolist(), atoms.positions, coords_are_cartesian=True)
    return structure, tuple(atoms.constraints)
