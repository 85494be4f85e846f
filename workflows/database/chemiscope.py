"""Rows as a file of chemiscope, which shows structures and their properties as a map in the browser.

The format is that of chemiscope 1.1 (G. Fraux, R. Cersonsky and M. Ceriotti, J. Open Source Softw. 5, 2117 (2020),
doi:10.21105/joss.02117), as its Python package writes it: ``meta``, ``structures``, and ``properties`` that have one
value for each structure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

UNITS = {
    "energy": "eV",
    "volume": "Å³",
    "energy_per_atom": "eV/atom",
    "formation_energy_per_atom": "eV/atom",
    "e_above_hull": "eV/atom",
    "volume_per_atom": "Å³/atom",
    "relax_fmax": "eV/Å",
    "dispersion_energy": "eV",
    "geometry_energy": "eV",
    "rigid_solid_energy": "eV",
    "rigid_film_energy": "eV",
    "reversible_work_J_m2": "J/m²",
    "nvt_work_J_m2": "J/m²",
    "diffusion_cm2_s": "cm²/s",
}
_SPACE = 3


def chemiscope_data(rows: Sequence[AtomsRow], values: Sequence[dict[str, Any]], keys: Sequence[str]) -> dict[str, Any]:
    """Return the content of a file.

    Numbers must be there for every structure, so keys that some rows lack are left out; a text that a row lacks is
    empty. Truth values are the texts ``yes`` and ``no``.

    Parameters
    ----------
    rows
        At least one.
    values
        Of each row, by key.
    keys
        Those to keep, in this order.
    """
    potentials = sorted({str(row.get("potential")) for row in rows})
    properties = {}
    for key in keys:
        column = _column([each.get(key) for each in values])
        if column is not None:
            unit = {"units": UNITS[key]} if key in UNITS else {}
            properties[key] = {"target": "structure", "values": column, **unit}
    return {
        "meta": {
            "name": f"{len(rows)} structures of amalgamics",
            "description": f"Relaxed with {', '.join(potentials)}; energies of several potentials do not compare.",
        },
        "settings": {"structure": [{"unitCell": True}]},
        "structures": [_structure(row) for row in rows],
        "properties": properties,
    }


def _column(values: Sequence[Any]) -> list[float] | list[str] | None:
    """Return one property: numbers, or texts; None where a number is missing or a value is neither."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if all(isinstance(value, bool) for value in known):
        return ["" if value is None else "yes" if value else "no" for value in values]
    if all(isinstance(value, str) for value in known):
        return ["" if value is None else value for value in values]
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _structure(row: AtomsRow) -> dict[str, Any]:
    """Return elements, positions (Å) and, where there are three lattice vectors, the cell in one list."""
    x, y, z = (row.positions[:, axis].tolist() for axis in range(3))
    found = {"size": row.natoms, "names": list(row.symbols), "x": x, "y": y, "z": z}
    cell = row.toatoms().cell
    return found | ({"cell": cell.array.ravel().tolist()} if cell.rank == _SPACE else {})
