"""Phases of the library, and structures by name, from files, or as other packages hold them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..arguments import path, refusal
from ..errors import InputError
from ..structures.finite import is_finite
from ..structures.input.names import name_of_file
from ..structures.input.reader import split_index
from ..structures.library.phases import Phase, get_phase, list_phases
from ..structures.ordering.order import MAX_ATOMS
from .display import html_table, with_version

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

    from ..structures.ordering.order import OrderMethod
    from .energies import Relaxed

    StructureLike: TypeAlias = "str | Path | Atoms | Structure | Phase | Relaxed"


_CLOSEST = 0.6
"""Å; the shortest bond there is, of H2, has 0.74."""
_MOST_ROOM = 1000.0
"""Å³ per atom of a crystal; caesium has 115."""


@dataclass(frozen=True)
class PhaseList(Sequence[Phase]):
    """Phases of the library, in the order of its file: a sequence that a notebook shows as a table.

    Attributes
    ----------
    system
        What was asked for; None for the whole library.
    entries
        The phases.
    """

    system: str | None
    entries: tuple[Phase, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Phase]:
        return iter(self.entries)

    def __getitem__(self, index: Any) -> Any:
        return self.entries[index]

    @property
    def keys(self) -> tuple[str, ...]:
        """What each phase is called: the names that `read_structure`, `relax` and the others take."""
        return tuple(phase.key for phase in self.entries)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return with_version({"system": self.system, "phases": [_phase_row(phase) for phase in self.entries]})

    def _repr_html_(self) -> str:
        rows = [list(_phase_row(phase).values()) for phase in self.entries]
        headings = ["key", "formula", "space group", "structure type", "confidence", "why it cannot be built"]
        return html_table(f"Phases of {self.system or 'the library'}", headings, rows)


def _phase_row(phase: Phase) -> dict[str, str | None]:
    return {
        "key": phase.key,
        "formula": phase.formula,
        "space_group": phase.space_group_symbol,
        "prototype": phase.prototype,
        "confidence": phase.confidence,
        "why_not_buildable": phase.why_not_buildable,
    }


def phases(system: str | None = None, *, buildable: bool | None = None) -> PhaseList:
    """List the phases of the library.

    Parameters
    ----------
    system
        Element symbols joined by hyphens: the elements and all phases within them. None for the whole library.
    buildable
        Only those whose crystal can (True) or cannot (False) be built; None for both.

    Returns
    -------
    PhaseList
        A sequence; each phase has its source, lattice, `atoms()` and, where it cannot be built, the reason.

    Raises
    ------
    InputError
        An element is unknown.

    Examples
    --------
    >>> import amalgamics
    >>> amalgamics.phases("Mg-Al").keys
    ('Mg_hcp', 'Al_fcc')
    >>> [phase.key for phase in amalgamics.phases("Li-Hg") if phase.formula == "LiHg3"]
    ['LiHg3']
    """
    return PhaseList(system, tuple(list_phases(system, buildable=buildable)))


def read_structure(
    source: str | Path, *, primitive: bool = False, order: OrderMethod | None = None, max_atoms: int = MAX_ATOMS
) -> Atoms:
    """Return a crystal by the name of a phase or electrolyte, or from a file.

    Parameters
    ----------
    source
        Key of a phase (``LiHg3``, ``Li_bcc``), a formula that one phase alone has, the name of an electrolyte
        (``LLTO``), or the path of a CIF, POSCAR, extended XYZ or another file of a crystal. ``@`` and an index behind
        the path choose one of several structures, as in ``relaxation.traj@-1``.
    primitive
        Return the primitive cell, not the conventional one.
    order
        How to order partly filled or shared sites of a file: ``ewald`` (ionic crystals) or ``sqs`` (alloys, needs
        icet). Without it they are refused.
    max_atoms
        Most sites of the ordered cell.

    Returns
    -------
    ase.Atoms
        Periodic in three directions. What had to be decided to read a file, such as its origin or its ordering, is
        said by a warning, and stands in ``info["notes"]``.

    Raises
    ------
    InputError
        There is no such phase (the nearest is named) or file, the phase cannot be built (the reason is given), or the
        file holds no crystal, several, or one with partly filled sites that are not or cannot be ordered.

    Examples
    --------
    >>> import amalgamics
    >>> str(amalgamics.read_structure("LiHg3").symbols)
    'Li2Hg6'
    >>> len(amalgamics.read_structure("Cu_fcc")), len(amalgamics.read_structure("Cu_fcc", primitive=True))
    (4, 1)
    >>> amalgamics.read_structure("Li_bbc")
    Traceback (most recent call last):
    amalgamics.errors.InputError: unknown phase 'Li_bbc'. Did you mean 'Li_bcc'?
    """
    from ..structures.input.crystals import read_crystal
    from ..structures.library.electrolytes import get_electrolyte, list_electrolytes

    path("structure", source, "the name of a phase or electrolyte, or the path of a file")
    if isinstance(source, Path) or _looks_like_a_file(source):
        crystal = read_crystal(source, order=order, max_atoms=max_atoms)
        atoms = crystal.atoms
        for note in crystal.notes:
            warnings.warn(f"{source}: {note}", stacklevel=2)
        if crystal.notes:
            atoms.info["notes"] = list(crystal.notes)
    elif source in {item.name for item in list_electrolytes()}:
        atoms = get_electrolyte(source)
    else:
        atoms = get_phase(source).atoms()
    return _primitive(atoms) if primitive else atoms


def as_atoms(structure: StructureLike, name: str = "structure") -> Atoms:
    """Return a copy of what was given, without a calculator: a name or file, Atoms, a pymatgen Structure, a result.

    Raises
    ------
    InputError
        The argument ``name`` is none of these, has no atoms, a position that is not a number, partly filled sites, or
        lengths that cannot be in Å.
    """
    if isinstance(structure, str | Path):
        atoms = read_structure(structure)
    elif isinstance(structure, Phase):
        atoms = structure.atoms()
    else:
        atoms = _given_atoms(structure, name)
    _check_lengths(atoms, name)
    return atoms


def _given_atoms(structure: Atoms | Structure | Relaxed, name: str) -> Atoms:
    from ase import Atoms

    found: Any = getattr(structure, "atoms", structure)
    if hasattr(found, "to_ase_atoms"):
        try:
            found = found.to_ase_atoms(msonable=False)
        except ValueError as error:
            raise InputError(f"{name}: {found.formula}: {error}; give an ordered cell") from None
    if not isinstance(found, Atoms):
        allowed = "the name of a phase, a file, ase.Atoms, a pymatgen Structure or a relaxed structure"
        raise refusal(name, structure, allowed)
    if len(found) == 0:
        raise InputError(f"{name}: there are no atoms")
    if not is_finite(found):
        raise InputError(f"{name}: {found.symbols} has a position or cell vector that is not a finite number")
    atoms: Atoms = found.copy()
    atoms.calc = None
    return atoms


def _check_lengths(atoms: Atoms, name: str) -> None:
    """Refuse atoms on top of each other: two atoms, or one and its own image."""
    from ase.neighborlist import neighbor_list

    distances = neighbor_list("d", atoms, _CLOSEST)
    if len(distances):
        nearest = float(distances.min())
        raise InputError(
            f"{name}: two atoms of {atoms.symbols} are {nearest:.3g} Å apart, closer than any bond; lengths are in Å"
            f" ({nearest:.3g} nm would be {10.0 * nearest:.3g} Å)"
        )


def as_crystal(structure: StructureLike, what: str) -> Atoms:
    """Return a copy as `as_atoms` does, and refuse what is not a crystal.

    Raises
    ------
    InputError
        As for `as_atoms`, or it is not periodic in three directions, or too thin; ``what`` is what the message says it
        is for.
    """
    atoms = as_atoms(structure, what)
    if not (atoms.pbc.all() and atoms.cell.rank == 3):
        raise InputError(
            f"{what}: {atoms.symbols} has pbc {atoms.pbc.tolist()}; a crystal periodic in three directions is needed,"
            " not a molecule or a slab"
        )
    check_room(atoms, what)
    return atoms


def check_room(atoms: Atoms, name: str) -> None:
    """Refuse a crystal whose atoms lie so far apart that its lengths cannot be in Å.

    Raises
    ------
    InputError
        Naming the argument and the volume of its atoms.
    """
    room = float(atoms.get_volume()) / len(atoms) if atoms.cell.rank == 3 else 0.0
    if room > _MOST_ROOM:
        raise InputError(
            f"{name}: the cell of {atoms.symbols} has {room:.4g} Å³ per atom, and a crystal at most {_MOST_ROOM:g};"
            " lengths are in Å"
        )


def name_of(structure: StructureLike, atoms: Atoms) -> str:
    """Return what a structure is called: its name, the stem of its file, or the formula of its cell."""
    if isinstance(structure, Phase):
        return structure.key
    if isinstance(structure, str | Path):
        if isinstance(structure, Path) or _looks_like_a_file(structure):
            return name_of_file(split_index(structure)[0])
        return structure
    return str(getattr(structure, "name", None) or atoms.get_chemical_formula(empirical=True))


def _looks_like_a_file(source: str) -> bool:
    file, _ = split_index(source)
    return "/" in source or "\\" in source or file.suffix.lstrip(".").isalpha() or file.is_file()


def _primitive(atoms: Atoms) -> Atoms:
    from pymatgen.io.ase import AseAtomsAdaptor

    from ..workflows.database.candidates import primitive_atoms

    return primitive_atoms(AseAtomsAdaptor.get_structure(atoms))
