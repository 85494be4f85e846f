"""The table of rows, and all that is known of one of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, NotStoredError
from ..workflows.database.export import cif_of_row, structure_entry
from ..workflows.database.row_hulls import HULL_KEYS
from ..workflows.database.rows import atoms_of, conventional_of, told_converged
from ..workflows.database.selecting import CRYSTALS
from ..workflows.studies.phonons.settings import Role
from .figures import pattern_figure
from .odd import shown_or_refused

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .asked import Asked
    from .sources import Sources

COLUMNS: Mapping[str, str] = {
    "id": "id",
    "name": "name",
    "reduced_formula": "formula",
    "space_group": "space group",
    "kind": "kind",
    "potential": "potential",
    "natoms": "atoms",
    "energy_per_atom": "E",
    "formation_energy_per_atom": "E_f",
    "e_above_hull": "above hull",
    "volume_per_atom": "V",
}
"""Keys of the table and their headings."""
UNITS: Mapping[str, str] = {
    **dict.fromkeys(("energy_per_atom", *HULL_KEYS), "eV/atom"),
    "volume_per_atom": "Å³/atom",
}

NUMBERS = ("id", "natoms", "energy_per_atom", "volume_per_atom", *HULL_KEYS)
_MOST_ROWS, _MOST_PAGES = 200, 10**9
_PLACES_S = 1.0
_MOST_ATOMS = 5000
"""Drawn of one row; more would stop a browser."""
_AT_EDGE = 1e-3
"""Of a lattice vector."""


def columns() -> list[dict[str, Any]]:
    """Return the columns of the table: key, heading, unit and whether they hold numbers."""
    return [
        {"key": key, "title": title, "unit": UNITS.get(key), "number": key in NUMBERS} for key, title in COLUMNS.items()
    ]


def table(sources: Sources, asked: Asked) -> dict[str, Any]:
    """Return a page of the rows that match a query, without what their hulls say of them: see :func:`places`."""
    sort = asked.text("sort", "id")
    if sort.removeprefix("-") not in COLUMNS:
        raise InputError(f"sort: {sort!r} is not allowed; give one of {', '.join(COLUMNS)}, or -id and so on")
    offset = asked.integer("offset", 0, least=0, most=_MOST_PAGES)
    limit = asked.integer("limit", 50, least=1, most=_MOST_ROWS)
    query, text = asked.text("query"), asked.text("text")
    with shown_or_refused("the rows that are asked for"):
        found = sources.database.page(query, containing=text, sort=sort, offset=offset, limit=limit)
    stored = [key for key in COLUMNS if key not in HULL_KEYS]
    return {
        "columns": columns(),
        "rows": [{key: row.get(key) for key in stored} for row in found.rows],
        "total": found.total,
        "offset": offset,
        "limit": limit,
    }


def places(sources: Sources, asked: Asked) -> dict[str, Any]:
    """Return formation energies and distances to the hull of some rows, and the ids that are left for another request.

    The hulls of a page of rows may take long: what is ready after a second is returned.
    """
    ids = asked.integers("ids", most=_MOST_ROWS)
    found: dict[int, dict[str, float | None]] = {}
    end = time.monotonic() + _PLACES_S
    with sources.computing:
        for number, row_id in enumerate(ids):
            try:
                row = sources.database.row(row_id)
            except NotStoredError:
                continue
            found[row_id] = _place(row)
            if time.monotonic() > end:
                return {"places": found, "left": ids[number + 1 :]}
    return {"places": found, "left": []}


def detail(sources: Sources, row_id: int) -> dict[str, Any]:
    """Return what is stored of a row, its structure included."""
    row = sources.database.row(row_id)
    with shown_or_refused(f"row {row_id}: its content"):
        data: Mapping[str, Any] = row.data
        candidate = data.get("candidate")
        origin = candidate if isinstance(candidate, Mapping) else {}
        return {
            "id": row.id,
            "name": row.get("name") or f"row {row.id}",
            "formula": row.get("reduced_formula") or row.formula,
            "space_group": row.get("space_group"),
            "reason": data.get("reason"),
            "is_crystal": row.get("kind") in CRYSTALS,
            "keys": {
                **row.key_value_pairs,
                **({"converged": "not told"} if row.get("converged") and told_converged(row) is None else {}),
                "energy": row.get("energy"),
                "natoms": row.natoms,
                "volume": row.get("volume"),
            },
            "lattice": data.get("lattice"),
            "origin": {key: origin.get(key) for key in ("source", "confidence", "note") if origin.get(key)},
            "provenance": data.get("provenance"),
            "settings": data.get("settings"),
            "structure": _structure(row),
        }


def pattern(sources: Sources, row_id: int, radiation: str) -> dict[str, Any]:
    """Return the powder pattern of a relaxed crystal as a figure."""
    from ..structures.diffraction.patterns import powder_pattern
    from ..structures.symmetry_tolerances import relaxed_symprec

    row = sources.database.row(row_id)
    if row.get("kind") not in CRYSTALS:
        raise InputError(f"row {row_id} is no crystal, and a powder pattern needs one")
    with sources.computing, shown_or_refused(f"row {row_id}: its powder pattern"):
        crystal = conventional_of(row).atoms
        found = powder_pattern(crystal, row.name, radiation=radiation, symprec=relaxed_symprec(crystal))
        return {"figure": pattern_figure(found), "wavelength_A": found.wavelength}


def phonons(sources: Sources, row_id: int) -> dict[str, Any]:
    """Return the phonons that are stored of a crystal as a figure; without one, why."""
    from ..calculators.phonons.results import Phonons
    from ..reports.phonons.interactive import phonon_figure

    row = sources.database.row(row_id)
    with shown_or_refused(f"row {row_id}: its phonons"):
        holder = row if "phonons" in row.data else _phonons_of(sources, row)
        if holder is None:
            return {"figure": None, "reason": "none are stored; a job with a section phonons computes them"}
        found = Phonons.from_dict(holder.data["phonons"])
        return {"figure": phonon_figure(found), "row": holder.id, "name": holder.name}


def cif(sources: Sources, row_id: int) -> str:
    """Return a row as CIF."""
    row = sources.database.row(row_id)
    with shown_or_refused(f"row {row_id}: its CIF"):
        return cif_of_row(row) + "\n"


def entry(sources: Sources, row_id: int) -> str:
    """Return a row as a pymatgen ``ComputedStructureEntry`` in JSON."""
    from monty.json import MontyEncoder

    row = sources.database.row(row_id)
    with shown_or_refused(f"row {row_id}: its JSON"):
        return MontyEncoder(indent=1).encode(structure_entry(row)) + "\n"


def _place(row: AtomsRow) -> dict[str, float | None]:
    """Return what the hull of a row says of it; nothing where a hull cannot be made of what is stored."""
    try:
        return {key: row.get(key) for key in HULL_KEYS}
    except Exception:  # of rows of other programs; the view of the hull says what it is
        return dict.fromkeys(HULL_KEYS)


def _phonons_of(sources: Sources, row: AtomsRow) -> AtomsRow | None:
    """Return the newest phonons of the crystal that a row is, with the same potential."""
    name, identity = row.get("name"), row.get("potential_identity")
    if not name or not identity:
        return None
    where = {"role": Role.PHONONS.value, "substrate": name, "potential_identity": identity}
    found = sources.database.select(where=where, sort="-id", limit=1)
    return found[0] if found and "phonons" in found[0].data else None


def _structure(row: AtomsRow) -> dict[str, Any]:
    """Return elements, positions (Å) and cell of a row for drawing.

    ``at_edge`` says of each atom along which periodic axes it lies at the origin, and so at the other end as well.
    """
    atoms = atoms_of(row)
    three = atoms.cell.rank == 3
    at_edge = (np.abs(atoms.get_scaled_positions(wrap=False)) < _AT_EDGE) & atoms.pbc if three else None
    lengths, angles = atoms.cell.lengths(), atoms.cell.angles()
    shown = len(atoms) if np.isfinite(atoms.positions).all() else 0
    return {
        "symbols": list(atoms.symbols)[: min(shown, _MOST_ATOMS)],
        "positions": np.round(atoms.positions[: min(shown, _MOST_ATOMS)], 5),
        "n_atoms": len(atoms),
        "cell": np.round(atoms.cell.array, 6) if three else None,
        "at_edge": None if at_edge is None else at_edge[: min(shown, _MOST_ATOMS)],
        "pbc": atoms.pbc,
        "lengths": lengths,
        "angles": angles,
    }
