"""Powder patterns of relaxed crystals: the stable phases of hulls, and single rows of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....errors import InputError, unknown_name
from ....reference.measured import ROOM_TEMPERATURE_K
from ....reports.diffraction.section import diffraction_section
from ....structures.input.names import plain_name
from ....structures.library.liquids import list_liquids
from ...database.rows import conventional_of, rows_of_potential
from ...database.selecting import CRYSTALS

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.sections import ReportSection
    from ....thermodynamics.hulls.hull import Hull
    from ...database.structure_database import StructureDatabase


def diffraction_sections(
    systems: Sequence[str], rows: Sequence[AtomsRow], hulls: Sequence[Hull]
) -> list[ReportSection]:
    """Return one section with the patterns of the stable phases for each system.

    Parameters
    ----------
    systems
        Chemical systems.
    rows
        Relaxed crystals; those of the phases of the hulls at least.
    hulls
        One for each system; phases lead back to their rows by ``entry_id``.
    """
    by_id = {int(row.id): row for row in rows}
    liquid = {item.symbol for item in list_liquids() if item.melting_point_K < ROOM_TEMPERATURE_K}
    sections = []
    for system, hull in zip(systems, hulls, strict=True):
        stable = [phase for phase in hull.stable if set(phase.composition) - liquid]
        own = [by_id[int(phase.entry_id or 0)] for phase in stable]
        potential = own[0].potential if own else ""
        crystals = [(row.name, conventional_of(row).atoms) for row in own]
        sections.append(diffraction_section(system, crystals, potential=potential))
    return sections


def relaxed_crystal(database: StructureDatabase, name: str, potential: str | None = None) -> AtomsRow:
    """Return the newest row of a crystal with a relaxed cell, by its name, or by a formula the lowest in energy.

    Raises
    ------
    InputError
        There is none, or several potentials have one and none is chosen.
    """
    spellings = (("name", name), ("name", plain_name(name)), ("reduced_formula", name))
    asked: list[dict[str, str | float]] = [{key: value, "relax_cell": True} for key, value in spellings]
    found = {int(row.id): row for exact in asked for row in database.select(where=exact)}
    matching = [row for _, row in sorted(found.items()) if row.kind in CRYSTALS]
    if not matching:
        stored = {row.name for row in database.select("relax_cell=True") if row.kind in CRYSTALS}
        raise InputError(unknown_name("relaxed crystal in the database", name, stored))
    chosen = rows_of_potential(matching, potential, name)
    named = [row for row in chosen if row.name in (name, plain_name(name))]
    return named[-1] if named else min(chosen, key=lambda row: row.energy_per_atom)
