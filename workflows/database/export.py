"""Rows of the structure database as files for other programs: CSV, extended XYZ, CIF, pymatgen entries."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...files import NotWritableError, check_writable
from ...reports.notation import csv_cell
from ...structures.cif import cif_block
from .chemiscope import chemiscope_data
from .query import QUERY_KEYS
from .row_hulls import HULL_KEYS
from .rows import conventional_of, told_converged
from .selecting import CRYSTALS

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow
    from pymatgen.entries.computed_entries import ComputedStructureEntry

# Of a row itself, before its key-value pairs.
_OWN_KEYS = ("id", "formula", "natoms", "energy", "volume")


def export_rows(rows: Sequence[AtomsRow], path: str | Path) -> Path:
    """Write the rows in the format that the suffix of ``path`` names, and return the path.

    ========== =========================================================================================
    suffix     content
    ========== =========================================================================================
    .csv       one line for each row: id, formula, energy (eV) and every key that any of them has
    .extxyz    one frame for each row, with its energy, forces and keys; ``ase.io.read(path, ":")``
    .cif       one data block for each row, crystals with their symmetry and conventional cell
    .json      list of pymatgen ``ComputedStructureEntry``; ``monty.serialization.loadfn(path)``
    ========== =========================================================================================

    A name that ends in ``.chemiscope.json`` or ``.chemiscope.json.gz`` is for chemiscope: see :mod:`.chemiscope`.

    An existing file is replaced; missing folders are made.

    Parameters
    ----------
    rows
        Rows of a database, such as `Database.select` gives.
    path
        File to write.

    Raises
    ------
    InputError
        The suffix is none of these, there are no rows, or the file cannot be written.
    """
    path = Path(path).expanduser()
    write = check_export(path)
    if not rows:
        raise InputError(f"export: no structure matches, so {path} is not written")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(rows, path)
    except OSError as error:
        raise NotWritableError(f"export: {path} cannot be written ({error.strerror})") from None
    return path


def check_export(path: Path) -> Callable[[Sequence[AtomsRow], Path], None]:
    """Return the function that writes files of this suffix; InputError where there is none, or no place for it."""
    path = path.expanduser()
    endings = ["".join(path.suffixes[-length:]).lower() for length in (3, 2, 1)]
    write = next((_WRITERS[ending] for ending in endings if ending in _WRITERS), None)
    if write is None:
        raise InputError(f"export: {path.name!r} must end in one of {', '.join(_WRITERS)}")
    if path.is_dir():
        raise NotWritableError(f"export: {path} is a directory; give the path of a file")
    check_writable(path.parent.absolute(), "export")
    return write


def row_values(row: AtomsRow) -> dict[str, Any]:
    """Return id, formula, number of atoms, energy (eV), volume (Å³) and the keys of a row; no value where unknown."""
    return {key: row.get(key) for key in _OWN_KEYS} | _keys(row)


def _keys(row: AtomsRow) -> dict[str, Any]:
    """Return what is stored of a row, and its place on its hull (eV/atom) if it has one."""
    place = {key: value for key in HULL_KEYS if (value := row.get(key)) is not None}
    found: dict[str, Any] = row.key_value_pairs | place
    if found.get("converged") and told_converged(row) is None:
        del found["converged"]
    return found


def structure_entry(row: AtomsRow) -> ComputedStructureEntry:
    """Return a row as pymatgen entry: total energy (eV) without correction, its structure, where it comes from.

    ``PhaseDiagram`` takes a list of them; all must come from one potential, named in ``parameters["potential"]``.

    Raises
    ------
    InputError
        The row has no energy.
    """
    from pymatgen.entries.computed_entries import ComputedStructureEntry
    from pymatgen.io.ase import AseAtomsAdaptor

    energy = row.get("energy")
    if energy is None:
        raise InputError(f"export: row {row.id} ({row.get('name')}) has no energy, which an entry needs")
    return ComputedStructureEntry(
        AseAtomsAdaptor.get_structure(_bare_atoms(row)),
        float(energy),
        correction=0.0,
        parameters={"potential": row.get("potential"), "potential_identity": row.get("potential_identity")},
        data={**_keys(row), "provenance": dict(row.data.get("provenance", {}))},
        entry_id=f"{row.get('name')}-{row.id}",
    )


def cif_of_row(row: AtomsRow) -> str:
    """Return a data block of a CIF: a crystal with its symmetry and conventional cell, anything else as it is."""
    name = re.sub(r"[^\w.+-]+", "_", f"{row.get('name', 'structure')}-{row.id}")
    if row.get("kind") in CRYSTALS:
        return cif_block(conventional_of(row, idealise=True), name)
    return cif_block(_bare_atoms(row), name)


def _bare_atoms(row: AtomsRow) -> Atoms:
    """Return the atoms without calculator, constraints and tags."""
    from ase import Atoms

    return Atoms(row.numbers, positions=row.positions, cell=row.cell, pbc=True)


def _columns(values: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys that any row has."""
    used = {key for each in values for key in each}
    return [key for key in (*_OWN_KEYS, *QUERY_KEYS) if key in used]


def _write_csv(rows: Sequence[AtomsRow], path: Path) -> None:
    values = [row_values(row) for row in rows]
    columns = _columns(values)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: csv_cell(value) for key, value in each.items()} for each in values)


def _write_extxyz(rows: Sequence[AtomsRow], path: Path) -> None:
    from ase.io import write

    frames = []
    for row in rows:
        atoms = row.toatoms()
        atoms.info = {"id": row.id, **_keys(row)}
        frames.append(atoms)
    write(path, frames, format="extxyz")


def _write_cif(rows: Sequence[AtomsRow], path: Path) -> None:
    path.write_text("\n".join(map(cif_of_row, rows)) + "\n", encoding="utf-8")


def _write_entries(rows: Sequence[AtomsRow], path: Path) -> None:
    from monty.serialization import dumpfn

    dumpfn([structure_entry(row) for row in rows], path)


def _write_chemiscope(rows: Sequence[AtomsRow], path: Path) -> None:
    values = [row_values(row) for row in rows]
    content = json.dumps(chemiscope_data(rows, values, _columns(values)), ensure_ascii=False, allow_nan=False).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix.lower() == ".gz" else content)


_WRITERS: Mapping[str, Callable[[Sequence[AtomsRow], Path], None]] = {
    ".csv": _write_csv,
    ".extxyz": _write_extxyz,
    ".cif": _write_cif,
    ".json": _write_entries,
    ".chemiscope.json": _write_chemiscope,
    ".chemiscope.json.gz": _write_chemiscope,
}
