"""From the rows of a panel to its tables: works of adhesion by solid and method, and the angles measured on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ....calculators.potentials.names import get_potential
from ....errors import InputError
from ....reference.contact_angles import ContactAngle, contact_angles
from ....reports.panel.model import MeasuredAngle, PanelReport, PanelSolid
from ....structures.compositions import parse_formula
from ....structures.tags import ADLAYER
from ....thermodynamics.uncertainty import Estimate
from ....thermodynamics.wetting.adhesion import average_adhesion, check_work_of_adhesion
from ....thermodynamics.wetting.cleaning import CarriedLayer, layer_binding
from ....thermodynamics.wetting.contact_angle import measured_tension
from ...database.rows import area_of, atoms_of, miller_text
from ..films.cells import Role
from ..films.free_energy import take_off_problems, works_taken_off
from ..films.quench import lowest
from ..films.surface_states import Carried, bulk_of

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....thermodynamics.wetting.adhesion import WorkOfAdhesion
    from ..films.stored import StoredFilms
    from .study import PanelStudy, SolidOnPanel


@dataclass
class _Works:
    """What each method gave on one face, J/m²."""

    total: dict[str, Estimate] = field(default_factory=dict)
    dispersion: dict[str, float] = field(default_factory=dict)
    structures_from: dict[str, str] = field(default_factory=dict)


def panel_report(study: PanelStudy) -> PanelReport:
    """Return what was found; a solid without a quenched film is named with the reason.

    Raises
    ------
    InputError
        No solid has a quenched film.
    """
    settings, members = study.settings, study.members
    solids: list[PanelSolid] = []
    problems: list[str] = []
    structures_from: dict[str, str] = {}
    for member in members:
        try:
            terminations = member.terminations
        except InputError as error:
            problems.append(str(error))
            continue
        for termination in terminations:
            films = member.results()
            works, taken_off = _works(member, films, termination, problems), works_taken_off(films, termination)
            problems += take_off_problems(films, termination)
            if settings.treatment == "free-energy" and not taken_off:
                problems.append(f"{member.surface_name} {termination}: the film was not taken off; run the job again")
            if works.total:
                structures_from |= works.structures_from
                carried = carried_layer(member, films, termination, problems)
                solids.append(_solid(member, films, termination, works, taken_off, carried))
    if not solids:
        raise InputError(f"panel: no solid has a quenched film; {problems[0] if problems else 'run the job'}")
    return PanelReport(
        solvent=settings.solvent,
        temperature_K=settings.temperature_K,
        gamma_LV_J_m2=measured_tension(settings.solvent).at_J_m2(settings.temperature_K),
        solids=tuple(solids),
        structures_from=structures_from,
        surface_energies_J_m2=_surface_energies(members[0]),
        problems=tuple(problems),
        motions=tuple(motion for member in members for motion in member.results().motions()),
        provenance={name: get_potential(name).provenance() for name in study.potentials},
        settings=settings.model_dump(mode="json"),
        methods=study.potentials,
    )


def _works(member: SolidOnPanel, films: StoredFilms, termination: str, problems: list[str]) -> _Works:
    """Return the work of adhesion with each method; what is missing is added to ``problems``."""
    works = _Works()
    face = f"{member.surface_name} {termination}"
    for potential in member.potentials:
        try:
            samples = films.adhesion_samples(termination, potential, "relaxed")
            found = average_adhesion({f"seed {seed}": group for seed, group in samples.items()})
            check_work_of_adhesion(found.total_J_m2, f"{face}, {potential}")
        except InputError as error:
            problems.append(f"{face}, {potential}: {_reason(member, error)}")
            continue
        works.total[potential] = found.total_J_m2
        if found.dispersion_J_m2 is not None:
            works.dispersion[potential] = found.dispersion_J_m2.mean
    for potential in member.repeating_potentials:
        base = member.base_of(potential)
        if base not in works.total:
            continue  # said already
        shift = films.single_points(termination, potential).adhesion_shift_J_m2(films.area(termination))
        if shift is None:
            problems.append(f"{face}, {potential}: no single points")
            continue
        total = works.total[base]
        works.total[potential] = Estimate(total.mean + shift, total.standard_error, total.n_samples)
        works.structures_from[potential] = base
    return works


def _reason(member: SolidOnPanel, error: InputError) -> str:
    """Why there is nothing: what failed first, or what was raised."""
    failed = member.failed()
    return f"{failed[0].name}: {failed[0].data['reason']}" if failed else str(error)


def _solid(
    member: SolidOnPanel,
    films: StoredFilms,
    termination: str,
    works: _Works,
    taken_off: Mapping[str, WorkOfAdhesion],
    carried: CarriedLayer | None,
) -> PanelSolid:
    substrate = member.settings.substrate
    return PanelSolid(
        solid=substrate.label,
        formula=films.substrate_formula,
        plane=f"({miller_text(substrate.miller_index)})",
        termination=termination,
        work_of_adhesion_J_m2=works.total,
        dispersion_J_m2=works.dispersion,
        measured=_measured(member) if substrate.surface is Carried.CLEAN else None,
        surface=substrate.surface.value,
        treatments_J_m2=taken_off,
        carried=carried,
    )


def carried_layer(
    member: SolidOnPanel, films: StoredFilms, termination: str, problems: list[str]
) -> CarriedLayer | None:
    """Return how what a face carries is bound, None on a clean one; what is missing is added to ``problems``.

    Both slabs are in one cell, or one that is repeated for the layer. The clean one was relaxed freely and is at rest,
    so that holding its lower half, as in the covered one, changes nothing.
    """
    if member.carries is Carried.CLEAN:
        return None
    slabs = films.rows(Role.SLAB, termination=termination, potential=member.potential)
    covered = lowest([row for row in slabs if _carried_atoms(row)])
    clean = lowest([row for row in slabs if not _carried_atoms(row)])
    crystal = lowest(films.rows(Role.CARRIED_BULK, potential=member.potential))
    if not (covered and clean and crystal):
        problems.append(
            f"{member.surface_name} {termination}: what it carries was not compared with its crystal; run the job again"
        )
        return None
    formula = bulk_of(member.carries).formula or ""
    unit = sum(parse_formula(formula).values())
    carried = _carried_atoms(covered[0])
    units, repeats = round(carried / unit), (covered[0].natoms - carried) / clean[0].natoms
    per_unit = crystal[0].energy / (crystal[0].natoms / unit)
    binding = layer_binding(covered[0].energy, clean[0].energy * repeats, per_unit, units)
    return CarriedLayer(formula, units, 100 * units / area_of(covered[0]), binding)


def _carried_atoms(row: AtomsRow) -> int:
    return int((atoms_of(row).get_tags() == ADLAYER).sum())


def _measured(member: SolidOnPanel) -> MeasuredAngle | None:
    """Return the angle that the input gives, else the range of those that are known of the solid."""
    given = member.solid.measured_angle_deg
    if given is not None:
        return MeasuredAngle(*given, "", member.solid.measured_source, "given")
    name = member.settings.substrate.name
    known = [one for one in known_angles(member.settings.solvent) if name is not None and one.phase == name]
    if not known:
        return None
    bounds = [one.bounds_deg for one in known]
    conditions = dict.fromkeys(f"{one.kind}, {one.atmosphere}" for one in known)
    return MeasuredAngle(
        min(low for low, _ in bounds),
        max(high for _, high in bounds),
        "; ".join(conditions),
        "; ".join(dict.fromkeys(one.source for one in known)),
        known[0].confidence,
    )


def known_angles(solvent: str) -> tuple[ContactAngle, ...]:
    """Return the measured angles of a liquid, none where there is no entry for it."""
    try:
        return contact_angles(solvent)
    except InputError:
        return ()


def _surface_energies(member: SolidOnPanel) -> Mapping[str, float]:
    """Return u of the liquid with each method that computed the free film and the bulk liquid."""
    films = member.results()
    found = {}
    for potential in member.potentials:
        energy = films.surface_energy_J_m2(potential)
        if energy is not None:
            found[potential] = energy.mean
    for potential in member.repeating_potentials:
        base = member.base_of(potential)
        if base not in found:
            continue
        points = films.single_points(member.terminations[0], potential)
        shift = points.surface_energy_shift_J_m2(films.free_film_area())
        if shift is not None:
            found[potential] = found[base] + shift
    return found
