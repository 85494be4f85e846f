"""From the rows of a wetting study to the contact angle: parameters of each member, their curves, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ase.formula import Formula

from ..errors import InputError, unknown_name
from ..reports.wetting_model import (
    DiluteRecord,
    WettingMember,
    WettingReport,
)
from ..structures.liquids import get_liquid
from ..thermodynamics.contact_angle import Drop, SurfaceTension
from ..thermodynamics.sensitivity import sensitivity
from ..thermodynamics.solutions import MEASURED, solution_for, solution_warning
from ..thermodynamics.voltage import ELECTRONS_PER_ION
from ..thermodynamics.wetting import WettingModel
from ..thermodynamics.wetting_parameters import WettingParameters, calibrated
from .stored_study import StoredStudy, area_of
from .wetting_members import correction_per_state, film_surface_energy, member_parameters, seed_parameters
from .wetting_records import adhesion_records, dilute_records, pictures, surface_records
from .wetting_study import miller_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..thermodynamics.dilute import Solution
    from ..thermodynamics.wetting_curve import WettingCurve

# What Fan et al. (doi 10.1002/adma.202004798) saw of lithium amalgam on both electrolytes, by mole fraction of lithium.
OBSERVED = {0.0: "does not wet", 3e-5: "wets better", 0.0133: "wets fully"}
# Share of the fullest state beyond which the states that were tried are too few.
_NEARLY_FULL = 0.9
# Films of one study differ by about this much, far more than the frames of one (J/m², eV; docs/benchmarks.md, Films).
ASSUMED_ERROR_J_M2 = 0.02
ASSUMED_ERROR_PER_SOLUTE = 0.1
# A computed solubility may be too small for any drop to hold one atom.
_LEAST_SOLUBILITY = 1e-12


@dataclass(frozen=True)
class WettingOptions:
    """What may be asked of the same energies.

    Attributes
    ----------
    temperature_K
        Of the drop.
    gamma_LV_J_m2
        Surface tension of the pure solvent; None for the measured one.
    drop
        A drop of finite size; None for an unlimited supply of solute.
    roughness
        Wenzel's ratio of true to projected area.
    terminations, potentials
        Which members; empty for all.
    measured_angle_deg
        Angle of the pure solvent to calibrate W_ad(0) with; None predicts.
    computed_solution
        Take the chemical potential of the solute from the computed insertion energy, not from measurements.
    x
        Compositions to show besides the usual ones.
    """

    temperature_K: float = 298.15
    gamma_LV_J_m2: float | None = None
    drop: Drop | None = None
    roughness: float = 1.0
    terminations: tuple[str, ...] = ()
    potentials: tuple[str, ...] = ()
    measured_angle_deg: float | None = None
    computed_solution: bool = False
    x: tuple[float, ...] = ()


def wetting_report(title: str, study: StoredStudy, options: WettingOptions, *, preset: str = "") -> WettingReport:
    """Return everything the wetting page shows, recomputed from the stored energies.

    Raises
    ------
    InputError
        Nothing fits the options, or the study has no quenched interface yet.
    """
    gamma_LV = surface_tension(study.solvent, options)
    members, missing = _members(study, options)
    dilute = dilute_records(study, [potential for _, potential, _ in members], options.temperature_K)
    solution, cautions = _solution(study, options, dilute)
    shared: dict[str, Any] = {"drop": options.drop, "roughness": options.roughness}
    parameters = tuple(_calibrate(item, options, gamma_LV) for _, _, item in members)
    model = WettingModel(solution, gamma_LV, parameters, **shared)
    grid = _grid(solution, options)
    curve = model.curve(grid)

    def own_curve(item: WettingParameters) -> Any:
        return WettingModel(solution, gamma_LV, (_calibrate(item, options, gamma_LV),), **shared).curve(grid)

    shown = tuple(
        WettingMember(
            termination=termination,
            potential=potential,
            parameters=item,
            curve=own_curve(item),
            seed_curves=tuple(own_curve(seed) for seed in seed_parameters(study, termination, potential)),
        )
        for (termination, potential, _), item in zip(members, parameters, strict=True)
    )
    surfaces, problems = surface_records(study)
    falls = [pair for pair in ((0.0, 3e-5), (3e-5, 0.0133), (0.0, 0.0133)) if pair[1] <= solution.x_saturation]
    default_potential = members[0][1].split(" ")[0]
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
        curve=curve,
        members=shown,
        adhesion=adhesion_records(study, members),
        falls=tuple((pair, model.fall(*pair)) for pair in falls),
        surfaces=surfaces,
        dilute=dilute,
        pictures=pictures(study, members[0][0], default_potential),
        sensitivity=tuple(sensitivity(model, [x for x in (0.0, 3e-5, 0.0133) if x <= solution.x_saturation])),
        vapour=members[0][2].vapour,
        film_surface_energy=film_surface_energy(study, default_potential),
        observed=observations(study),
        warnings=(*cautions, *missing, *problems, *_warnings(study, members, curve)),
        provenance=_provenance(study),
        settings=_settings(study, options),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


Member = tuple[str, str, WettingParameters]


def _members(study: StoredStudy, options: WettingOptions) -> tuple[list[Member], list[str]]:
    """Return termination, potential and parameters of all members asked for, corrected last, and what is missing."""
    pairs = study.members()
    if not pairs:
        failed = study.failures()
        why = f"{failed[0].name}: {failed[0].data['reason']}" if failed else "let its workflow go on"
        raise InputError(f"{study.key}: there is no quenched interface; {why}")
    for kind, wanted, known in (
        ("termination", options.terminations, {termination for termination, _ in pairs}),
        ("potential", options.potentials, {potential for _, potential in pairs}),
    ):
        for name in wanted:
            if name not in known:
                raise InputError(unknown_name(kind, name, sorted(known)))
    chosen = [
        pair
        for pair in pairs
        if (not options.terminations or pair[0] in options.terminations)
        and (not options.potentials or pair[1] in options.potentials)
    ]
    if not chosen:
        raise InputError(f"{study.key}: no member has both that termination and that potential")
    if options.terminations:
        chosen.sort(key=lambda pair: options.terminations.index(pair[0]))
    members: list[Member] = []
    problems: list[InputError] = []
    for pair in chosen:
        try:
            n_films = len({seed for seed, _ in study.interface_energies(*pair)})
            members.append((*pair, _with_errors(member_parameters(study, *pair), n_films)))
        except InputError as error:
            problems.append(error)
    if not members:
        raise problems[0]
    for termination, potential, base in list(members):
        if potential != study.potential:
            continue
        for correcting in study.repeating_potentials(termination):
            name = f"{potential} corrected by {correcting}"
            members.append((termination, name, _corrected(study, termination, correcting, base)))
    return members, [f"left out: {problem}" for problem in problems]


def _with_errors(item: WettingParameters, n_films: int) -> WettingParameters:
    """Return the parameters with errors assumed, and said to be, where one film or one frame does not show them."""
    assumed = {"work_of_adhesion_J_m2": ASSUMED_ERROR_J_M2, "per_solute": ASSUMED_ERROR_PER_SOLUTE}
    item = item.assuming(**assumed)
    return item.at_least(**assumed) if n_films == 1 else item


def _corrected(study: StoredStudy, termination: str, correcting: str, base: WettingParameters) -> WettingParameters:
    """Return the parameters with the other potential's differences on the same structures."""
    shift = correction_per_state(study, termination, correcting, base.interface.counts)
    label = f"single points with {correcting} on one frame"
    interface = base.interface.corrected(shift, label)
    return replace(base, name=f"{base.name}, corrected by {correcting}", interface=interface)


