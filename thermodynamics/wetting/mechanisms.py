"""Ways in which a solute can make a liquid wet a solid, each held against what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import InputError
from .contact_angle import young_dupre_angle_deg

WETTING_DEG = 90.0
"""Below it a liquid is said to wet."""
SPREAD_DEG = 10.0
"""Below it a drop is a film to the eye."""
NOTICED_DEG = 5.0
"""A change of the angle that an eye notices."""


@dataclass(frozen=True)
class AngleBand:
    """An angle and the spread of all models, degrees.

    Raises
    ------
    InputError
        Unless 0 <= low <= theta <= high <= 180.
    """

    theta_deg: float
    low_deg: float
    high_deg: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.low_deg <= self.theta_deg <= self.high_deg <= 180.0:
            raise InputError(
                f"angle: {self.low_deg!r} <= {self.theta_deg!r} <= {self.high_deg!r} is not a band between 0 and 180°"
            )


def angle_band(works_J_m2: Sequence[float], gamma_LV_J_m2: float) -> AngleBand:
    """Return the angle of the first work of adhesion with the spread of all.

    Raises
    ------
    InputError
        No work, or a tension that is not positive.
    """
    if not works_J_m2:
        raise InputError("angle: there is no work of adhesion")
    angles = [float(young_dupre_angle_deg(work, gamma_LV_J_m2)) for work in works_J_m2]
    return AngleBand(angles[0], min(angles), max(angles))


@dataclass(frozen=True)
class Mechanism:
    """One way in which the solute could act.

    Attributes
    ----------
    name
        E.g. ``adsorption, dry face bare``.
    needs
        What has to be so for it to act.
    angles
        By mole fraction of the solute, 0 for the pure liquid; None where it was not computed.
    refuted_by
        Which measurement would speak against it.
    """

    name: str
    needs: str
    angles: Mapping[float, AngleBand | None]
    refuted_by: str = ""

    @property
    def spreads(self) -> bool | None:
        """Whether the drop is a film at the richest composition; None where that was not computed."""
        richest = self.angles[max(self.angles)] if self.angles else None
        return None if richest is None else richest.theta_deg < SPREAD_DEG


@dataclass(frozen=True)
class Agreement:
    """Whether a mechanism shows what was seen at a composition; ``certain`` if its whole band does or does not."""

    x: float
    claim: str
    met: bool | None
    certain: bool


def agreements(mechanism: Mechanism, observed: Mapping[float, str]) -> list[Agreement]:
    """Hold the angles of a mechanism against observations.

    Parameters
    ----------
    mechanism
        With angles at the compositions that were observed.
    observed
        By mole fraction one of ``does not wet`` (theta above 90°), ``wets better`` (smaller than that of the pure
        liquid by what an eye notices) and ``wets fully`` (an acute angle; without a printed one no more can be asked).

    Raises
    ------
    InputError
        An observation in other words.
    """
    return [_agreement(mechanism, x, claim) for x, claim in sorted(observed.items())]


def _agreement(mechanism: Mechanism, x: float, claim: str) -> Agreement:
    found, pure = mechanism.angles.get(x), mechanism.angles.get(0.0)
    if claim == "does not wet":
        limits = (WETTING_DEG, 180.0)
    elif claim == "wets fully":
        limits = (0.0, WETTING_DEG)
    elif claim == "wets better":
        limits = (0.0, 0.0 if pure is None else pure.theta_deg - NOTICED_DEG)
    else:
        raise InputError(
            f"observation {claim!r} at x = {x:g} is not known; there are does not wet, wets better, wets fully"
        )
    if found is None or (claim == "wets better" and pure is None):
        return Agreement(x, claim, None, certain=False)
    low, high = limits
    met = low <= found.theta_deg <= high
    inside = low <= found.low_deg and found.high_deg <= high
    outside = found.high_deg < low or found.low_deg > high
    return Agreement(x, claim, met, certain=inside if met else outside)
