"""From database rows to phonons and hulls at a temperature: the sections of the report, and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....calculators.phonons.results import Phonons
from ....errors import NotStoredError
from ....reports.phonons.model import (
    MissingPhonons,
    PhononRecord,
    ThermalSystem,
    VolumeModes,
    thermal_system,
)
from ....structures.compositions import parse_system
from ....thermodynamics.hulls.finite_temperature import signed_distances
from ....thermodynamics.hulls.hull import PhaseEntry
from ....thermodynamics.vibrations.harmonic import ModeSpectrum
from ...database.query import chemical_system
from ...database.rows import rows_of_potential
from .phases import unrelaxed_names
from .settings import DEFAULT_TREATMENT, Role

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....thermodynamics.hulls.finite_temperature import HullTreatment
    from ...database.structure_database import StructureDatabase
    from .study import PhononStudy


def thermal_systems(study: PhononStudy) -> list[ThermalSystem]:
    """Return each system of a job that has a compound among the phases with phonons, at the temperatures asked for."""
    settings, spec = study.settings, study.job.spec
    records: list[PhononRecord] = []
    missing: list[MissingPhonons] = []
    for name, row in study.phases.items():
        record = _record(name, study.find(row), with_volumes=settings.quasi_harmonic)
        if isinstance(record, PhononRecord):
            records.append(record)
        else:
            missing.append(MissingPhonons(name, row.chemical_system, record))
    unrelaxed = unrelaxed_names(study.job, settings)
    everywhere = "-".join(spec.elements)
    missing += [MissingPhonons(name, everywhere, "the job has no relaxed structure of it") for name in unrelaxed]
    return [
        thermal_system(
            system, study.potential, records, settings.temperatures_K, imaginary=settings.imaginary, missing=missing
        )
        for system in _with_compounds(spec.systems, study.phases)
    ]


def _with_compounds(systems: Sequence[str], phases: Mapping[str, AtomsRow]) -> list[str]:
    """Return the systems that have a compound among the phases; all when none has."""
    known = {row.chemical_system for row in phases.values()}
    return [system for system in systems if chemical_system(parse_system(system)) in known] or list(systems)


def stored_thermal_system(
    database: StructureDatabase,
    system: str,
    temperatures_K: Sequence[float],
    *,
    potential: str | None = None,
    imaginary: HullTreatment = DEFAULT_TREATMENT,
) -> ThermalSystem:
    """Return one system at some temperatures from all phonons that the database has of it.

    Where phonons of a potential were computed with several settings, the newest count.

    Parameters
    ----------
    database
        Where they are.
    system
        Element symbols joined by hyphens.
    temperatures_K
        At least one.
    potential
        Name of a potential; None where the database has phonons with one only.
    imaginary
        What is made of imaginary modes.

    Raises
    ------
    InputError
        There are no phonons, or from several potentials and none chosen.
    """
    elements = "-".join(parse_system(system))
    computed = database.select(f"{elements},role={Role.PHONONS}", sort="id")
    if not computed:
        raise NotStoredError(f"the database has no phonons of {elements}")
    newest = rows_of_potential(computed, potential, f"phonons of {elements}")[-1]
    same = f"{elements},potential_identity={newest.potential_identity},study={newest.study}"
    rows: dict[str, dict[str, AtomsRow]] = {}
    for row in database.select(same, sort="id"):
        rows.setdefault(row.substrate, {})[row.role] = row
    crystals = f"{elements},potential_identity={newest.potential_identity},role={Role.CRYSTAL}"
    for query in (same, crystals):
        for row in database.select(f"{query},converged=False", sort="-id"):
            rows.setdefault(row.substrate, {}).setdefault(row.role, row)
    records: list[PhononRecord] = []
    missing: list[MissingPhonons] = []
    for name, found in rows.items():
        record = _record(name, found, with_volumes=Role.QUASI_HARMONIC in found)
        if isinstance(record, PhononRecord):
            records.append(record)
        else:
            missing.append(MissingPhonons(name, next(iter(found.values())).chemical_system, record))
    return thermal_system(elements, newest.potential, records, temperatures_K, imaginary=imaginary, missing=missing)


def thermal_table(thermal: ThermalSystem) -> dict[str, Any]:
    """Return phases, hulls and vibrational properties as plain JSON; energies in eV/atom, eV/atom/K."""
    return {
        "system": thermal.system,
        "potential": thermal.potential,
        "imaginary": thermal.imaginary,
        "problem": thermal.problem or None,
        "phases": [_plain_phase(record) for record in thermal.records],
        "missing": [{"name": item.name, "reason": item.reason} for item in thermal.missing],
        "vibrations": [row for record in thermal.records for row in _plain_vibrations(thermal, record)],
        "hulls": [
            {
                "temperature_K": item.hull.temperature_K,
                "flagged": dict(item.flagged),
                "left_out": dict(item.left_out),
                "phases": [
                    {
                        "name": phase.name,
                        "formula": phase.formula,
                        "free_energy_per_atom": phase.energy_per_atom,
                        "formation_free_energy_per_atom": phase.formation_energy_per_atom,
                        "e_above_hull": phase.e_above_hull,
                        "distance_to_others": distances[phase.name],
                        "stable": phase.stable,
                    }
                    for phase in item.hull.phases
                ],
            }
            for item in thermal.hulls
            for distances in [signed_distances(item.hull)]
        ],
        "changes": [
            {"name": change.name, "temperature_K": round(change.temperature_K), "gained": change.gained}
            for change in thermal.changes
        ],
    }


def _plain_phase(record: PhononRecord) -> dict[str, Any]:
    phonons, found = record.phonons, record.phonons.imaginary
    return {
        "name": record.name,
        "formula": record.entry.formula,
        "space_group": phonons.space_group,
        "energy_per_atom": record.entry.energy_per_atom,
        "volume_per_atom": record.entry.volume_per_atom,
        "dynamically_stable": phonons.dynamically_stable,
        "lowest_frequency_THz": found.lowest_frequency_THz,
        "lowest_qpoint": list(found.lowest_qpoint),
        "imaginary_modes": found.n_modes,
        "imaginary_fraction": found.fraction,
        "n_supercell_atoms": phonons.n_supercell_atoms,
        "n_displacements": phonons.n_displacements,
    }


def _plain_vibrations(thermal: ThermalSystem, record: PhononRecord) -> list[dict[str, Any]]:
    found = thermal.thermal(record)
    if found is None:
        return []
    return [
        {
            "name": record.name,
            "temperature_K": kelvin,
            "vibrational_free_energy": float(found.free_energy[index]),
            "entropy": float(found.entropy[index]),
            "heat_capacity": float(found.heat_capacity[index]),
        }
        for index, kelvin in enumerate(thermal.temperatures_K)
    ]


def _record(  # noqa: PLR0911 - one line for each reason why there are none
    name: str, rows: Mapping[str, AtomsRow], *, with_volumes: bool
) -> PhononRecord | str:
    """Return what the rows of one phase hold, or why there are no phonons."""
    crystal, row = rows.get(Role.CRYSTAL), rows.get(Role.PHONONS)
    if row is None:
        if crystal is None:
            return "it was not computed"
        return "it was not computed" if crystal.converged else f"its relaxation failed: {crystal.data['reason']}"
    if not row.converged:
        return str(row.data["reason"])
    phonons = Phonons.from_dict(row.data["phonons"])
    entry = PhaseEntry(
        name=name,
        formula=row.reduced_formula,
        composition=_counts(row),
        energy_per_atom=row.energy_per_atom,
        volume_per_atom=row.volume_per_atom,
        space_group=phonons.space_group,
        source=row.data["candidate"]["source"],
        entry_id=int(row.id),
    )
    if not with_volumes:
        return PhononRecord(entry, phonons)
    expanded = rows.get(Role.QUASI_HARMONIC)
    if expanded is None:
        return PhononRecord(entry, phonons, volumes_failure="it was not computed")
    if not expanded.converged:
        return PhononRecord(entry, phonons, volumes_failure=str(expanded.data["reason"]))
    return PhononRecord(entry, phonons, tuple(_volume(name, point) for point in expanded.data["volumes"]))


def _counts(row: AtomsRow) -> dict[str, float]:
    symbols = list(row.symbols)
    return {symbol: float(symbols.count(symbol)) for symbol in dict.fromkeys(symbols)}


def _volume(name: str, point: Mapping[str, Any]) -> VolumeModes:
    spectrum = ModeSpectrum(
        point["frequencies_THz"],
        point["weights"],
        point["tolerance_THz"],
        lowest_elsewhere_THz=point["lowest_frequency_THz"],
        name=f"{name} at {point['volume_per_atom']:.2f} Å^3/atom",
    )
    return VolumeModes(point["volume_per_atom"], point["energy_per_atom"], spectrum)
