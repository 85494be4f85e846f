"""Ordered crystals from users' files: those that are, and ordered cells of those that are not."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..ordering.order import MAX_ATOMS, OrderMethod, order_structure
from ..ordering.supercell import OrderError
from .checks import StructureFileError, check_crystal
from .reader import InputStructure, read_one, read_structures, split_index

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, eq=False)
class InputCrystal:
    """An ordered crystal of a user's file.

    Attributes
    ----------
    name
        By its file; ``-1``, ``-2`` where several orderings of one structure were made.
    atoms
        With constraints, in the axes of the file.
    source
        Name of the file.
    suffix
        What its name has behind that of the file: which structure of the file and which ordering it is.
    vectors
        Its cell vectors in those of the file, rows: whole numbers where it holds several cells of it.
    notes
        What had to be decided: the setting, the ordering.
    """

    name: str
    atoms: Atoms = field(repr=False)
    source: str
    suffix: str = ""
    vectors: tuple[tuple[float, ...], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    notes: tuple[str, ...] = ()


def read_crystals(
    path: str | Path,
    what: str = "structure",
    *,
    order: OrderMethod | None = None,
    orderings: int = 1,
    max_atoms: int = MAX_ATOMS,
) -> list[InputCrystal]:
    """Return the crystals of a file, ordered.

    Parameters
    ----------
    path
        Of the file, perhaps with ``@`` and an index; see :func:`~.reader.read_structures`.
    what
        What messages call it.
    order, orderings, max_atoms
        How to order those with partly filled or shared sites, how many orderings to take, and of how many sites their
        cells are at most; see :func:`~amalgamics.structures.ordering.order_structure`.

    Raises
    ------
    StructureFileError
        As :func:`~.reader.read_structures`, or sites are partly filled or shared and no ``order`` is given.
    OrderError
        They cannot be ordered so.
    """
    return _crystals(path, what, order, orderings, max_atoms, only_one=False)


def read_crystal(
    path: str | Path, what: str = "structure", *, order: OrderMethod | None = None, max_atoms: int = MAX_ATOMS
) -> InputCrystal:
    """Return the crystal of a file that holds one, ordered, or the one that ``@`` and an index choose.

    Raises
    ------
    StructureFileError
        The file holds several and none is chosen; otherwise as :func:`read_crystals`.
    OrderError
        See :func:`read_crystals`; or ``order`` is ``all``, and gives several.
    """
    found = _crystals(path, what, order, 1, max_atoms, only_one=True)
    if len(found) > 1:
        raise OrderError(
            f"{what} file {str(path)!r}: order: all gives {len(found)} orderings, and one is needed; take ewald or sqs"
        )
    return found[0]


def _crystals(
    path: str | Path, what: str, order: OrderMethod | None, orderings: int, max_atoms: int, *, only_one: bool
) -> list[InputCrystal]:
    file, _ = split_index(path)
    stamp = (file.stat().st_mtime_ns, file.stat().st_size) if file.is_file() else (0, 0)
    found = _read_crystals(str(path), what, order, orderings, max_atoms, stamp, only_one=only_one)
    return [replace(one, atoms=one.atoms.copy()) for one in found]


@functools.lru_cache(maxsize=32)
def _read_crystals(
    path: str,
    what: str,
    order: OrderMethod | None,
    orderings: int,
    max_atoms: int,
    stamp: tuple[int, int],
    *,
    only_one: bool,
) -> Sequence[InputCrystal]:
    """Read and order once what a job asks for several times; the stamp tells a file that has changed."""
    del stamp
    return [
        crystal
        for structure in ([read_one(path, what)] if only_one else read_structures(path, what))
        for crystal in _crystals_of(structure, what, order, orderings, max_atoms)
    ]


def _crystals_of(
    structure: InputStructure, what: str, order: OrderMethod | None, orderings: int, max_atoms: int
) -> list[InputCrystal]:
    origin = f"{what} file {str(structure.path)!r}"
    source = structure.path.name
    if order is None or not structure.partial_sites:
        return [InputCrystal(structure.name, structure.atoms(origin), source, structure.suffix, notes=structure.notes)]
    from pymatgen.io.ase import AseAtomsAdaptor

    try:
        cells = order_structure(structure.structure, order, n=orderings, max_atoms=max_atoms)
    except OrderError as error:
        raise OrderError(f"{origin}: {error}") from None
    if not cells:
        raise StructureFileError(f"{origin}: no ordering was found")
    found = []
    for number, cell in enumerate(cells, 1):
        check_crystal(AseAtomsAdaptor.get_structure(cell.atoms), f"{origin}, ordered ({order})")
        which = "" if len(cells) == 1 else f"-{number}"
        notes = (*structure.notes, cell.note)
        found.append(
            InputCrystal(structure.name + which, cell.atoms, source, structure.suffix + which, cell.vectors, notes)
        )
    return found
