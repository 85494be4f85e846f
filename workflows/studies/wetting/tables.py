"""Tables of a wetting report that follow from its sets: dispersion, fixed coverage, other tensions, reduction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ....calculators.potentials.dispersion_methods import has_three_body, split_name
from ....errors import InputError
from ....reports.stability.model import onsets_of
from ....reports.wetting.model import (
    ConsistencyRecord,
    CoverageRecord,
    DispersionRecord,
    ReductionPoint,
    ReductionRecord,
)
from ....thermodynamics.units import EV_PER_A2
from ....thermodynamics.wetting.adhesion import average_adhesion
from ....thermodynamics.wetting.contact_angle import SurfaceTension, wenzel_angle_deg, young_dupre_angle_deg
from ....thermodynamics.wetting.curve import Limit
from ..films.cells import Role
from ..stability.analysis import StabilityOptions, stabilities

if TYPE_CHECKING:
    from ....thermodynamics.stability.electrolyte_window import ElectrolyteWindow
    from ....thermodynamics.wetting.curve import WettingCurve
    from ....thermodynamics.wetting.model import WettingModel
    from .members import Member
    from .stored import StoredStudy

_A_PER_NM = 10.0


def dispersion_records(study: StoredStudy, members: Sequence[Member]) -> tuple[DispersionRecord, ...]:
    """Return W_ad(0) of every member by model and dispersion model, and of those that relaxed without dispersion."""
    records = []
    for one in members:
        model, dispersion = split_name(one.potential)
        if not one.structures_from and dispersion:
            named = {
                f"seed {n}": g for n, g in study.adhesion_samples(one.termination, one.potential, "relaxed").items()
            }
            bare = average_adhesion(named).potential_J_m2
            if bare is not None:
                records.append(
                    DispersionRecord(one.termination, model, "", False, bare.mean, bare.standard_error, one.potential)
                )
        parameters = one.parameters
        records.append(
            DispersionRecord(
                termination=one.termination,
                model=model,
                dispersion=dispersion or "",
                three_body=dispersion is not None and has_three_body(dispersion),
                work_of_adhesion_J_m2=parameters.work_of_adhesion_J_m2,
                standard_error_J_m2=parameters.work_of_adhesion_standard_error_J_m2,
                structures_from=one.structures_from,
            )
        )
    return tuple(records)


def coverage_records(members: Sequence[Member], gamma_LV_J_m2: float, roughness: float) -> tuple[CoverageRecord, ...]:
    """Return W with the same number of solute atoms on both faces, for every member with a dry face."""
    return tuple(
        CoverageRecord(
            termination=one.termination,
            potential=one.potential,
            n_solute=n,
            coverage_per_nm2=100.0 * n / one.parameters.interface.area,
            work_of_adhesion_J_m2=work,
            theta_deg=float(wenzel_angle_deg(young_dupre_angle_deg(work, gamma_LV_J_m2), roughness)),
        )
        for one in members
        for n, work in one.parameters.work_at_coverage_J_m2().items()
    )


def consistency_records(
    base: WettingModel, members: Sequence[Member], x: Sequence[float]
) -> tuple[ConsistencyRecord, ...]:
    """Return the angles with the tension of the potential's own film in place of the measured one.

    Calibrated members have none: their W_ad(0) was set with the measured tension.
    """
    records = []
    measured = base.surface_tension
    kelvin = base.solution.temperature_K
    for one in members:
        energy = one.surface_energy_J_m2
        if energy is None or energy.mean <= 0.0 or one.parameters.mode == "calibrated":
            continue
        film = energy.mean + kelvin * measured.slope_J_m2_K
        tensions = [measured, SurfaceTension(energy.mean, source=one.potential)]
        tensions += [SurfaceTension(film, source=one.potential)] if film > 0.0 else []
        angles = [_angles(base, one, tension, x) for tension in tensions]
        records.append(
            ConsistencyRecord(
                termination=one.termination,
                potential=one.potential,
                surface_energy_J_m2=energy.mean,
                gamma_film_J_m2=film,
                x=tuple(x),
                hybrid_deg=angles[0],
                from_energy_deg=angles[1],
                from_tension_deg=angles[2] if film > 0.0 else {},
            )
        )
    return tuple(records)


def _angles(
    base: WettingModel, member: Member, tension: SurfaceTension, x: Sequence[float]
) -> Mapping[Limit, tuple[float, ...]]:
    curve = replace(base, members=(member.parameters.exact(),), surface_tension=tension, n_draws=2).curve(x)
    found = {}
    for limit in curve.limits:
        points = [curve.at(fraction).of(limit) for fraction in x]
        found[limit] = tuple(point.theta_deg for point in points if point is not None)
    return found


def reduction_record(study: StoredStudy, curve: WettingCurve, x: Sequence[float]) -> ReductionRecord | None:
    """Return the solid's stability at the voltages of the liquid: computed from the database, or else as published.

    None where the substrate was not computed with the phases that it can become, and nothing is published of it.
    """
    points = [(point.x, point.fresh.voltage_V) for point in (curve.at(fraction) for fraction in x)]
    dissolved = [(fraction, volts) for fraction, volts in points if volts is not None]
    options = StabilityOptions((study.substrate,), metal=study.solute, solvent=study.solvent)
    found, _ = stabilities(options, study.database, study.potential)
    if found:
        window, density = found[0].window, _atoms_per_A3(study)
        return ReductionRecord(
            onset_V=window.reduction_onset_V,
            source=f"computed with {study.potential} from the phases of its elements",
            computed=True,
            points=tuple(_reduction_point(window, density, fraction, volts) for fraction, volts in dissolved),
        )
    published = onsets_of(study.substrate, study.substrate_formula) if study.solute == "Li" else ()
    if not published:
        return None
    return ReductionRecord(
        onset_V=published[0].value,
        source=f"published: {published[0].text}; {published[0].source}",
        computed=False,
        points=tuple(ReductionPoint(fraction, volts) for fraction, volts in dissolved),
    )


def _reduction_point(window: ElectrolyteWindow, density: float, x: float, voltage_V: float) -> ReductionPoint:
    energy = window.decomposition_energy(max(voltage_V, 0.0)) * density * _A_PER_NM * EV_PER_A2
    uptake = max(window.uptake_at(max(voltage_V, 0.0)), 0.0) / window.atoms_per_formula
    return ReductionPoint(x, voltage_V, energy, uptake * density * _A_PER_NM * 100.0)


def _atoms_per_A3(study: StoredStudy) -> float:
    rows = study.rows(Role.SUBSTRATE)
    if not rows:
        raise InputError(f"{study.key}: there is no relaxed substrate")
    lowest = min(rows, key=lambda row: float(row.energy) / row.natoms)
    return float(lowest.natoms / lowest.volume)
