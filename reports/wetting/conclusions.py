"""What the wetting comes to: the headline, and whether each observation is met in each limit of the dry face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from ...thermodynamics.wetting.curve import AngleDifference, Limit, LimitPoint
from ...thermodynamics.wetting.outcome import WETTING_DEG
from ..notation import enumeration, signed
from ..sections import Verdict, VerdictGroup
from .diagram import ORDER
from .model import WettingReport
from .wording import (
    BEFORE,
    KeyPoint,
    angle,
    band,
    band_name,
    composition,
    element_name,
    has_both_limits,
    holds_both_outcomes,
    is_calibrated,
    key_points,
    number,
    reacts,
    saturation,
    solid,
)

HARDLY_DEG = 5.0
"""Changes of the angle up to this are called hardly any: half of what a change of dispersion model makes."""

SURFACE_ACTIVE_J_M2 = 0.02
"""Change of gamma_LV below which the solute counts as not surface-active."""

ROUNDING_DEG = 0.05
"""Rises of the angle smaller than this are put down to rounding."""

NOT_COMPUTED = "this limit was not computed"


def wetting_headline(report: WettingReport) -> str:
    """What a reader wants to know first: the angle of the pure liquid and of the solution, and whether each wets."""
    dissolved = [key for key in key_points(report) if key.x > 0.0]
    text = _pure(report)
    if dissolved:
        text += f" {_solution(report, dissolved[-1])}"
    return f"Calibrated, not predicted: {text}" if is_calibrated(report) else text


def limits_sentence(report: WettingReport) -> str:
    """The angles with solute in both limits, and what of them depends on the limit; "" where there is no solute."""
    dissolved = [key for key in key_points(report) if key.x > 0.0]
    return _capital(_with_solute(report, dissolved)) if dissolved else ""


def _pure(report: WettingReport) -> str:
    start = report.curve.points[0]
    where = solid(report) + (f" ({report.conditions_text})" if report.conditions_text else "")
    return (
        f"Pure {element_name(report.solvent)} on {where}: {angle(start.fresh.theta_deg)} ({band(start.fresh)})."
        f" Wets: {start.wets}."
    )


def _with_solute(report: WettingReport, keys: Sequence[KeyPoint]) -> str:
    """The first and the last composition with solute in each limit, and what that comes to."""
    solute = element_name(report.solute)
    chosen = [keys[0]] if len(keys) == 1 else [keys[0], keys[-1]]
    start = f"{BEFORE}, the" if reacts(report) else "the"
    first = f"{composition(chosen[0].x)} {solute}"
    if not has_both_limits(report):
        bounds = [f"{angle(key.point.fresh.theta_deg)} with {composition(key.x)}" for key in chosen]
        return (
            f"{start} fresh limit, in which the dry face stays bare of {solute}, gives {enumeration(bounds)}: a lower "
            "bound of the angle. The equilibrated limit was not computed; running the job again adds it in minutes."
        )
    limits = [_both(key) for key in chosen]
    text = f"{start} angle with {first} is {angle(limits[0][1].theta_deg)}"
    if _alike(*limits[0]):
        text += " in both limits of the dry face"
    else:
        text += (
            f" if {solute} is on the dry face too (equilibrated) and {angle(limits[0][0].theta_deg)} if that stays "
            "bare (fresh)"
        )
    if len(chosen) > 1:
        fresh, dry = limits[-1]
        last = angle(dry.theta_deg) + ("" if _alike(fresh, dry) else f" and {angle(fresh.theta_deg)}")
        if _alike(*limits[0]) and not _alike(fresh, dry):
            last = f"{angle(dry.theta_deg)} (equilibrated) and {angle(fresh.theta_deg)} (fresh)"
        elif _alike(fresh, dry) and not _alike(*limits[0]):
            last += " in both"
        text += f", with {composition(chosen[-1].x)} {last}"
    return f"{text}: {_conclusion(report, *limits[-1])}."


def _both(key: KeyPoint) -> tuple[LimitPoint, LimitPoint]:
    return key.point.fresh, key.point.equilibrated or key.point.fresh


def _alike(fresh: LimitPoint, dry: LimitPoint) -> bool:
    return angle(fresh.theta_deg) == angle(dry.theta_deg)


def _conclusion(report: WettingReport, fresh: LimitPoint, dry: LimitPoint) -> str:
    """What both limits share, or what depends on them."""
    solute, start = element_name(report.solute), report.curve.points[0].fresh.theta_deg
    outcomes = [_outcome(fresh.theta_deg), _outcome(dry.theta_deg)]
    if max(abs(start - point.theta_deg) for point in (fresh, dry)) <= HARDLY_DEG:
        return f"in both limits {solute} hardly changes it"
    if outcomes[0] != outcomes[1]:
        verb = "wets" if "does not wet" in outcomes else "spreads"
        return f"whether it {verb} with {solute} depends on the limit"
    if fresh.theta_deg == 0.0:
        return f"it spreads with {solute} in both limits"
    if abs(fresh.theta_deg - dry.theta_deg) > HARDLY_DEG:
        return f"it {outcomes[0]} in either limit, but how much {solute} changes depends on the limit"
    return f"it {outcomes[0]} with {solute} in both limits"


def _outcome(theta_deg: float) -> str:
    if theta_deg == 0.0:
        return "spreads"
    return "wets" if theta_deg < WETTING_DEG else "does not wet"


def _solution(report: WettingReport, key: KeyPoint) -> str:
    """Angle and band in each limit that was computed."""
    points = [(limit, key.point.of(limit)) for limit in ORDER]
    angles = [f"{angle(one.theta_deg)} ({band(one)}) {limit}" for limit, one in points if one is not None]
    start = f"With {composition(key.x)} {element_name(report.solute)}"
    if reacts(report):
        start += f", {BEFORE}"
    missing = "" if has_both_limits(report) else ", a lower bound"
    return f"{start}: {', '.join(angles)}{missing}. Wets: {key.point.wets}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def verdicts(report: WettingReport) -> list[Verdict]:
    """What was observed, where anything was, and what the model implies, each with its limit and its numbers."""
    return [*_observations(report), *_monotonic(report), *_pinned(report), _surface_activity(report)]


def verdict_groups(found: Iterable[Verdict]) -> list[VerdictGroup]:
    """Verdicts on one statement side by side."""
    groups = [(claim, tuple(own)) for claim, own in groupby(found, key=lambda verdict: verdict.claim)]
    return [VerdictGroup(claim, _across(own), own) for claim, own in groups]


def _across(own: Sequence[Verdict]) -> str:
    if any(verdict.limit is None for verdict in own):
        return ""
    known = {verdict.met for verdict in own if verdict.met is not None}
    if len(known) < 2 and any(verdict.met is None for verdict in own):
        return "one limit only" if known else ""
    if len(known) == 2:
        return "depends on the limit"
    text = "holds in both limits" if known == {True} else "fails in both limits"
    return text if all(verdict.certain for verdict in own) else f"{text}, not beyond the uncertainty"


def _observations(report: WettingReport) -> list[Verdict]:
    if not report.observed:
        return []
    keys = [key for key in key_points(report) if key.observed]
    dissolved = [key for key in keys if key.x > 0.0]
    found = []
    if keys and keys[0].x == 0.0:
        claim = f"θ(0) > 90°: pure {element_name(report.solvent)} does not wet"
        found.append(_side(report, claim, keys[0].point.fresh, above=True))
        found += [_fall(report, dissolved[0].x, limit) for limit in Limit if dissolved]
    if dissolved:
        found += [_wets(report, dissolved[-1], limit) for limit in Limit]
    return found


def _wets(report: WettingReport, key: KeyPoint, limit: Limit) -> Verdict:
    claim = f"θ({composition(key.x)}) < 90°{_before(report)}: the {_mixture(report)} wets"
    point = key.point.of(limit)
    if point is None:
        return Verdict(claim, None, NOT_COMPUTED, limit=limit)
    return _side(report, claim, point, above=False, limit=limit)


def _before(report: WettingReport) -> str:
    return f" {BEFORE}" if reacts(report) else ""


def _mixture(report: WettingReport) -> str:
    return "amalgam" if report.solvent == "Hg" else "solution"


def _side(report: WettingReport, claim: str, point: LimitPoint, *, above: bool, limit: Limit | None = None) -> Verdict:
    met = (point.theta_deg > WETTING_DEG) is above
    evidence = f"θ = {point.theta_deg:.1f}°, {band_name(report)} {band(point)}"
    return Verdict(claim, met, evidence, not holds_both_outcomes(point), limit)


def fall_to(report: WettingReport, x: float, limit: Limit) -> AngleDifference | None:
    """Fall of the angle from the pure solvent to ``x`` in one limit; None when it was not computed."""
    for fall in report.falls:
        if fall.x_from == 0.0 and fall.limit is limit and abs(fall.x_to - x) <= 1e-9 * x:
            return fall.difference
    return None


def _fall(report: WettingReport, x: float, limit: Limit) -> Verdict:
    claim = f"θ falls significantly from 0 to {composition(x, report.solute)}{_before(report)}"
    fall = fall_to(report, x, limit)
    if fall is None:
        missing = limit not in report.curve.limits
        return Verdict(claim, None, NOT_COMPUTED if missing else "the difference was not computed", limit=limit)
    rises = fall.value_deg < 0.0
    evidence = (
        f"{'rises' if rises else 'falls'} by {abs(fall.value_deg):.1f}°, "
        f"{band_name(report)} of the fall {number(fall.low_deg, 1)}° to {number(fall.high_deg, 1)}°"
    )
    if fall.significant or fall.value_deg <= 0.0:
        return Verdict(claim, fall.significant, evidence, limit=limit)
    return Verdict(claim, False, f"{evidence}: not more than the uncertainty", limit=limit)


def _monotonic(report: WettingReport) -> list[Verdict]:
    return [_never_rises(report, limit) for limit in Limit]


def _never_rises(report: WettingReport, limit: Limit) -> Verdict:
    claim = "θ never rises with x"
    points = [(point.x, drop.theta_deg) for point in report.curve.points if (drop := point.of(limit)) is not None]
    if not points:
        return Verdict(claim, None, NOT_COMPUTED, limit=limit)
    rise, where = max(((after[1] - before[1], after[0]) for before, after in pairwise(points)), default=(0.0, 0.0))
    total = f"from {points[0][1]:.1f}° to {points[-1][1]:.1f}° over {len(points)} compositions"
    rises = [_largest_rise(theta) > ROUNDING_DEG for theta in report.curve.member_theta_deg[limit].values()]
    others = sum(rises[1:])
    if rise <= ROUNDING_DEG:
        said = f", no step upwards, but in {others} of {len(rises) - 1} other sets" if others else ", no step upwards"
        return Verdict(claim, True, total + said, certain=not others, limit=limit)
    evidence = f"{total}, but up by {rise:.1f}° at {composition(where)}"
    return Verdict(claim, False, evidence, certain=all(rises), limit=limit)


def _largest_rise(theta_deg: Sequence[float]) -> float:
    return max((after - before for before, after in pairwise(theta_deg)), default=0.0)


def _pinned(report: WettingReport) -> list[Verdict]:
    return [_constant(report, limit) for limit in Limit]


def _constant(report: WettingReport, limit: Limit) -> Verdict:
    most = saturation(report.curve)
    claim = "θ stays constant above saturation" + ("" if most is None else f" ({composition(most)})")
    if limit not in report.curve.limits:
        return Verdict(claim, None, NOT_COMPUTED, limit=limit)
    drops = [(point.x, drop) for point in report.curve.points if (drop := point.of(limit)) is not None]
    saturated = [(x, drop.theta_deg) for x, drop in drops if drop.saturated]
    if len(saturated) < 2:
        return Verdict(claim, None, "the curve ends before it", limit=limit)
    angles = [theta for _, theta in saturated]
    spread = max(angles) - min(angles)
    evidence = f"{angle(angles[-1])} up to {composition(saturated[-1][0])}, changing by {spread:.2f}°"
    return Verdict(claim, spread <= ROUNDING_DEG, evidence, limit=limit)


def _surface_activity(report: WettingReport) -> Verdict:
    claim = f"{report.solute} is not surface-active at the free surface: |Δγ_LV| < {SURFACE_ACTIVE_J_M2:g} J/m²"
    if report.vapour is None and report.default.parameters.vapour is None:
        return Verdict(claim, None, "the free surface was not computed, γ_LV is kept constant")
    start = report.curve.points[0].fresh.gamma_LV_J_m2
    largest = max((point.fresh.gamma_LV_J_m2 - start for point in report.curve.points), key=abs)
    return Verdict(claim, abs(largest) < SURFACE_ACTIVE_J_M2, f"largest change {signed(largest, 4)} J/m²")
