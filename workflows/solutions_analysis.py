"""From stored films to the section on solutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import InputError
from ..reports.solutions_section import dissolved_atoms, solutions_section
from .solutions_steps import insertion_energies

if TYPE_CHECKING:
    from ..reports.sections import ReportSection
    from ..thermodynamics.hull import Hull
    from .database import StructureDatabase
    from .solutions_spec import SolutionsSection


def solutions_sections(
    section: SolutionsSection, database: StructureDatabase, potential: str, hulls: Sequence[Hull]
) -> list[ReportSection]:
    """Return the section on solutions of a job.

    Parameters
    ----------
    section
        Of the input.
    database
        Where the films are.
    potential
        Of the job.
    hulls
        Of its systems; that of a solute and the solvent gives the crystal of the solute.

    Raises
    ------
    InputError
        No solute was dissolved.
    """
    by_solute: dict[str, Hull] = {}
    for hull in hulls:
        others = set(hull.elements) - {section.solvent}
        if len(hull.elements) == 2 and len(others) == 1:
            by_solute[others.pop()] = hull
    energies = insertion_energies(database, section.solvent, potential)
    mu_infinity = {
        solute: replace(energies[solute], mean=energies[solute].mean - _crystal(hull, solute))
        for solute, hull in by_solute.items()
        if solute in energies and solute in section.solutes_of(tuple(hull.system for hull in hulls))
    }
    if not mu_infinity:
        raise InputError(f"no atom was dissolved in {section.solvent}")
    return [
        solutions_section(
            dissolved_atoms(mu_infinity, by_solute, section.solvent), section.solvent, potential, section.n_atoms
        )
    ]


def _crystal(hull: Hull, solute: str) -> float:
    """Energy per atom of the stable crystal of the solute, eV."""
    return min(phase.energy_per_atom for phase in hull.stable if phase.formula == solute)
