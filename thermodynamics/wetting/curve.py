"""Contact angle against composition: the result of a wetting model, and the compositions to ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ..checks import positive
from .outcome import Wets, wets

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GIVES_WAY = 0.25
"""Steps of the grid within which one of its points gives way to a composition that was asked for."""
_SAME = 1e-9
"""Relative difference up to which two compositions are one, as :meth:`WettingCurve.at` takes them."""


class Limit(StrEnum):
    """What the solute does on the dry face beside the drop.

    ``fresh``: it reaches the solid only under the liquid, and the face ahead of the drop stays bare. Counts the whole
    energy of adsorption as a driving force, so it is the bound from below of the angle. ``equilibrated``: it is on the
    dry face as well, at the same chemical potential, as after moving over the surface, through the solid or the vapour.
    """

    FRESH = "fresh"
    EQUILIBRATED = "equilibrated"


@dataclass(frozen=True)
class LimitPoint:
    """The drop at one composition in one limit of the dry face.

    Attributes
    ----------
    theta_deg
        Angle of the first parameter set.
    theta_low_deg, theta_high_deg
        Model band: from the lowest to the highest end of the bands of all sets, each with the errors of its samples
        and, where these are known, of its method on measured solids.
    statistical_low_deg, statistical_high_deg
        Statistical band of the first set alone: the errors of its samples.
    x_effective
        Mole fraction left in the liquid: at most the solubility, less in a drop that loses solute to its surfaces.
    voltage_V
        -mu/n at ``x_effective``; None without solute, and in a drop that has less than one atom of it left.
    gamma_SL_change_J_m2, gamma_SV_change_J_m2, gamma_LV_J_m2, work_of_adhesion_J_m2, spreading_coefficient_J_m2
        Of the first parameter set, on the smooth solid. gamma_SV does not change in the fresh limit.
    coverage_per_nm2, dry_coverage_per_nm2
        Solute at the solid-liquid interface and on the dry face.
    saturated
        Whether the liquid is; more solute would be a solid.
    """

    theta_deg: float
    theta_low_deg: float
    theta_high_deg: float
    statistical_low_deg: float
    statistical_high_deg: float
    x_effective: float
    voltage_V: float | None
    gamma_SL_change_J_m2: float
    gamma_SV_change_J_m2: float
    gamma_LV_J_m2: float
    work_of_adhesion_J_m2: float
    spreading_coefficient_J_m2: float
    coverage_per_nm2: float
    dry_coverage_per_nm2: float
    saturated: bool


@dataclass(frozen=True)
class WettingPoint:
    """The drop at one composition, in both limits of the dry face.

    Attributes
    ----------
    x
        Mole fraction of the solute that was put in.
    fresh
        The dry face stays bare.
    equilibrated
        The dry face has taken solute; None where its energies were not computed.
    """

    x: float
    fresh: LimitPoint
    equilibrated: LimitPoint | None = None

    def of(self, limit: Limit) -> LimitPoint | None:
        """Return the point in one limit."""
        return self.fresh if limit is Limit.FRESH else self.equilibrated

    @property
    def wets(self) -> Wets:
        """Whether the liquid wets, from the model bands of both limits.

        The fresh limit alone is a bound from below: with solute, an angle above 90° is certain then, one below is not.
        """
        fresh, dry = self.fresh, self.equilibrated
        if dry is None and self.x > 0.0:
            return wets((fresh.theta_low_deg, 180.0))
        return wets(*((one.theta_low_deg, one.theta_high_deg) for one in (fresh, dry or fresh)))

    def as_dict(self) -> dict[str, Any]:
        """Return numbers that JSON can hold: each angle and work names its limit, None where that is not known.

        Voltage, coverage and the changes of gamma_SL and gamma_LV without a limit in their name are those of the fresh
        one, the change of gamma_SV is the equilibrated one's. With an endless supply of solute the liquid is the same
        in both; in a drop it is not, and the equilibrated limit has keys of its own.
        """
        fresh, dry = self.fresh, self.equilibrated
        shared = {
            "x": self.x,
            "wets": str(self.wets),
            "x_effective": fresh.x_effective,
            "voltage_V": fresh.voltage_V,
            "saturated": fresh.saturated,
            "gamma_SL_change_J_m2": fresh.gamma_SL_change_J_m2,
            "gamma_SV_change_J_m2": None if dry is None else dry.gamma_SV_change_J_m2,
            "gamma_LV_J_m2": fresh.gamma_LV_J_m2,
            "coverage_per_nm2": fresh.coverage_per_nm2,
            "dry_coverage_per_nm2": None if dry is None else dry.dry_coverage_per_nm2,
        }
        return shared | _limit_dict(Limit.FRESH, fresh) | _limit_dict(Limit.EQUILIBRATED, dry)


def _limit_dict(limit: Limit, point: LimitPoint | None) -> dict[str, float | None]:
    columns = {
        f"theta_{limit}_deg": "theta_deg",
        f"theta_{limit}_low_deg": "theta_low_deg",
        f"theta_{limit}_high_deg": "theta_high_deg",
        f"theta_{limit}_statistical_low_deg": "statistical_low_deg",
        f"theta_{limit}_statistical_high_deg": "statistical_high_deg",
        f"work_of_adhesion_{limit}_J_m2": "work_of_adhesion_J_m2",
        f"spreading_coefficient_{limit}_J_m2": "spreading_coefficient_J_m2",
    }
    if limit is Limit.EQUILIBRATED:
        columns |= {
            f"x_effective_{limit}": "x_effective",
            f"voltage_{limit}_V": "voltage_V",
            f"gamma_SL_change_{limit}_J_m2": "gamma_SL_change_J_m2",
            f"gamma_LV_{limit}_J_m2": "gamma_LV_J_m2",
            f"coverage_{limit}_per_nm2": "coverage_per_nm2",
        }
    return {key: None if point is None else getattr(point, name) for key, name in columns.items()}


@dataclass(frozen=True)
class WettingCurve:
    """Contact angle against composition, in both limits of the dry face.

    Attributes
    ----------
    points
        By rising x; the first is the pure solvent, x = 0, where both limits are the same.
    member_theta_deg
        Angle at every point for each parameter set, by limit and name; a set without a dry face has the fresh one only.
    mode
        ``calibrated`` when any set is; say so wherever the curve is shown.
    corrections
        Labels of all corrections in any set.
    temperature_K, confidence, solution_source, gamma_LV_source
        As given to the model.
    assumptions
        Labels of all assumed errors in any set.
    """

    points: tuple[WettingPoint, ...]
    member_theta_deg: dict[Limit, dict[str, tuple[float, ...]]] = field(hash=False)
    mode: str
    corrections: tuple[str, ...]
    temperature_K: float
    confidence: float
    solution_source: str
    gamma_LV_source: str
    assumptions: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that were computed."""
        return tuple(Limit) if self.points[0].equilibrated is not None else (Limit.FRESH,)

    def column(self, name: str, limit: Limit = Limit.FRESH) -> NDArray[np.float64]:
        """Return x or one attribute of all points in one limit; not a number where a point has none.

        Raises
        ------
        InputError
            There is no such attribute.
        """
        if name == "x":
            return np.array([point.x for point in self.points])
        if name not in LimitPoint.__dataclass_fields__:
            raise InputError(
                f"wetting curve: no column {name!r}; there are x, {', '.join(LimitPoint.__dataclass_fields__)}"
            )
        values = [getattr(point.of(limit), name, None) for point in self.points]
        return np.array([np.nan if value is None else value for value in values], float)

    def at(self, x: float) -> WettingPoint:
        """Return the point of the composition that was asked for; InputError when it is not on the grid."""
        for point in self.points:
            if math.isclose(point.x, x, rel_tol=_SAME):
                return point
        raise InputError(f"wetting curve: x = {x!r} is not among its points; add it to the grid")

    def as_dict(self) -> dict[str, Any]:
        """Return everything as numbers and strings that JSON can hold; ``curve`` holds the points."""
        return {
            "member_theta_deg": {
                str(limit): {name: list(theta) for name, theta in members.items()}
                for limit, members in self.member_theta_deg.items()
            },
            "mode": self.mode,
            "corrections": list(self.corrections),
            "temperature_K": self.temperature_K,
            "confidence": self.confidence,
            "solution_source": self.solution_source,
            "gamma_LV_source": self.gamma_LV_source,
            "assumptions": list(self.assumptions),
            "curve": [point.as_dict() for point in self.points],
        }


