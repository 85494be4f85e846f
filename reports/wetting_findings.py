"""The wetting result in words: headline, what drives it, and whether each observation is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..thermodynamics.wetting_curve import AngleDifference, WettingCurve
from .findings import enumeration, signed
from .formulas import unicode_formula
from .wetting_model import WettingMember, WettingReport
from .wetting_numbers import (
    WETTING_DEG,
    KeyPoint,
    adhesion_of,
    angle,
    band,
    composition,
    estimate,
    finite_supply,
    is_calibrated,
    key_points,
    member_theta,
    number,
    saturation,
    set_name,
    solid,
    threshold,
    with_error,
)

SURFACE_ACTIVE_J_M2 = 0.02
"""Change of gamma_LV below which the solute counts as not surface-active."""

ROUNDING_DEG = 0.05
"""Rises of the angle smaller than this are put down to rounding."""


@dataclass(frozen=True)
class Verdict:
    """One statement about the wetting, and what the numbers say to it.

    Attributes
    ----------
    claim
        The statement.
    met
        None when the report holds nothing to decide it.
    certain
        Whether the whole uncertainty band agrees.
    evidence
        The numbers.
    """

    claim: str
    met: bool | None
    evidence: str
    certain: bool = True

    @property
    def word(self) -> str:
        """``met``, ``met, not beyond the uncertainty``, ``missed`` or ``not evaluated``."""
        if self.met is None:
            return "not evaluated"
        return ("met" if self.met else "missed") + ("" if self.certain else ", not beyond the uncertainty")


def wetting_headline(report: WettingReport) -> str:
    """One or two sentences with the outcome; says when nothing wets and when an angle was put in."""
    start, *rest = key_points(report)
    text = _outcome(report, start, rest)
    return f"Calibrated, not predicted: {text}" if is_calibrated(report) else text


def _outcome(report: WettingReport, start: KeyPoint, rest: Sequence[KeyPoint]) -> str:
    where, solvent = solid(report), report.solvent
    first = angle(start.point.theta_deg)
    if not rest:
        verb = "wets" if start.point.theta_deg < WETTING_DEG else "does not wet"
        return f"{solvent} {verb} {where} ({first})."
    last = rest[-1]
    steps = enumeration([f"{angle(k.point.theta_deg)} with {composition(k.x, report.solute)}" for k in rest])
    hedge = ""
    if last.point.theta_low_deg < WETTING_DEG <= last.point.theta_high_deg:
        hedge = f" The band at {composition(last.x)} ({band(last.point)}) holds both outcomes."
    undecided = start.point.theta_low_deg < WETTING_DEG < start.point.theta_high_deg
    if undecided and last.point.theta_high_deg < WETTING_DEG:
        return (
            f"Whether pure {solvent} wets {where} is within the uncertainty ({first}, band {band(start.point)});"
            f" the angle is {steps}: {report.solute} makes it {'spread' if last.point.theta_deg == 0.0 else 'wet'}."
        )
    if start.point.theta_deg >= WETTING_DEG > last.point.theta_deg:
        end = f"{report.solute} makes it wet."
        if last.point.theta_deg == 0.0:
            end = f"{report.solute} makes it spread."
        return f"{solvent} does not wet {where} ({first}); the angle is {steps}: {end}{hedge}"
    if start.point.theta_deg < WETTING_DEG:
        after = "wets" if last.point.theta_deg < WETTING_DEG else f"does not wet any more with {report.solute}"
        return f"{solvent} already wets {where} without {report.solute} ({first}); the angle is {steps}: it {after}."
    return f"{where} is not wetted: the angle is {first} for pure {solvent} and {steps}.{hedge}"


def verdicts(report: WettingReport) -> list[Verdict]:
    """What was observed, where anything was, and what the model implies, each with its numbers."""
    return [*_observations(report), _monotonic(report), _pinned(report), _surface_activity(report)]


def _observations(report: WettingReport) -> list[Verdict]:
    if not report.observed:
        return []
    keys = key_points(report)
    found = []
    if keys[0].x == 0.0:
        found.append(_side(keys[0], f"θ(0) > 90°: pure {report.solvent} does not wet", above=True))
    dissolved = [key for key in keys if key.x > 0.0]
    if keys[0].x == 0.0 and dissolved:
        found.append(_fall(report, dissolved[0].x))
    if dissolved:
        last = dissolved[-1]
        found.append(_side(last, f"θ({composition(last.x)}) < 90°: the amalgam wets", above=False))
    return found


def _side(key: KeyPoint, claim: str, *, above: bool) -> Verdict:
    point = key.point
    met = (point.theta_deg > WETTING_DEG) is above
    certain = (point.theta_low_deg > WETTING_DEG) is (point.theta_high_deg > WETTING_DEG)
    return Verdict(claim, met, f"θ = {point.theta_deg:.1f}°, band {band(point)}", certain)


def fall_to(report: WettingReport, x: float) -> AngleDifference | None:
    """Fall of the angle from the pure solvent to ``x``, with its band; None when it was not computed."""
    for (start, end), difference in report.falls:
        if start == 0.0 and abs(end - x) <= 1e-9 * x:
            return difference
    return None


def _fall(report: WettingReport, x: float) -> Verdict:
    claim = f"θ falls significantly from 0 to {composition(x, report.solute)}"
    fall = fall_to(report, x)
    if fall is None:
        return Verdict(claim, None, "the difference was not computed")
    evidence = f"falls by {fall.value_deg:.1f}°, band {number(fall.low_deg, 1)}° to {number(fall.high_deg, 1)}°"
    if fall.significant or fall.value_deg <= 0.0:
        return Verdict(claim, fall.significant, evidence)
    return Verdict(claim, False, f"{evidence}: not more than the uncertainty")


def _monotonic(report: WettingReport) -> Verdict:
    points = report.curve.points
    rise, where = max(
        ((after.theta_deg - before.theta_deg, after.x) for before, after in pairwise(points)),
        default=(0.0, 0.0),
    )
    total = f"from {points[0].theta_deg:.1f}° to {points[-1].theta_deg:.1f}° over {len(points)} compositions"
    if rise <= ROUNDING_DEG:
        return Verdict("θ never rises with x", True, f"{total}, no step upwards")
    return Verdict("θ never rises with x", False, f"{total}, but up by {rise:.1f}° at {composition(where)}")


def _pinned(report: WettingReport) -> Verdict:
    curve, limit = report.curve, saturation(report.curve)
    claim = "θ stays constant above saturation"
    if limit is not None:
        claim = f"θ stays constant above saturation ({composition(limit)})"
    saturated = [point for point in curve.points if point.saturated]
    if len(saturated) < 2:
        return Verdict(claim, None, "the curve ends before it")
    angles = [point.theta_deg for point in saturated]
    spread = max(angles) - min(angles)
    evidence = f"{angle(angles[-1])} up to {composition(saturated[-1].x)}, changing by {spread:.2f}°"
    return Verdict(claim, spread <= ROUNDING_DEG, evidence)


def _surface_activity(report: WettingReport) -> Verdict:
    claim = f"{report.solute} is not surface-active at the free surface: |Δγ_LV| < {SURFACE_ACTIVE_J_M2:g} J/m²"
    if report.vapour is None and report.default.parameters.vapour is None:
        return Verdict(claim, None, "the free surface was not computed, γ_LV is kept constant")
    changes = [point.gamma_LV_J_m2 - report.curve.points[0].gamma_LV_J_m2 for point in report.curve.points]
    largest = max(changes, key=abs)
    return Verdict(claim, abs(largest) < SURFACE_ACTIVE_J_M2, f"largest change {signed(largest, 4)} J/m²")


def paragraphs(report: WettingReport) -> list[str]:
    """A few plain sentences: the driving force, the share of dispersion, where it wets, and the spread."""
    texts = [
        _driving_force(report),
        _adhesion(report),
        _where_it_wets(report),
        _spread(report),
    ]
    return [text for text in texts if text]


def _driving_force(report: WettingReport) -> str:
    keys = key_points(report)
    if len(keys) < 2:
        return ""
    start, end = keys[0].point, keys[-1].point
    fall = end.gamma_SL_change_J_m2 - start.gamma_SL_change_J_m2
    free = end.gamma_LV_J_m2 - start.gamma_LV_J_m2
    text = (
        f"Up to {composition(end.x, report.solute)} the energy of the solid–liquid interface changes by "
        f"{signed(fall, 3)} J/m², that of the free surface by {signed(free, 3)} J/m². "
    )
    if fall < 0.0 and abs(fall) > 3.0 * abs(free):
        text += (
            f"So what {'drives' if start.theta_deg > end.theta_deg else 'acts on'} the wetting is γ_SL: "
            f"{report.solute} gathers at the solid, {end.coverage_per_nm2:.2f} atoms per nm², and makes that "
            f"interface cheaper. "
        )
    elif fall < 0.0 and free < 0.0:
        text += f"Both fall: {report.solute} gathers at the solid and at the free surface. "
    else:
        text += f"{report.solute} does not gather at the solid enough to matter. "
    if start.theta_deg > WETTING_DEG:
        text += "A lower γ_LV alone would make an angle above 90° larger, not smaller."
    return text.rstrip()


def _adhesion(report: WettingReport) -> str:
    default = report.default
    record = adhesion_of(report, default)
    if is_calibrated(report):
        return (
            f"W_ad(0) = {default.parameters.work_of_adhesion_J_m2:.3f} J/m² was set from a measured angle of the pure "
            "solvent. Every angle here is calibrated; only the change with composition is computed."
        )
    if record is None:
        parameters = default.parameters
        total = with_error(parameters.work_of_adhesion_J_m2, parameters.work_of_adhesion_standard_error_J_m2 or None, 3)
        return f"Pure {report.solvent} adheres with W_ad(0) = {total} J/m²."
    work = record.work
    text = (
        f"Pure {report.solvent} adheres with W_ad(0) = {estimate(work.total_J_m2, 3)} J/m² "
        f"({record.treatment}, {default.potential}); 90° needs W_ad = γ_LV = "
        f"{report.curve.points[0].gamma_LV_J_m2:.4f} J/m². "
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


def _where_it_wets(report: WettingReport) -> str:
    found = threshold(report.curve)
    if found is None:
        return ""
    x, bound = found
    solute = report.solute
    if bound:
        text = f"The curve is below 90° from its first composition on, {composition(x, solute)}."
    else:
        text = f"The angle passes 90° at {composition(x, solute)}."
    if not finite_supply(report.curve) and x < 1e-5:
        text += (
            " This holds for an unlimited supply: an equilibrium model is nearly logarithmic in x, while a real drop "
            f"that dilute runs out of {solute}, may carry an oxide skin and shows hysteresis."
        )
    return text


def _spread(report: WettingReport) -> str:
    members = report.members
    keys = key_points(report)
    if len(members) < 2:
        return (
            f"One parameter set only ({set_name(members[0].parameters.name)}): the band holds its statistical error, "
            "not what another potential, dispersion model or termination would give."
        )
    ranges = [f"{_range(members, key.x)} at {composition(key.x)}" for key in keys]
    text = f"Over {len(members)} parameter sets the angle is {enumeration(ranges)}."
    x = keys[-1].x
    for label, own, other, shown, also in (
        ("potentials", "potential", "termination", str, unicode_formula),
        ("terminations", "termination", "potential", unicode_formula, str),
    ):
        widest = _widest(members, own, other, x)
        if widest is not None:
            low, high, shared = widest
            text += (
                f" Between {label} ({shown(getattr(low, own))} and {shown(getattr(high, own))}, {also(shared)}) "
                f"it differs by {abs(member_theta(high, x) - member_theta(low, x)):.0f}° at {composition(x)}."
            )
    return text


def _range(members: Iterable[WettingMember], x: float) -> str:
    angles = [member_theta(member, x) for member in members]
    return f"{min(angles):.0f}–{max(angles):.0f}°"


def _widest(
    members: Sequence[WettingMember], own: str, other: str, x: float
) -> tuple[WettingMember, WettingMember, str] | None:
    """The pair that differs only in ``own`` and most in angle."""
    pairs = [
        (a, b, getattr(a, other))
        for i, a in enumerate(members)
        for b in members[i + 1 :]
        if getattr(a, own) != getattr(b, own) and getattr(a, other) == getattr(b, other)
    ]
    return max(pairs, key=lambda pair: abs(member_theta(pair[0], x) - member_theta(pair[1], x)), default=None)


def origins(report: WettingReport) -> list[tuple[str, list[str]]]:
    """What is measured, computed and assumed, as (kind, statements)."""
    curve, default = report.curve, report.default
    gamma = report.gamma_LV
    limit = saturation(curve)
    tension = (
        f"γ_LV of {report.solvent}: {gamma.at_J_m2(curve.temperature_K):.4f} J/m² at {curve.temperature_K:g} K"
        + _source(curve.gamma_LV_source)
    )
    potential = f"μ(x) of {report.solute} in {report.solvent}{_source(curve.solution_source)}"
    if limit is not None:
        potential += f"; saturated at {composition(limit)}"
    measured: list[str] = []
    computed: list[str] = []
    for text, source in ((tension, curve.gamma_LV_source), (potential, curve.solution_source)):
        (computed if "comput" in source.lower() else measured).append(text)
    energies = f"energies of {report.solute} at the interface, {default.potential}"
    if is_calibrated(report):
        measured.append("the angle of the pure solvent, from which W_ad(0) was set: the curve is calibrated")
        computed.append(energies)
    else:
        computed.append(f"W_ad(0) and {energies}; nothing is fitted to an angle")
    computed += [f"correction: {label}" for label in curve.corrections]
    assumed = [
        "smooth, clean, dry and rigid solid, at equilibrium; γ_SV does not depend on x",
        "neighbouring interface cells fill independently; no vibrations",
        "supply: " + ("a drop that runs out of solute" if finite_supply(curve) else "unlimited"),
    ]
    return [("Measured", measured), ("Computed", computed), ("Assumed", assumed)]


def _source(text: str) -> str:
    return f" ({text})" if text else ""


def curve_range(curve: WettingCurve) -> str:
    """``103° to 43°``, for descriptions of figures."""
    return f"{angle(curve.points[0].theta_deg)} to {angle(curve.points[-1].theta_deg)}"
