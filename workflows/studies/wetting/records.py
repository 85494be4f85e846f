"""The tables and pictures of a wetting report, from the rows of its study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....errors import InputError
from ....reports.wetting.model import AdhesionRecord, DiluteRecord, InterfacePicture, SurfaceRecord
from ....thermodynamics.amalgams.choose_solution import MEASURED, measured_solubility, solution_for
from ....thermodynamics.amalgams.dilute import computed_solubility, standard_potential
from ....thermodynamics.amalgams.solubility import saturating_solid
from ....thermodynamics.hulls.fusion import list_fusions
from ....thermodynamics.hulls.voltage import voltage_profile
from ....thermodynamics.wetting.adhesion import average_adhesion
from ...database.row_hulls import hull_of_rows
from ..films.cells import Role
from ..films.free_energy import works_taken_off
from ..hulls.analysis import rows_for_system
from ..surfaces.phase_surfaces import SURFACES
from ..surfaces.stored import surface_records
from .members import Member, insertion_estimate
from .stored import StoredStudy

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....thermodynamics.hulls.hull import Hull


def adhesion_records(study: StoredStudy, members: Sequence[Member]) -> tuple[AdhesionRecord, ...]:
    """Return the work of adhesion of each member that relaxed its structures, relaxed, rigid, and taken off."""
    records = []
    for termination, potential in [(one.termination, one.potential) for one in members if not one.structures_from]:
        for treatment in _treatments(study, termination, potential):
            samples = study.adhesion_samples(termination, potential, treatment)
            named = {f"seed {seed}": group for seed, group in samples.items()}
            means = tuple(sum(item.total_J_m2 for item in group) / len(group) for group in named.values())
            records.append(AdhesionRecord(termination, potential, treatment, average_adhesion(named), means))
        if potential == study.potential:
            for treatment, work in works_taken_off(study, termination).items():
                records.append(AdhesionRecord(termination, potential, treatment, work, (work.total_J_m2.mean,)))
    return tuple(records)


def _treatments(study: StoredStudy, termination: str, potential: str) -> tuple[str, ...]:
    """The rigid one only where it was computed, which it was not of imported energies."""
    rows = study.rows(Role.INTERFACE, n_solute=0, termination=termination, potential=potential)
    return ("relaxed", "rigid") if all("rigid_solid_energy" in row for row in rows) else ("relaxed",)


def dilute_records(study: StoredStudy, potentials: Sequence[str], temperature_K: float) -> tuple[DiluteRecord, ...]:
    """Return the solute in the bulk liquid for each potential that has the hull of solute and solvent.

    The solid that saturates it is in equilibrium with the liquid solvent at ``temperature_K``, not with the solid one
    of the hull, wherever the heat of fusion of the solvent is known.
    """
    pair = (study.solute, study.solvent)
    measured = solution_for(*pair, temperature_K) if pair in MEASURED else None
    known = measured_solubility(*pair, temperature_K)
    measured_x = measured.x_saturation if measured else known[0] if known else None
    records = []
    for potential in dict.fromkeys(potentials):
        try:
            rows = rows_for_system(study.database, f"{study.solute}-{study.solvent}", potential)
        except InputError:
            continue  # the hull was computed with another potential
        hull, _ = hull_of_rows(f"{study.solute}-{study.solvent}", rows)
        pure = min(row.energy_per_atom for row in rows if row.converged and set(row.symbols) == {study.solute})
        mu_infinity = insertion_estimate(study, Role.SOLUTE_IN_FILM, potential, zero=pure)
        if mu_infinity is None:
            continue
        solid, mu_solid = _saturating_solid(hull, study.solute, study.solvent, temperature_K)
        records.append(
            DiluteRecord(
                potential=potential,
                mu_infinity=mu_infinity,
                measured_mu_infinity=standard_potential(measured) if measured else None,
                solubility=computed_solubility(mu_infinity.mean, mu_solid, temperature_K),
                measured_solubility=measured_x,
                saturating_phase=solid,
            )
        )
    return tuple(records)


def _saturating_solid(hull: Hull, solute: str, solvent: str, temperature_K: float) -> tuple[str, float]:
    """Return the formula of what saturates the liquid and mu of the solute there, eV; the pure solute, at 0, at last.

    Without a heat of fusion the solvent is taken as the solid of the hull.
    """
    if solvent in {fusion.symbol for fusion in list_fusions()}:
        solid, mu = saturating_solid(hull, solute, temperature_K)
        return solid.formula, mu
    steps = voltage_profile(hull, solute).steps
    return (steps[0].to_formula, -steps[0].voltage_V) if steps else (solute, 0.0)


def surfaces_of(
    study: StoredStudy, slabs: Sequence[AtomsRow] | None = None
) -> tuple[tuple[SurfaceRecord, ...], tuple[str, ...]]:
    """Return the surface energies of the substrate and of the phases of solute and solvent, and what is wrong with any.

    A surface energy that no surface can have is left out and named.

    Parameters
    ----------
    study
        In the database.
    slabs
        Those of a job; None: of each phase those that were relaxed like the films, or else whatever there is, of which
        one group is taken.
    """
    if slabs is None:
        slabs = _slabs_alike(study)
    records: list[SurfaceRecord] = []
    problems: list[str] = []
    for phase in dict.fromkeys(row.substrate for row in slabs):
        own = [row for row in slabs if row.substrate == phase]
        records += surface_records(own, None, problems)
    return tuple(records), tuple(problems)


def _slabs_alike(study: StoredStudy) -> list[AtomsRow]:
    """Return the slabs of each phase that were relaxed as the study relaxes its films; others where there are none."""
    wanted = {study.solute, study.solvent}
    films = study.rows(Role.INTERFACE, n_solute=0)
    fmax = films[-1].get("relax_fmax") if films else None
    phases: dict[str, list[AtomsRow]] = {}
    for row in study.database.select(where={"study": SURFACES, "potential": study.potential}, sort="id"):
        of_study = row.substrate == study.substrate or set(row.symbols) <= wanted
        if of_study and row.potential_identity == study.identities.get(study.potential):
            phases.setdefault(row.substrate, []).append(row)
    alike = {phase: [row for row in rows if row.get("relax_fmax") == fmax] for phase, rows in phases.items()}
    return [row for phase, rows in phases.items() for row in alike[phase] or rows]


def pictures(study: StoredStudy, termination: str, potential: str) -> tuple[InterfacePicture, ...]:
    """Return the first frame's interface with each number of solute atoms."""
    states = study.interface_energies(termination, potential)
    first = states[min(states)]
    return tuple(
        InterfacePicture(
            title=f"{termination}, {count} {study.solute}" if count else f"{termination}, pure {study.solvent}",
            atoms=first[count].toatoms(),
            n_solute=count,
            potential=potential,
        )
        for count in sorted(first)
    )
