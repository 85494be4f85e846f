"""Which phases of a job get phonons: those that are or may become stable, or those that were named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..structures.systems import parse_system
from .row_hulls import hull_of_rows

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .database import StructureDatabase
    from .phonon_spec import PhononSection
    from .spec import WorkflowSpec


def phonon_phases(
    spec: WorkflowSpec, database: StructureDatabase, fingerprints: Mapping[str, str]
) -> dict[str, AtomsRow]:
    """Return the relaxed phases of the job whose phonons are asked for, by name.

    Parameters
    ----------
    spec
        The job, with its ``phonons`` section.
    database
        Where the relaxations are.
    fingerprints
        Of the relaxations of the job, by name.
    """
    section = section_of(spec)
    rows = [row for row in database.find_all(list(fingerprints.values())).values() if row.converged]
    if section.phases == "stable":
        found = [row for system in spec.systems for row in _competing(system, rows, section.max_e_above_hull)]
    else:
        named = [row for name in section.phases if (row := _lowest(name, rows)) is not None]
        found = named + _references(spec, rows, named)
    return {row.name: row for row in found}


def section_of(spec: WorkflowSpec) -> PhononSection:
    """Return the section; it is a mistake of the program to ask for one that is not there."""
    if spec.phonons is None:
        raise ValueError(f"workflow {spec.name!r} has no phonons section")
    return spec.phonons


def unrelaxed_names(section: PhononSection, rows: Mapping[str, AtomsRow]) -> list[str]:
    """Return the names that were asked for and have no relaxed structure among ``rows``."""
    if section.phases == "stable":
        return []
    return [name for name in section.phases if _lowest(name, list(rows.values())) is None]


def _competing(system: str, rows: Sequence[AtomsRow], max_e_above_hull: float) -> list[AtomsRow]:
    """Return the stable phases, and the observed ones a little above the hull."""
    hull, _ = hull_of_rows(system, rows)
    by_id = {int(row.id): row for row in rows}
    return [
        by_id[int(phase.entry_id)]
        for phase in hull.phases
        if phase.entry_id is not None
        and (phase.stable or (by_id[int(phase.entry_id)].kind == "library" and phase.e_above_hull <= max_e_above_hull))
    ]


def _lowest(name: str, rows: Sequence[AtomsRow]) -> AtomsRow | None:
    """Return the structure of that name, or the lowest of that formula."""
    named = [row for row in rows if row.name == name] or [row for row in rows if row.reduced_formula == name]
    return min(named, key=lambda row: row.energy_per_atom, default=None)


def _references(spec: WorkflowSpec, rows: Sequence[AtomsRow], named: Sequence[AtomsRow]) -> list[AtomsRow]:
    """Return the lowest structure of each element of the systems that hold a named phase."""
    systems = [set(parse_system(system)) for system in spec.systems]
    wanted = {symbol for row in named for elements in systems if set(row.symbols) <= elements for symbol in elements}
    found = [_lowest_element(symbol, rows) for symbol in spec.elements if symbol in wanted]
    return [row for row in found if row is not None]


def _lowest_element(symbol: str, rows: Sequence[AtomsRow]) -> AtomsRow | None:
    pure = [row for row in rows if row.chemical_system == symbol]
    return min(pure, key=lambda row: row.energy_per_atom, default=None)
