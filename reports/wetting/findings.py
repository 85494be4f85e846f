"""The wetting result in words: what drives it in each limit, how well it is known, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...thermodynamics.wetting.contact_angle import young_dupre_angle_deg
from ...thermodynamics.wetting.curve import Limit, WettingCurve
from ...thermodynamics.wetting.outcome import WETTING_DEG
from ..notation import enumeration, signed, unicode_formula
from .model import CoverageRecord, DispersionRecord, WettingFace, WettingMember, WettingReport
from .reduction import reduction_statement
from .wording import (
    adhesion_of,
    angle,
    composition,
    degree_range,
    element_name,
    estimate,
    finite_supply,
    has_both_limits,
    is_calibrated,
    is_model_band,
    key_points,
    limit_definitions,
    not_computed,
    number,
    saturation,
    set_bands,
    set_name,
    theta_at,
    threshold,
    with_error,
)

_NOTABLE_J_M2 = 0.02
"""Changes of an interface energy up to this are called none: 5° of the angle of mercury near 90°."""


def paragraphs(report: WettingReport) -> list[str]:
    """A few plain sentences: the limits, the driving force, adhesion and dispersion, where it wets, and the spread."""
    texts = [
        _driving_force(report),
        _at_coverage(report),
        _adhesion(report),
        _dispersion(report),
        _where_it_wets(report),
        _spread(report),
        _other_faces(report),
        _consistency(report),
    ]
    return [text for text in texts if text]


def _driving_force(report: WettingReport) -> str:
    keys = key_points(report)
    if len(keys) < 2:
        return ""
    start, end, x = report.curve.points[0].fresh, keys[-1].point, keys[-1].x
    under = end.fresh.gamma_SL_change_J_m2
    free = end.fresh.gamma_LV_J_m2 - start.gamma_LV_J_m2
    solute = element_name(report.solute)
    text = (
        f"Up to {composition(x, report.solute)} the energy of the solid–liquid interface changes by "
        f"{signed(under, 3)} J/m², that of the free surface by {signed(free, 3)} J/m²"
    )
    if end.equilibrated is not None:
        text += f", and that of the dry face by {signed(end.equilibrated.gamma_SV_change_J_m2, 3)} J/m²"
    if under < -_NOTABLE_J_M2:
        text += (
            f". That {solute} gathers at the solid under the liquid, {end.fresh.coverage_per_nm2:.2f} atoms per nm²,"
            " holds whatever the dry face does."
        )
    else:
        text += f": in neither limit {solute} gathers at the solid enough to matter."
    if end.equilibrated is None:
        text += f" {not_computed(report)} Until then only the fresh limit is known, a lower bound of the angle."
    if end.equilibrated is not None and under < -_NOTABLE_J_M2:
        dry = end.equilibrated
        gains = [point.work_of_adhesion_J_m2 - start.work_of_adhesion_J_m2 for point in (end.fresh, dry)]
        text += (
            f" The work of adhesion changes by {signed(gains[0], 3)} J/m² if the face beside the drop stays bare"
            f" (fresh), and by {signed(gains[1], 3)} J/m² if it takes {solute} as well (equilibrated,"
            f" {dry.dry_coverage_per_nm2:.2f} atoms per nm² on it)"
        )
        share = gains[1] / gains[0] if gains[0] > 0.0 else 1.0
        text += ": how much of it drives the wetting depends on the limit." if share < 0.8 else "."
    if start.theta_deg > WETTING_DEG:
        text += " A lower γ_LV alone would make an angle above 90° larger, not smaller."
    return text


def _at_coverage(report: WettingReport) -> str:
    """W(n), which belongs to neither limit."""
    own = [record for record in report.coverage if _of_default(report, record)]
    if len(own) < 2:
        return ""
    works = enumeration([number(record.work_of_adhesion_J_m2, 2) for record in own])
    angles = enumeration([angle(record.theta_deg) for record in own])
    counts = enumeration([str(record.n_solute) for record in own])
    return (
        f"With the same {counts} atoms of {element_name(report.solute)} on the dry face and under the liquid"
        f" W(n) = {works} J/m², which is {angles}: what {element_name(report.solvent)} adheres with to the face as the"
        " solute has changed it."
    )


def _of_default(report: WettingReport, record: CoverageRecord) -> bool:
    default = report.default
    return (record.termination, record.potential) == (default.termination, default.potential)


def _adhesion(report: WettingReport) -> str:
    default, solvent = report.default, element_name(report.solvent)
    record = adhesion_of(report, default)
    if is_calibrated(report):
        return (
            f"W_ad(0) = {default.parameters.work_of_adhesion_J_m2:.3f} J/m² was set from a measured angle of the pure "
            "solvent. Every angle here is calibrated; only the change with composition is computed."
        )
    if record is None:
        parameters = default.parameters
        total = with_error(parameters.work_of_adhesion_J_m2, parameters.work_of_adhesion_standard_error_J_m2 or None, 3)
        points = default.structures_from and f" ({default.potential} on structures of {default.structures_from})"
        return (
            f"Pure {solvent} adheres with W_ad(0) = {total} J/m²{points}, the same in both limits; 90° needs"
            f" W_ad = γ_LV = {report.curve.points[0].fresh.gamma_LV_J_m2:.4f} J/m²."
        )
    work = record.work
    text = (
        f"Pure {solvent} adheres with W_ad(0) = {estimate(work.total_J_m2, 3)} J/m² "
        f"({record.treatment}, {default.potential}), the same in both limits; 90° needs W_ad = γ_LV = "
        f"{report.curve.points[0].fresh.gamma_LV_J_m2:.4f} J/m². "
    )
    if work.dispersion_J_m2 is None or work.potential_J_m2 is None:
        return f"{text}How much of it is dispersion is not known."
    dispersion, potential = work.dispersion_J_m2.mean, work.potential_J_m2.mean
    text += f"Dispersion brings {number(dispersion, 3)} J/m² of it and the potential itself {number(potential, 3)} J/m²"
    if work.total_J_m2.mean > 0.0 and 0.0 <= dispersion <= work.total_J_m2.mean:
        text += f": {100.0 * dispersion / work.total_J_m2.mean:.0f} % is dispersion"
    elif potential < 0.0:
        text += ": without dispersion the liquid would not stick at all"
    return f"{text}."


def _dispersion(report: WettingReport) -> str:
    """The spread of W_ad(0) over potentials and dispersion models on the face of the headline."""
    own = [one for one in report.dispersion if one.termination == report.default.termination and one.dispersion]
    if len(own) < 2 or is_calibrated(report):
        return ""
    low, high = (pick(own, key=lambda one: one.work_of_adhesion_J_m2) for pick in (min, max))
    gamma = report.curve.points[0].fresh.gamma_LV_J_m2
    theta = [float(young_dupre_angle_deg(max(one.work_of_adhesion_J_m2, 0.0), gamma)) for one in (low, high)]
    ends = [f"{number(one.work_of_adhesion_J_m2, 2)} ({_combination(one)})" for one in (low, high)]
    text = (
        f"Over {len(own)} combinations of potential and dispersion model on this face W_ad(0) lies between "
        f"{ends[0]} and {ends[1]} J/m², on a smooth solid {angle(theta[0])} to {angle(theta[1])}."
    )
    if not any(one.three_body for one in own):
        text += " None of them has a three-body term, which weakens adhesion."
    return text


def _combination(record: DispersionRecord) -> str:
    return f"{record.model}+{record.dispersion}"


def _where_it_wets(report: WettingReport) -> str:
    found = {limit: threshold(report.curve, limit) for limit in report.curve.limits}
    parts = []
    for limit, passed in found.items():
        if passed is not None:
            x, bound = passed
            where = f"from the first composition on, {composition(x, report.solute)}" if bound else composition(x)
            parts.append(f"{where} in the {limit} limit")
    if not parts:
        return ""
    text = f"The angle passes 90° at {enumeration(parts)}."
    never = [limit for limit, passed in found.items() if passed is None]
    if never:
        text += f" In the {never[0]} limit it does not."
    if not finite_supply(report.curve) and any(passed is not None and passed[0] < 1e-5 for passed in found.values()):
        text += (
            " This holds for an unlimited supply: an equilibrium model is nearly logarithmic in x, while a real drop "
            f"that dilute runs out of {element_name(report.solute)}, may carry an oxide skin and shows hysteresis."
        )
    return text


def _spread(report: WettingReport) -> str:
    """What other potentials and dispersion models give on the same face, in each limit."""
    first = report.faces[0]
    if not is_model_band(report):
        return (
            f"One parameter set only ({set_name(first.members[0].parameters.name)}): its band is statistical, the "
            "scatter of its films, and says nothing of what another potential or dispersion model would give."
        )
    envelope = f"The model band is the envelope of {set_bands(report)}.{_lead(report)}"
    if len(first.members) == 1:
        return f"One parameter set only ({set_name(first.members[0].parameters.name)}). {envelope}"
    texts = [f"{_ranges(report, first.members, limit)} in the {limit} limit" for limit in report.curve.limits]
    text = (
        f"Over the {len(first.members)} parameter sets of {unicode_formula(first.termination)}, potentials and "
        f"dispersion models, the angle is {enumeration(texts)}. {envelope}"
    )
    fewer = sum(member.parameters.dry_face is not None for member in first.members)
    if has_both_limits(report) and fewer < len(first.members):
        text += f" The dry face was computed for {fewer} of them."
    return text


def _lead(report: WettingReport) -> str:
    """Why the first set leads, where it is not the one that relaxed the structures; with a space before it."""
    default = report.default
    errors = default.parameters.method_errors
    if not default.structures_from or errors is None:
        return ""
    return (
        f" {default.potential} leads: of the dispersion models on structures of {default.structures_from} it errs"
        f" least against {errors.n_solids} measured angles of the pure liquid, by {signed(errors.mean_J_m2, 2)} J/m² in"
        " W_ad in the mean."
    )


def _ranges(report: WettingReport, members: Iterable[WettingMember], limit: Limit) -> str:
    found = []
    for key in key_points(report):
        angles = [theta for member in members if (theta := theta_at(member, key.x, limit)) is not None]
        found.append(f"{degree_range(min(angles), max(angles))} at {composition(key.x)}")
    return enumeration(found)


def _other_faces(report: WettingReport) -> str:
    """The other terminations, each in both limits."""
    texts = []
    for face in report.faces[1:]:
        limits = [f"{_angles(report, face, limit)} ({limit})" for limit in face.curve.limits]
        texts.append(f"{unicode_formula(face.termination)} it is {enumeration(limits)}")
    if not texts:
        return ""
    at = enumeration([composition(key.x) for key in key_points(report)])
    return f"At {at} {report.solute}, on {'; on '.join(texts)}: each termination has its own curve and band."


def _angles(report: WettingReport, face: WettingFace, limit: Limit) -> str:
    angles = [theta_at(face, key.x, limit) for key in key_points(report)]
    return ", ".join(angle(theta) for theta in angles if theta is not None)


def _consistency(report: WettingReport) -> str:
    """The angle with the potential's own tension, and what dividing by the measured one assumes."""
    default = report.default
    own = [r for r in report.consistency if (r.termination, r.potential) == (default.termination, default.potential)]
    if not own or not own[0].x or is_calibrated(report):
        return ""
    record, measured = own[0], report.gamma_LV.internal_energy_J_m2
    hybrid, computed = (angles[Limit.FRESH][0] for angles in (record.hybrid_deg, record.from_energy_deg))
    return (
        f"The free film of this potential has u = {number(record.surface_energy_J_m2, 3)} J/m², measured "
        f"{number(measured, 3)}. Computed W over measured γ_LV, {angle(hybrid)} at {composition(record.x[0])}, is "
        "right only if the metallic energy that the potential misses is missing alike at liquid–vapour and at "
        f"liquid–solid and cancels in W; with u in place of γ_LV it would be {angle(computed)}."
    )


