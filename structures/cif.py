"""Crystals as blocks of a CIF, in the very axes that their Miller indices refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .crystal_sites import find_dataset
from .symmetry import ConventionalCell

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

_IDEAL = 1e-3
"""Å; an idealised crystal has its symmetry within far less."""


def cif_block(crystal: ConventionalCell | Atoms, name: str) -> str:
    """Return a data block: of a conventional cell with its symmetry, of anything else without.

    Parameters
    ----------
    crystal
        Atoms, or an idealised conventional cell that was made from such.
    name
        Of the block.
    """
    from pymatgen.core.operations import SymmOp
    from pymatgen.io.cif import CifBlock

    cell = crystal.atoms if isinstance(crystal, ConventionalCell) else crystal
    symbol, number, operations, kept, moved = _symmetry(crystal, cell)
    lengths = dict(zip(("length_a", "length_b", "length_c"), cell.cell.lengths(), strict=True))
    angles = dict(zip(("angle_alpha", "angle_beta", "angle_gamma"), cell.cell.angles(), strict=True))
    scaled = (cell.get_scaled_positions(wrap=False) + moved)[kept] % 1.0
    symbols = [cell.symbols[index] for index in kept]
    data: dict[str, Any] = {f"_cell_{key}": f"{value:.8f}" for key, value in (lengths | angles).items()}
    data |= {
        "_symmetry_space_group_name_H-M": symbol,
        "_symmetry_Int_Tables_number": str(number),
        "_chemical_formula_sum": _formula_sum(cell),
        "_cell_volume": f"{cell.get_volume():.8f}",
        "_symmetry_equiv_pos_site_id": [str(index) for index in range(1, len(operations) + 1)],
        "_symmetry_equiv_pos_as_xyz": [
            SymmOp.from_rotation_and_translation(turn, step).as_xyz_str() for turn, step in operations
        ],
        "_atom_site_type_symbol": symbols,
        "_atom_site_label": [f"{element}{number}" for number, element in enumerate(symbols)],
        "_atom_site_occupancy": ["1"] * len(symbols),
    }
    data |= {f"_atom_site_fract_{axis}": [f"{x:.8f}" for x in scaled[:, i]] for i, axis in enumerate("xyz")}
    sites = ("type_symbol", "label", "fract_x", "fract_y", "fract_z", "occupancy")
    loops = [
        ["_symmetry_equiv_pos_site_id", "_symmetry_equiv_pos_as_xyz"],
        [f"_atom_site_{key}" for key in sites],
    ]
    return str(CifBlock(data, loops, name))


def _symmetry(
    crystal: ConventionalCell | Atoms, cell: Atoms
) -> tuple[str, int, list[tuple[Any, Any]], list[int], NDArray[np.float64]]:
    """Symbol, number, operations, one atom of each orbit, and how atoms move to the origin of the operations."""
    alone = ("P 1", 1, [(np.eye(3), np.zeros(3))], list(range(len(cell))), np.zeros(3))
    if not isinstance(crystal, ConventionalCell):
        return alone
    dataset = find_dataset((crystal.lattice, crystal.scaled_positions, cell.numbers), _IDEAL)
    if dataset is None or dataset.number != crystal.space_group_number:
        return alone
    # About the origin of the International Tables translations are fractions with small denominators.
    moved = np.linalg.solve(np.asarray(dataset.transformation_matrix), np.asarray(dataset.origin_shift))
    turned = np.asarray(dataset.rotations)
    steps = np.asarray(dataset.translations) + moved - turned @ moved
    operations = list(zip(turned, np.round(24.0 * steps) / 24.0 % 1.0, strict=True))
    kept = sorted(set(np.asarray(dataset.equivalent_atoms).tolist()))
    return crystal.space_group, crystal.space_group_number, operations, kept, moved


def _formula_sum(cell: Atoms) -> str:
    counts = cell.symbols.formula.count()
    return " ".join(f"{element}{count}" for element, count in sorted(counts.items()))
