"""Contact angle against composition: the result of a wetting model, and the compositions to ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from .checks import positive

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class WettingPoint:
    """The drop at one composition.

    Attributes
    ----------
    x
        Mole fraction of the solute that was put in.
    x_effective
        Mole fraction left in the liquid: at most the solubility, less in a drop that loses solute to its surfaces.
    voltage_V
        -mu/n at ``x_effective``; None without solute.
    theta_deg, theta_low_deg, theta_high_deg
        Angle of the first parameter set, and the band of all sets.
    gamma_SL_change_J_m2, gamma_LV_J_m2, work_of_adhesion_J_m2, spreading_coefficient_J_m2, coverage_per_nm2
        Of the first parameter set, on the smooth solid; coverage at the solid-liquid interface.
    saturated
        Whether the liquid is; more solute would be a solid.
    """

    x: float
    x_effective: float
    voltage_V: float | None
    theta_deg: float
    theta_low_deg: float
    theta_high_deg: float
    gamma_SL_change_J_m2: float
    gamma_LV_J_m2: float
    work_of_adhesion_J_m2: float
    spreading_coefficient_J_m2: float
    coverage_per_nm2: float
    saturated: bool


@dataclass(frozen=True)
class WettingCurve:
    """Contact angle against composition.

    Attributes
    ----------
    points
        By rising x; the first is the pure solvent, x = 0.
    member_theta_deg
        Angle at every point for each parameter set, by name.
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
    member_theta_deg: dict[str, tuple[float, ...]] = field(hash=False)
    mode: str
    corrections: tuple[str, ...]
    temperature_K: float
    confidence: float
    solution_source: str
    gamma_LV_source: str
    assumptions: tuple[str, ...] = ()

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one attribute of all points; not a number where a point has none."""
        if name not in WettingPoint.__dataclass_fields__:
            raise InputError(
                f"wetting curve: no column {name!r}; there are {', '.join(WettingPoint.__dataclass_fields__)}"
            )
        return np.array([np.nan if (value := getattr(point, name)) is None else value for point in self.points], float)

    def at(self, x: float) -> WettingPoint:
        """Return the point of the composition that was asked for; InputError when it is not on the grid."""
        for point in self.points:
            if np.isclose(point.x, x, rtol=1e-9, atol=0.0):
                return point
        raise InputError(f"wetting curve: x = {x!r} is not among its points; add it to the grid")

    def as_dict(self) -> dict[str, Any]:
        """Return everything as numbers and strings that JSON can hold; ``curve`` holds the points."""
        data = asdict(self)
        data["member_theta_deg"] = {name: list(theta) for name, theta in self.member_theta_deg.items()}
        data["corrections"] = list(self.corrections)
        data["assumptions"] = list(self.assumptions)
        data["curve"] = list(data.pop("points"))
        return data


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
    include: Sequence[float] = (3e-5, 0.0133),
    points_per_decade: int = 12,
) -> tuple[float, ...]:
    """Return mole fractions on a log scale from ``lowest`` to twice the solubility, with that and ``include`` exact.

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
    grid = {float(x) for x in np.geomspace(lowest, highest, n)} | {float(x) for x in include} | {float(x_saturation)}
    if not all(0.0 < x <= 1.0 for x in grid):
        raise InputError(f"composition grid: include is {include!r}; mole fractions lie between 0 and 1")
    return tuple(sorted(x for x in grid if x < 1.0))