def origins(report: WettingReport) -> list[tuple[str, list[str]]]:
    """What is measured, computed and assumed, as (kind, statements)."""
    curve, default = report.curve, report.default
    gamma = report.gamma_LV
    most = saturation(curve)
    tension = (
        f"γ_LV of {report.solvent}: {gamma.at_J_m2(curve.temperature_K):.4f} J/m² at {curve.temperature_K:g} K"
        + _source(curve.gamma_LV_source)
    )
    potential = f"μ(x) of {report.solute} in {report.solvent}{_source(curve.solution_source)}"
    if most is not None:
        potential += f"; saturated at {composition(most)}"
    measured: list[str] = []
    computed: list[str] = []
    for text, source in ((tension, curve.gamma_LV_source), (potential, curve.solution_source)):
        (computed if "comput" in source.lower() else measured).append(text)
    where = "at the interface and on the dry face" if has_both_limits(report) else "at the interface"
    energies = f"energies of {report.solute} {where}, {default.potential}"
    if is_calibrated(report):
        measured.append("the angle of the pure solvent, from which W_ad(0) was set: the curve is calibrated")
        computed.append(energies)
    else:
        computed.append(f"W_ad(0) and {energies}; nothing is fitted to an angle")
    computed += [f"correction: {label}" for label in default.parameters.corrections]
    assumed = [f"{limit} limit: {text}" for limit, text in limit_definitions(report).items()]
    assumed += [
        "smooth, clean, dry and rigid solid, at equilibrium"
        if not report.conditions_text
        else f"clean, dry and rigid solid, at equilibrium; {report.conditions_text}",
        reduction_statement(report),
        "neighbouring cells of interface and dry face fill independently; no vibrations",
        "supply: " + ("a drop that runs out of solute" if finite_supply(curve) else "unlimited"),
    ]
    return [("Measured", measured), ("Computed", computed), ("Assumed", assumed)]


def _source(text: str) -> str:
    return f" ({text})" if text else ""


def curve_range(curve: WettingCurve) -> str:
    """``87° to 0° (fresh) and 87° to 74° (equilibrated)``, for descriptions of figures."""
    texts = []
    for limit in curve.limits:
        ends: Sequence[str] = [angle(p.theta_deg) for p in (curve.points[0].of(limit), curve.points[-1].of(limit)) if p]
        texts.append(f"{ends[0]} to {ends[-1]} ({limit})")
    return enumeration(texts)
