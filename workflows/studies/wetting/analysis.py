"""From the rows of a wetting study to the contact angle: parameters of each member, their curves, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ....errors import InputError
from ....reference.metals import ion_charge
from ....reference.published import observed_drops
from ....reports.film_motion import motion_problems
from ....reports.wetting.model import (
    DiluteRecord,
    FallRecord,
    FiniteDrop,
    WettingFace,
    WettingMember,
    WettingReport,
)
from ....structures.compositions import parse_formula
from ....structures.library.liquids import get_liquid
from ....thermodynamics.amalgams.choose_solution import (
    MEASURED,
    key_compositions,
    pinned_solution,
    shown_compositions,
    solution_for,
    solution_warning,
)
from ....thermodynamics.wetting.contact_angle import Drop, SurfaceTension, measured_tension
from ....thermodynamics.wetting.model import WettingModel
from ....thermodynamics.wetting.parameters import WettingParameters, calibrated
from ....thermodynamics.wetting.sensitivity import sensitivity
from ...database.rows import area_of, miller_text
from ..films.cells import Role
from ..films.free_energy import take_off_problems
from .cautions import polarity_warnings, solid_notes
from .members import Member, dry_face_problems, seed_parameters, study_members
from .options import WettingOptions, conditions_text
from .records import adhesion_records, dilute_records, pictures, surfaces_of
from .stored import StoredStudy
from .tables import consistency_records, coverage_records, dispersion_records, reduction_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ase.db.row import AtomsRow

    from ....thermodynamics.amalgams.dilute import Solution
    from ....thermodynamics.wetting.curve import WettingCurve

# Share of the fullest state beyond which the states that were tried are too few.
_NEARLY_FULL = 0.9
_SHOWN_RADIUS_MM = 0.5
"""Of the drop that is drawn beside an endless supply: some 0.5 µL, as drops on pellets are."""


def wetting_report(
    title: str,
    study: StoredStudy,
    options: WettingOptions,
    *,
    preset: str = "",
    slabs: Sequence[AtomsRow] | None = None,
) -> WettingReport:
    """Return everything the wetting page shows, recomputed from the stored energies.

    ``slabs`` give the surface energies beside it: those of a job, or None for the newest that are alike.

    Raises
    ------
    InputError
        Nothing fits the options, or the study has no quenched interface yet.
    """
    gamma_LV = surface_tension(study.solvent, options)
    members, missing = study_members(study, options.terminations, options.potentials)
    dilute = dilute_records(study, [one.potential for one in members if not one.structures_from], options.temperature_K)
    solution, cautions = _solution(study, options, dilute)
    members = [replace(one, parameters=_calibrate(one.parameters, options, gamma_LV)) for one in members]
    first = members[0]
    base = WettingModel(solution, gamma_LV, (first.parameters,), drop=options.drop, roughness=options.roughness)
    keys = key_compositions(study.solute, study.solvent, solution.x_saturation)
    grid = _grid(study, solution, options)
    faces = wetting_faces(study, base, members, options, grid)
    model = replace(base, members=tuple(one.parameters for one in faces[0].members))
    limits = faces[0].curve.limits
    surfaces, problems = surfaces_of(study, slabs)
    motions = study.motions()
    return WettingReport(
        title=title,
        substrate=study.substrate,
        substrate_formula=study.substrate_formula,
        miller_index=study.miller_index,
        solvent=study.solvent,
        solute=study.solute,
        preset=preset,
        temperature_K=options.temperature_K,
        gamma_LV=gamma_LV,
        faces=faces,
        adhesion=adhesion_records(study, members),
        falls=tuple(
            FallRecord(start, end, limit, model.fall(start, end, limit))
            for limit in limits
            for start, end in combinations(keys, 2)
        ),
        surfaces=surfaces,
        dilute=dilute,
        pictures=pictures(study, first.termination, first.structures_from or first.potential),
        key_x=keys,
        sensitivity=tuple(row for limit in limits for row in sensitivity(model, keys, limit=limit)),
        dispersion=dispersion_records(study, members),
        coverage=coverage_records(members, gamma_LV.at_J_m2(options.temperature_K), options.roughness),
        consistency=consistency_records(base, members, keys),
        reduction=reduction_record(study, faces[0].curve, keys),
        finite_drop=_finite_drop(study, base, grid),
        vapour=first.parameters.vapour,
        film_surface_energy=first.surface_energy_J_m2,
        observed=observations(study),
        warnings=(
            *solid_notes(study),
            *polarity_warnings(study),
            *cautions,
            *missing,
            *problems,
            *motion_problems(motions),
            *(text for face in faces for text in take_off_problems(study, face.termination)),
            *_warnings(study, members, faces[0].curve),
        ),
        motions=tuple(motions),
        provenance=_provenance(study),
        settings=_settings(study, options),
        conditions=_conditions(options, gamma_LV),
        conditions_text=conditions_text(options),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        electrons_per_ion=solution.electrons_per_ion,
    )


def _finite_drop(study: StoredStudy, base: WettingModel, grid: Sequence[float]) -> FiniteDrop | None:
    """Return the first set in a drop of usual size; None where a drop was asked for."""
    if base.drop is not None:
        return None
    volume = 1.0 / get_liquid(study.solvent).number_density(base.solution.temperature_K)
    drop = Drop(_SHOWN_RADIUS_MM, volume_per_atom=volume)
    return FiniteDrop(drop.radius_mm, replace(base, drop=drop, n_draws=2).curve(grid))


def wetting_faces(
    study: StoredStudy, base: WettingModel, members: Sequence[Member], options: WettingOptions, grid: Sequence[float]
) -> tuple[WettingFace, ...]:
    """Return each termination with the curves of its parameter sets, and that of the first with the band of all."""
    faces = []
    for termination in dict.fromkeys(one.termination for one in members):
        own = [one for one in members if one.termination == termination]
        together = replace(base, members=tuple(one.parameters for one in own))
        shown = tuple(
            WettingMember(
                termination=termination,
                potential=one.potential,
                parameters=one.parameters,
                curve=together.alone(one.parameters.name).curve(grid),
                seed_curves=tuple(
                    replace(base, members=(_calibrate(seed, options, base.surface_tension),)).curve(grid)
                    for seed in seed_parameters(study, one)
                ),
                structures_from=one.structures_from,
            )
            for one in own
        )
        faces.append(WettingFace(termination, shown, together.curve(grid)))
    return tuple(faces)


def surface_tension(solvent: str, options: WettingOptions) -> SurfaceTension:
    """Return the surface tension of the pure solvent: measured, or the number that was given."""
    if options.gamma_LV_J_m2 is not None:
        return SurfaceTension(
            options.gamma_LV_J_m2, slope_J_m2_K=0.0, reference_K=options.temperature_K, source="given by the user"
        )
    return measured_tension(solvent)


def _calibrate(item: WettingParameters, options: WettingOptions, gamma_LV: SurfaceTension) -> WettingParameters:
    if options.measured_angle_deg is None or item.mode == "calibrated":
        return item
    tension_J_m2 = gamma_LV.at_J_m2(options.temperature_K)
    return calibrated(item, options.measured_angle_deg, tension_J_m2, roughness=options.roughness)


def _solution(
    study: StoredStudy, options: WettingOptions, dilute: Sequence[DiluteRecord]
) -> tuple[Solution, list[str]]:
    """Return the chemical potential of the solute and what to know of it: measured, or computed where it was not.

    A computed one is pinned at the measured solubility wherever that is known.
    """
    pair = (study.solute, study.solvent)
    if pair in MEASURED and not options.computed_solution:
        warning = solution_warning(*pair, options.temperature_K)
        return solution_for(*pair, options.temperature_K), [warning] if warning else []
    if not dilute:
        raise InputError(
            f"{study.key}: the chemical potential of {study.solute} in {study.solvent} was not measured, and computing"
            f" it needs the hull of {study.solute}-{study.solvent} with the same potential; run that first"
        )
    first = dilute[0]
    solution, cautions = pinned_solution(
        *pair,
        options.temperature_K,
        mu_infinity=first.mu_infinity.mean,
        computed_solubility=first.solubility,
        potential=first.potential,
        electrons_per_ion=ion_charge(study.solute, 1),
    )
    return solution, list(cautions)


def _grid(study: StoredStudy, solution: Solution, options: WettingOptions) -> Sequence[float]:
    """Return the compositions of the curve: a scale with all that is shown of this solute, and what was asked for."""
    from ....thermodynamics.wetting.curve import composition_grid

    keys = key_compositions(study.solute, study.solvent, solution.x_saturation)
    include = [x for x in (*shown_compositions(keys), *options.x) if x != 0.0]
    return composition_grid(solution.x_saturation, lowest=min(1e-7, solution.x_saturation / 10), include=include)


def observations(study: StoredStudy) -> Mapping[float, str]:
    """Return what the paper saw on LLTO and on Li2S-P2S5, by mole fraction; nothing for another solid or liquid."""
    same_solid = set(parse_formula(study.substrate_formula)) in ({"Li", "P", "S"}, {"La", "Li", "Ti", "O"})
    return observed_drops(study.solute, study.solvent) if same_solid else {}


def _warnings(study: StoredStudy, members: Sequence[Member], curve: WettingCurve) -> list[str]:
    found = []
    failed = study.failures()
    if failed:
        first = f"{failed[0].name} ({failed[0].data['reason']})"
        found.append(f"{len(failed)} calculations failed and are left out, the first: {first}")
    found += _nearly_full(members[0].parameters, curve, study.solute)
    found += dry_face_problems(study.solute, members)
    # Single points have the errors of what they correct, which says so already.
    relaxed = [one for one in members if not one.structures_from]
    found += [f"{one.parameters.name}: {text}" for one in relaxed for text in one.parameters.assumptions]
    return found + _without_method_errors(members)


def _without_method_errors(members: Sequence[Member]) -> list[str]:
    """Return a warning where the band of predicted angles lacks the error of a method that no panel has tried."""
    predicted = [one for one in members if one.parameters.mode == "predicted" and one.parameters.method_errors is None]
    names = ", ".join(dict.fromkeys(one.potential for one in predicted))
    return [f"{names}: not tried on solids with measured angles, so the band lacks the error of the method"] * bool(
        names
    )


def _nearly_full(default: WettingParameters, curve: WettingCurve, solute: str) -> list[str]:
    """Return a warning for each face that holds nearly as much solute at saturation as the fullest state computed."""
    held = [("interface", default.interface, curve.points[-1].fresh.coverage_per_nm2)]
    if default.dry_face is not None and (last := curve.points[-1].equilibrated) is not None:
        held.append(("dry face", default.dry_face, last.dry_coverage_per_nm2))
    return [
        f"{default.name}: at saturation the {face} holds nearly as much {solute} as the fullest state that was computed"
        f" ({gas.saturation_per_nm2:.1f} per nm²): its sites are filled, or a larger max_solute may change the angle"
        for face, gas, coverage in held
        if coverage > _NEARLY_FULL * gas.saturation_per_nm2
    ]


def _conditions(options: WettingOptions, gamma_LV: SurfaceTension) -> dict[str, float | None]:
    return {
        "temperature_K": options.temperature_K,
        "gamma_LV_J_m2": gamma_LV.at_J_m2(options.temperature_K),
        "drop_radius_mm": options.drop.radius_mm if options.drop else None,
        "absorbed_per_nm2": options.drop.absorbed_per_nm2 if options.drop else None,
        "roughness": options.roughness,
        "calibrated_angle_deg": options.measured_angle_deg,
    }


def _provenance(study: StoredStudy) -> dict[str, Any]:
    rows = study.rows(Role.INTERFACE, n_solute=0)
    return {row.potential: row.data["provenance"] for row in rows}


def _settings(study: StoredStudy, options: WettingOptions) -> dict[str, Any]:
    row = study.rows(Role.INTERFACE, n_solute=0)[0]
    frames = {(item.seed, item.frame) for item in study.rows(Role.INTERFACE, n_solute=0)}
    return {
        "study": study.key,
        "surface": f"{study.substrate}({miller_text(study.miller_index)})",
        "atoms in the interface cell": row.natoms,
        "area (Å²)": round(area_of(row), 1),
        "seeds": len({seed for seed, _ in frames}),
        "frames": len(frames),
        "fmax (eV/Å)": row.data["settings"].get("fmax"),
        "temperature (K)": options.temperature_K,
        "roughness": options.roughness,
        "drop radius (mm)": options.drop.radius_mm if options.drop else "infinite supply",
    }
