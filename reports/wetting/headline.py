"""The wetting result in two or three sentences, each angle with its limit of the dry face."""

from __future__ import annotations

from collections.abc import Sequence

from ...thermodynamics.wetting.curve import Limit, LimitPoint
from ..wording import enumeration
from .model import WettingReport
from .numbers import (
    WETTING_DEG,
    KeyPoint,
    angle,
    band,
    composition,
    holds_both_outcomes,
    is_calibrated,
    key_points,
    solid,
)
from .words import BEFORE, band_name, element_name, has_both_limits, reacts

HARDLY_DEG = 5.0
"""Changes of the angle up to this are called hardly any: half of what a change of dispersion model makes."""


def wetting_headline(report: WettingReport) -> str:
    """Pure liquid first, then the solution in both limits, then what of it depends on the limit."""
    dissolved = [key for key in key_points(report) if key.x > 0.0]
    text = _pure(report)
    if dissolved:
        text += f" {_capital(_with_solute(report, dissolved))}{_hedge(report, dissolved[-1])}"
    return f"Calibrated, not predicted: {text}" if is_calibrated(report) else text


def _pure(report: WettingReport) -> str:
    point = report.curve.points[0].fresh
    where = solid(report) + (f" ({report.conditions_text})" if report.conditions_text else "")
    sides = ", on both sides of 90°" if holds_both_outcomes(point) else ""
    return (
        f"Pure {element_name(report.solvent)} on {where}: {angle(point.theta_deg)}"
        f" ({band_name(report)} {band(point)}{sides})."
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


def _hedge(report: WettingReport, key: KeyPoint) -> str:
    """The limits whose band leaves open on which side of 90° the angle lies."""
    points = [(limit, key.point.of(limit)) for limit in Limit]
    found = [f"{band(p)} in the {limit} limit" for limit, p in points if p is not None and holds_both_outcomes(p)]
    if not found:
        return ""
    name = band_name(report)
    return f" The {name} at {composition(key.x)}, {enumeration(found)}, holds both outcomes."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
