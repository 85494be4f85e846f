"""What rows of the structure database hold, beyond their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...calculators.potentials.imported import is_imported
from ...errors import InputError, NotStoredError, SeveralPotentialsError

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ...structures.symmetry import Axes, ConventionalCell


def atoms_of(row: AtomsRow) -> Atoms:
    """Return the structure of a row with its tags and constraints, without its calculator."""
    atoms: Atoms = row.toatoms()
    atoms.calc = None
    return atoms


def conventional_of(
    row: AtomsRow, *, symprec: float | None = None, axes: Axes = "given", idealise: bool = False
) -> ConventionalCell:
    """Return the cell to whose axes planes of a relaxed crystal refer: of its file, of the phase library, or standard.

    Parameters
    ----------
    row
        Relaxed crystal.
    symprec
        Å within which atoms and lattice vectors are taken as equivalent; None is that of `relaxed_symprec`.
    axes
        ``standard`` for the standard setting whatever the crystal was given in.
    idealise
        Put it on its symmetry.
    """
    from ...structures.symmetry import conventional_cell
    from ...structures.symmetry_tolerances import relaxed_symprec
    from .candidates import Candidate

    chosen = Candidate.from_dict(row.data["candidate"]).axes if axes == "given" else axes
    atoms = atoms_of(row)
    tolerance = relaxed_symprec(atoms) if symprec is None else symprec
    return conventional_cell(atoms, symprec=tolerance, axes=chosen, idealise=idealise)


def find_phase(name: str, rows: Iterable[AtomsRow]) -> AtomsRow | None:
    """Return the lowest of the rows with that name, else of those with that reduced formula; None where there is none.

    Parameters
    ----------
    name
        Of a structure, or a reduced formula such as ``LiHg3``.
    rows
        Relaxed crystals.
    """
    given = list(rows)
    found = [row for row in given if row.name == name] or [row for row in given if row.reduced_formula == name]
    return min(found, key=lambda row: float(row.energy_per_atom), default=None)


def rows_of_potential(
    rows: Sequence[AtomsRow], potential: str | None, what: str, notes: list[str] | None = None
) -> list[AtomsRow]:
    """Return those rows whose energies compare: of one potential, with the same weights behind its name as the newest.

    Parameters
    ----------
    rows
        At least one, oldest first.
    potential
        Name of the potential; None where there is one only.
    what
        Of what they are, for errors.
    notes
        Takes a sentence where rows of the same name are left out, because something else was behind it.

    Raises
    ------
    SeveralPotentialsError
        There are several potentials and none was chosen.
    NotStoredError
        There is none of that potential.
    """
    available = sorted({row.potential for row in rows})
    if potential is None and len(available) > 1:
        raise SeveralPotentialsError(f"{what} was computed with {', '.join(available)}; choose one")
    chosen = [row for row in rows if row.potential == (potential or available[0])]
    if not chosen:
        raise NotStoredError(f"{what} was not computed with {potential!r}; there are: {', '.join(available)}")
    identity = chosen[-1].potential_identity
    alike = [row for row in chosen if row.potential_identity == identity]
    if notes is not None and len(alike) < len(chosen):
        others = Counter(str(row.potential_identity) for row in chosen if row.potential_identity != identity)
        left_out = ", ".join(f"{_count(number)} of {other}" for other, number in others.items())
        notes.append(
            f"{what}: {chosen[-1].potential} has not always been the same; shown is the newest, {identity}"
            f" ({_count(len(alike))}), and left out are {left_out} (potential_identity)"
        )
    return alike


def _count(number: int) -> str:
    return f"{number} structure{'' if number == 1 else 's'}"


def area_of(row: AtomsRow) -> float:
    """Return the area of the cell's base, Å²."""
    return float(np.linalg.norm(np.cross(row.cell[0], row.cell[1])))


def miller_text(miller_index: tuple[int, int, int]) -> str:
    """Return ``001`` for (0, 0, 1) and ``1.-1.0`` where an index has a sign or two digits."""
    separator = "" if all(0 <= index < 10 for index in miller_index) else "."
    return separator.join(map(str, miller_index))


def parse_miller(text: str) -> tuple[int, int, int]:
    """Return the plane of ``(001)`` or ``(1.-1.0)``."""
    inner = text.strip("()")
    first, second, third = inner.split(".") if "." in inner else list(inner)
    return int(first), int(second), int(third)


def told_converged(row: AtomsRow) -> bool | None:
    """Return whether a calculation converged, as it is to be shown: None where an imported file did not tell."""
    if not row.get("converged") or not is_imported(str(row.get("potential"))):
        return bool(row.converged) if row.get("converged") is not None else None
    calculation = row.data.get("calculation") or {}
    told = calculation.get("converged")
    return None if told is None else bool(told)


def require_converged(row: AtomsRow) -> AtomsRow:
    """Return a row that converged.

    Raises
    ------
    InputError
        It did not; the message says why.
    """
    if not row.converged:
        raise InputError(f"{row.name}: {row.data['reason']}")
    return row
