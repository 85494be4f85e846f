"""Powder patterns of relaxed crystals: the phases that hulls lead one to expect, and single rows of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ....errors import InputError, unknown_name
from ....reference.measured import ROOM_TEMPERATURE_K
from ....reports.diffraction.section import diffraction_section
from ....reports.flags.flag import POLYMORPH_RESOLUTION
from ....structures.input.names import plain_name
from ....structures.library.liquids import list_liquids
from ...database.rows import conventional_of, rows_of_potential
from ...database.selecting import CRYSTALS

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.sections import ReportSection
    from ....thermodynamics.hulls.hull import Hull, HullPhase
    from ...database.structure_database import StructureDatabase


def diffraction_sections(
    systems: Sequence[str], rows: Sequence[AtomsRow], hulls: Sequence[Hull]
) -> list[ReportSection]:
    """Return one section with the patterns of the solid phases of each system that a sample may hold.

    These are the observed phases (those of the library and of files) on the hull or above it by no more than what
    potentials disagree about, and prototypes on the hull where no observed phase of their composition is among these.

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
        solid = [phase for phase in hull.phases if set(phase.composition) - liquid]
        own = [by_id[int(phase.entry_id or 0)] for phase in _expected(solid, by_id)]
        potential = own[0].potential if own else ""
        crystals = [(row.name, conventional_of(row).atoms) for row in own]
        sections.append(diffraction_section(system, crystals, potential=potential))
    return sections


def _expected(phases: Sequence[HullPhase], rows: Mapping[int, AtomsRow]) -> list[HullPhase]:
    def row(phase: HullPhase) -> AtomsRow:
        return rows[int(phase.entry_id or 0)]

    observed = [phase for phase in phases if row(phase).kind != "prototype"]
    near = [phase for phase in observed if phase.e_above_hull <= POLYMORPH_RESOLUTION]
    lowest: dict[str, str] = {}  # name by composition
    for phase in sorted(near, key=lambda phase: phase.e_above_hull):
        lowest.setdefault(row(phase).reduced_formula, phase.name)
    stable = [phase.name for phase in phases if phase.stable and row(phase).reduced_formula not in lowest]
    chosen = {*lowest.values(), *stable}
    return [phase for phase in phases if phase.name in chosen]


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