@dataclass(frozen=True)
class AngleDifference:
    """Fall of the contact angle between two compositions, with the band of the *difference*.

    What shifts both angles alike, such as an error of W_ad(0), counts less here than in the bands of the angles.
    """

    value_deg: float
    low_deg: float
    high_deg: float

    @property
    def significant(self) -> bool:
        """Whether the whole band lies above 0."""
        return self.low_deg > 0.0


def composition_grid(
    x_saturation: float,
    *,
    lowest: float = 1e-7,
    include: Sequence[float] = (),
    points_per_decade: int = 12,
) -> tuple[float, ...]:
    """Return mole fractions on a log scale from ``lowest`` to twice the solubility, with that and ``include`` exact.

    A point of the scale that is nearer than a quarter of a step to one of these gives way to it, so that no composition
    stands there twice.

    Parameters
    ----------
    x_saturation
        Solubility, mole fraction.
    lowest
        Where the scale starts.
    include
        Mole fractions asked for, such as :func:`~amalgamics.thermodynamics.amalgams.choose_solution.key_compositions`.
    points_per_decade
        Of the scale.

    Raises
    ------
    InputError
        ``lowest`` not below the solubility, a value outside (0, 1), or fewer than one point per decade.
    """
    positive("composition grid", "lowest", lowest)
    if not lowest < x_saturation <= 1.0:
        raise InputError(f"composition grid: lowest is {lowest!r}; it must lie below the solubility, {x_saturation!r}")
    if points_per_decade < 1:
        raise InputError(f"composition grid: points_per_decade is {points_per_decade!r}; it must be at least 1")
    highest = min(2.0 * x_saturation, 0.5 * (1.0 + x_saturation))
    n = max(2, int(np.ceil(np.log10(highest / lowest) * points_per_decade)) + 1)
    wanted = [float(x_saturation)]
    for x in map(float, include):
        if not np.isclose(x, wanted, rtol=_SAME, atol=0.0).any():
            wanted.append(x)
    if not all(0.0 < x <= 1.0 for x in wanted):
        raise InputError(f"composition grid: include is {include!r}; mole fractions lie between 0 and 1")
    scale = np.geomspace(lowest, highest, n)
    steps = np.abs(np.log(scale)[:, None] - np.log(wanted)) / np.log(highest / lowest) * (n - 1)
    free = scale[np.min(steps, axis=1) >= _GIVES_WAY]
    return tuple(sorted(x for x in [*wanted, *map(float, free)] if x < 1.0))
