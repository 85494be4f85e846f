"""What is worked out of a structure when it is stored: formula, space group, lattice, energy and volume per atom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import InputError

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

    from ...calculators.relaxation.results import RelaxationResult
    from ...structures.symmetry import Axes


def reduced_formula(atoms: Atoms) -> str:
    """Return the reduced formula of ``atoms`` in the field's order: ``LiHg3``."""
    from pymatgen.core import Composition

    return str(Composition(str(atoms.symbols)).reduced_formula)


def measures(result: RelaxationResult) -> dict[str, Any]:
    """Return energy and volume per atom of a relaxed structure (eV, Å³), and how many steps it took."""
    atoms, count = result.atoms, len(result.atoms)
    return {
        "energy_per_atom": float(result.energy) / count,
        "volume_per_atom": float(atoms.get_volume()) / count,
        "n_steps": int(result.n_steps),
    }


class Symmetry(NamedTuple):
    """Space group of a structure and (a, b, c, alpha, beta, gamma) of its conventional cell, Å and degrees.

    The symbol is that in the axes of this cell, such as ``Pbnm``.
    """

    symbol: str
    number: int
    lattice: list[float]


def find_symmetry(atoms: Atoms, symprec: float | None = None, *, axes: Axes | NDArray[Any] = "given") -> Symmetry:
    """Return what spglib finds for ``atoms`` within ``symprec`` (Å), in the axes that `conventional_cell` makes of it.

    Without ``symprec`` it is within `relaxed_symprec`.

    Raises
    ------
    RuntimeError
        spglib finds no symmetry at all, which means that atoms lie on top of each other.
    """
    from ase.geometry import cell_to_cellpar

    from ...structures.symmetry import conventional_cell
    from ...structures.symmetry_tolerances import relaxed_symprec

    try:
        tolerance = relaxed_symprec(atoms) if symprec is None else symprec
        cell = conventional_cell(atoms, symprec=tolerance, axes=axes, idealise=True)
    except InputError as error:
        raise RuntimeError(str(error)) from None
    lattice = [float(value) for value in cell_to_cellpar(cell.lattice)]
    return Symmetry(cell.space_group, cell.space_group_number, lattice)
