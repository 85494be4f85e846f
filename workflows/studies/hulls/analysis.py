"""From database rows to hulls, voltage profiles and the report: plain functions, no FireWorks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....calculators.potentials.imported import is_imported
from ....errors import NotStoredError
from ....structures.compositions import parse_system
from ...database.label_settings import mixed_settings
from ...database.query import subsystems
from ...database.row_hulls import hull_of_rows, newest_of_names
from ...database.rows import rows_of_potential
from ...database.selecting import CRYSTALS
from ...database.structure_database import StructureDatabase

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.model import Report, SystemReport
    from ....reports.sections import ReportSection
    from ....thermodynamics.hulls.hull import Hull
    from ....thermodynamics.hulls.voltage import VoltageProfile


def rows_for_system(
    database: StructureDatabase, system: str, potential: str | None = None, notes: list[str] | None = None
) -> list[AtomsRow]:
    """Return the rows from which the hull of ``system`` can be built: one potential, cells relaxed, newest of a name.

    Parameters
    ----------
    database
        Of the jobs.
    system
        Elements, such as ``Li-Hg``.
    potential
        Which of several the database has.
    notes
        Takes a sentence where rows of the same name are left out, because something else was behind it, and one where
        settings of imported energies differ.

    Raises
    ------
    InputError
        There is nothing for the system, or several potentials and none chosen.
    """
    return members_of_hull(crystals_of_system(database, system), system, potential, notes)


def members_of_hull(
    crystals: Sequence[AtomsRow], system: str, potential: str | None, notes: list[str] | None = None
) -> list[AtomsRow]:
    """Return those of the crystals of a system that share a hull; parameters and errors as `rows_for_system`."""
    chosen = rows_of_potential(crystals, potential, system, notes)
    if notes is not None and is_imported(str(chosen[0].potential)):
        notes += mixed_settings(str(chosen[0].potential), [row.data["calculation"] for row in chosen])
    return newest_of_names(chosen)


def crystals_of_system(database: StructureDatabase, system: str) -> list[AtomsRow]:
    """Return the rows of all crystals within ``system`` whose cells were relaxed, of any potential, oldest first.

    Raises
    ------
    InputError
        There are none.
    """
    elements = parse_system(system)
    relaxed = database.select(f"{'-'.join(elements)},relax_cell=True", sort="id")
    rows = [row for row in relaxed if row.kind in CRYSTALS]
    if not rows:
        raise NotStoredError(f"the database has no relaxed structure of {system}")
    return rows


def failed_beside(database: StructureDatabase, system: str, rows: Sequence[AtomsRow]) -> list[AtomsRow]:
    """Return the crystals within ``system`` that failed with the potential of ``rows`` and that none of these replaces.

    Of each name the newest.
    """
    named = {row.name for row in rows}
    shared = {key: rows[-1].get(key) for key in ("potential", "potential_identity")}
    failed = database.select(system, where={**shared, "relax_cell": True, "converged": False}, sort="id")
    return newest_of_names(row for row in failed if row.kind in CRYSTALS and row.name not in named)


def profile_of_hull(hull: Hull) -> VoltageProfile | None:
    """Return the voltage profile of a binary M-Hg hull against its own metal, None for other systems."""
    if "Hg" not in hull.elements:
        return None
    from ....reference.metals import ion_charge
    from ....thermodynamics.hulls.voltage import voltage_profile

    ion = "-".join(sorted(set(hull.elements) - {"Hg"}))
    charge = ion_charge(ion)
    if charge is None:
        return None
    return voltage_profile(hull, ion, electrons_per_ion=charge)


def hull_table(hull: Hull, potential: str) -> dict[str, Any]:
    """Return the hull and its voltage steps as plain JSON (eV/atom, Å³/atom, V, mAh per g of host and step).

    The ``id`` of a phase is its row in the database, as ``query`` shows it.
    """
    profile = profile_of_hull(hull)
    published = published_energies(hull)
    return {
        "system": hull.system,
        "potential": potential,
        "temperature_K": hull.temperature_K,
        "phases": [
            {
                "id": phase.entry_id,
                "name": phase.name,
                "formula": phase.formula,
                "space_group": phase.space_group,
                "energy_per_atom": phase.energy_per_atom,
                "formation_energy_per_atom": phase.formation_energy_per_atom,
                "e_above_hull": phase.e_above_hull,
                "volume_per_atom": phase.volume_per_atom,
                "published_pbe_formation_energy_per_atom": published.get(phase.name),
                "source": phase.source,
            }
            for phase in hull.phases
        ],
        "voltage_steps": [
            {
                "voltage_V": step.voltage_V,
                "from": step.from_formula,
                "to": step.to_formula,
                "capacity_mAh_per_g": step.capacity_mAh_per_g,
            }
            for step in (profile.steps if profile else ())
        ],
        "mean_voltage_V": profile.mean_voltage_V if profile else None,
    }


def published_energies(hull: Hull) -> dict[str, float]:
    """Return published PBE formation energies (eV/atom) by the name of the phase that they belong to."""
    from ....reports.benchmarks.pbe_energies import published_pbe_energies

    return published_pbe_energies(hull)


def system_report(system: str, rows: Sequence[AtomsRow], fresh_after: int = 0) -> SystemReport:
    """Gather what the report shows of one system.

    Parameters
    ----------
    system
        Elements, such as ``Li-Hg``.
    rows
        Relaxed crystals of one potential, of this system and others.
    fresh_after
        Rows with an id up to this one count as reused.
    """
    from ....reports.model import SystemReport
    from ....structures.library.phases import list_phases

    within = set(subsystems(parse_system(system)))
    own = [row for row in rows if row.chemical_system in within]
    hull, twins = hull_of_rows(system, own)
    by_id = {int(row.id): row for row in own}
    records = [_record(phase, by_id[int(phase.entry_id or 0)], fresh_after) for phase in hull.phases]
    not_built = [
        (phase.key, phase.why_not_buildable or "") for phase in list_phases(system, buildable=False) if phase.formula
    ]
    failed = [(row.name, row.data["reason"]) for row in own if not row.converged]
    return SystemReport(
        hull=hull,
        voltage=profile_of_hull(hull),
        records=tuple(records),
        not_built=tuple(not_built),
        failed=tuple(failed),
        merged=tuple((by_id[twin].name, by_id[kept].name) for twin, kept in twins.items()),
    )


def _record(phase: Any, row: AtomsRow, fresh_after: int) -> Any:
    from ....reports.model import PhaseRecord
    from ...database.candidates import Candidate

    candidate = Candidate.from_dict(row.data["candidate"])
    return PhaseRecord(
        name=phase.name,
        formula=phase.formula,
        kind=candidate.kind,
        prototype=candidate.prototype,
        space_group=phase.space_group,
        space_group_expected=candidate.space_group or None,
        energy_per_atom=phase.energy_per_atom,
        formation_energy_per_atom=phase.formation_energy_per_atom,
        e_above_hull=phase.e_above_hull,
        volume_per_atom=phase.volume_per_atom,
        measured_volume_per_atom=candidate.measured_volume_per_atom,
        lattice=_lattice(row.data["lattice"]),
        measured_lattice=candidate.measured_lattice,
        source=candidate.source,
        confidence=candidate.confidence,
        note=candidate.note,
        n_steps=row.n_steps,
        wall_time_s=row.data["wall_time_s"],
        row_id=int(row.id),
        reused=int(row.id) <= fresh_after,
    )


def _lattice(values: Sequence[float]) -> tuple[float, float, float, float, float, float]:
    a, b, c, alpha, beta, gamma = values
    return a, b, c, alpha, beta, gamma


def hull_report(
    title: str,
    systems: Sequence[str],
    rows: Sequence[AtomsRow],
    *,
    fresh_after: int = 0,
    warnings: Sequence[str] = (),
    sections: Sequence[ReportSection] = (),
) -> Report:
    """Gather the whole report over ``systems``; all rows must come from one potential.

    Raises
    ------
    NotStoredError
        There are no rows.
    """
    from ....reports.model import Report

    if not rows:
        raise NotStoredError(f"{title}: the database has no relaxed structure of {', '.join(systems)}")
    newest = max(rows, key=lambda row: row.id)
    return Report(
        title=title,
        systems=tuple(system_report(system, rows, fresh_after) for system in systems),
        potential=newest.potential,
        provenance=newest.data["provenance"],
        settings=newest.data["settings"],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        warnings=tuple(warnings),
        sections=tuple(sections),
    )


def write_report(
    title: str,
    systems: Sequence[str],
    rows: Sequence[AtomsRow],
    output_dir: Path,
    **options: Any,
) -> dict[str, Path]:
    """Write report.html, the pictures, the tables and summary.json; return their paths."""
    from ....reports.document import write_report as write_files

    return write_files(hull_report(title, systems, rows, **options), output_dir)
