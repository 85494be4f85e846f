"""Force constants of a supercell, from which the modes at any wave vector follow."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ase import Atoms

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from phonopy import Phonopy


@dataclass(frozen=True, eq=False)
class ForceConstants:
    """Second derivatives of the energy.

    Attributes
    ----------
    unit_cell
        The cell that is repeated.
    repeats
        Times along each of its vectors.
    primitive_matrix
        Primitive cell in terms of the unit cell, as phonopy has it, shape (3, 3).
    values
        eV/Å^2, shape (n_primitive, n_supercell, 3, 3): between the atoms of the primitive cell and those of the
        supercell, in phonopy's order.
    """

    unit_cell: Atoms
    repeats: tuple[int, int, int]
    primitive_matrix: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def from_phonopy(cls, phonopy: Phonopy, unit_cell: Atoms, repeats: tuple[int, int, int]) -> ForceConstants:
        """Take them from phonopy's object, which must have them."""
        values = np.array(phonopy.force_constants, dtype=np.float64)
        if len(values) != len(phonopy.primitive):
            values = values[phonopy.primitive.p2s_map]
        return cls(unit_cell, repeats, np.array(phonopy.primitive_matrix, dtype=np.float64), values)

    def phonopy(self) -> Phonopy:
        """Return phonopy's object with these force constants, for other meshes, paths or projections."""
        phonopy = make_phonopy(self.unit_cell, self.repeats, self.primitive_matrix)
        phonopy.force_constants = self.values
        return phonopy

    def as_dict(self, decimals: int | None = None) -> dict[str, Any]:
        """Return plain JSON; ``decimals`` rounds the values (eV/Å^2)."""
        values = self.values if decimals is None else np.round(self.values, decimals) + 0.0
        return {
            "unit_cell": plain_cell(self.unit_cell),
            "repeats": list(self.repeats),
            "primitive_matrix": self.primitive_matrix.tolist(),
            "values": values.tolist(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ForceConstants:
        """Read what `as_dict` returned."""
        repeats = plain["repeats"]
        return cls(
            Atoms(**plain["unit_cell"], pbc=True),
            (repeats[0], repeats[1], repeats[2]),
            np.array(plain["primitive_matrix"], dtype=np.float64),
            np.array(plain["values"], dtype=np.float64),
        )


def plain_cell(atoms: Atoms) -> dict[str, Any]:
    """Return a crystal as plain JSON, the keyword arguments of ``Atoms``."""
    return {
        "numbers": atoms.numbers.tolist(),
        "cell": atoms.cell.array.tolist(),
        "scaled_positions": atoms.get_scaled_positions(wrap=False).tolist(),
    }


def make_phonopy(
    unit_cell: Atoms, repeats: tuple[int, int, int], primitive_matrix: Literal["auto"] | NDArray[np.float64] = "auto"
) -> Phonopy:
    """Return phonopy's object for a repeated cell."""
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    cell = PhonopyAtoms(
        symbols=unit_cell.get_chemical_symbols(),
        cell=unit_cell.cell.array,
        scaled_positions=unit_cell.get_scaled_positions(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that "auto" finds the primitive cell is what is wanted here
        return Phonopy(cell, supercell_matrix=np.diag(repeats), primitive_matrix=primitive_matrix, log_level=0)