def surface_tension(solvent: str, options: WettingOptions) -> SurfaceTension:
    """Return the surface tension of the pure solvent: measured, or the number that was given."""
    liquid = get_liquid(solvent)
    if options.gamma_LV_J_m2 is not None:
        return SurfaceTension(
            options.gamma_LV_J_m2, slope_J_m2_K=0.0, reference_K=options.temperature_K, source="given by the user"
        )
    return SurfaceTension(
        liquid.surface_tension_J_m2,
        slope_J_m2_K=liquid.surface_tension_slope_J_m2_K,
        reference_K=liquid.surface_tension_reference_K,
        source=f"measured: {liquid.surface_tension_source}",
    )


def _calibrate(item: WettingParameters, options: WettingOptions, gamma_LV: SurfaceTension) -> WettingParameters:
    if options.measured_angle_deg is None or item.mode == "calibrated":
        return item
    return calibrated(item, options.measured_angle_deg, gamma_LV.at_J_m2(options.temperature_K))


def _solution(
    study: StoredStudy, options: WettingOptions, dilute: Sequence[DiluteRecord]
) -> tuple[Solution, list[str]]:
    """Return the chemical potential of the solute and what to know of it: measured, or computed where it was not."""
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
    computed = solution_for(
        *pair,
        options.temperature_K,
        source="computed",
        mu_infinity=first.mu_infinity.mean,
        x_saturation=min(max(first.solubility, _LEAST_SOLUBILITY), 1.0),
        electrons_per_ion=ELECTRONS_PER_ION.get(study.solute, 1),
    )
    return computed, [f"the chemical potential of {study.solute} is computed with {first.potential}, not measured"]


def _grid(solution: Solution, options: WettingOptions) -> Sequence[float]:
    from ..thermodynamics.wetting_curve import composition_grid

    include = [x for x in (3e-5, 0.0133, *options.x) if x != 0.0]
    return composition_grid(solution.x_saturation, lowest=min(1e-7, solution.x_saturation / 10), include=include)


def observations(study: StoredStudy) -> Mapping[float, str]:
    """Return what the paper saw on LLTO and on Li2S-P2S5, by mole fraction; nothing for another solid or liquid."""
    thiophosphate = set(Formula(study.substrate_formula).count()) == {"Li", "P", "S"}
    same_solid = thiophosphate or study.substrate.startswith("LLTO")
    return OBSERVED if same_solid and (study.solute, study.solvent) == ("Li", "Hg") else {}


def _warnings(study: StoredStudy, members: Sequence[Member], curve: WettingCurve) -> list[str]:
    found = []
    failed = study.failures()
    if failed:
        first = f"{failed[0].name} ({failed[0].data['reason']})"
        found.append(f"{len(failed)} calculations failed and are left out, the first: {first}")
    default = members[0][2]
    fullest = default.interface.saturation_per_nm2
    if curve.points[-1].coverage_per_nm2 > _NEARLY_FULL * fullest:
        found.append(
            f"{default.name}: at saturation the interface cell holds nearly as much {study.solute} as the fullest that"
            f" was computed ({fullest:.1f} per nm²): its sites are filled, or a larger max_solute may lower the angle"
        )
    found += [f"{item.name}: {assumption}" for _, _, item in members for assumption in item.assumptions]
    return found


def _provenance(study: StoredStudy) -> dict[str, Any]:
    rows = study.rows("interface", n_solute=0)
    return {row.potential: row.data["provenance"] for row in rows}


def _settings(study: StoredStudy, options: WettingOptions) -> dict[str, Any]:
    row = study.rows("interface", n_solute=0)[0]
    frames = {(item.seed, item.frame) for item in study.rows("interface", n_solute=0)}
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
