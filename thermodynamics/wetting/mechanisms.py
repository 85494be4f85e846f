"""Ways in which a solute can make a liquid wet a solid, each held against what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ...errors import InputError
from .contact_angle import young_dupre_angle_deg
from .curve import AngleDifference
from .outcome import WETTING_DEG
from .panel_errors import AdhesionErrors

SPREAD_DEG = 10.0
"""Below it a drop is a film to the eye."""
NOTICED_DEG = 5.0
"""A change of the angle that an eye notices."""
_DRAWS = 4000


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


def angle_band(
    works_J_m2: Mapping[str, float],
    gamma_LV_J_m2: float,
    errors: Mapping[str, AdhesionErrors] | None = None,
    *,
    confidence: float = 0.95,
) -> AngleBand:
    """Return the angle of the first work of adhesion, with the spread of all and of what is known of their errors.

    Parameters
    ----------
    works_J_m2
        Work of adhesion by the name of the method.
    gamma_LV_J_m2
        Surface tension.
    errors
        Errors of methods on solids with measured angles, by name; a method that is not among them counts as it is.
    confidence
        Probability inside the band of each method.

    Raises
    ------
    InputError
        No work, a tension that is not positive, or a probability not between 0 and 1.
    """
    if not works_J_m2:
        raise InputError("angle: there is no work of adhesion")
    if not 0.0 < confidence < 1.0:
        raise InputError(f"angle: confidence is {confidence!r}; it must lie between 0 and 1")
    tail = 0.5 * (1.0 - confidence)
    ends = []
    for name, work in works_J_m2.items():
        found = (errors or {}).get(name)
        less = np.zeros(1) if found is None else found.draws_J_m2(np.random.default_rng(0), _DRAWS)
        possible = np.array([work, *np.quantile(work - less, [tail, 1.0 - tail])])
        ends.append(young_dupre_angle_deg(possible, gamma_LV_J_m2))
    angles = np.array(ends)
    return AngleBand(float(angles[0, 0]), float(angles.min()), float(angles.max()))


@dataclass(frozen=True)
class Adhesion:
    """A work of adhesion and the tension of the liquid that has it, J/m2."""

    work_J_m2: float
    gamma_LV_J_m2: float


def fall_of_angle(
    start: Mapping[str, Adhesion],
    end: Mapping[str, Adhesion],
    errors: Mapping[str, AdhesionErrors] | None = None,
    *,
    confidence: float = 0.95,
) -> AngleDifference | None:
    """Return by how much the angle falls from one state to another, with the spread of all methods that have both.

    The error of a method is the same in both states, so it is drawn once for the two. Errors of samples are left out.

    Parameters
    ----------
    start, end
        By the name of the method; the first that has both gives the value.
    errors, confidence
        As for :func:`angle_band`.

    Returns
    -------
    AngleDifference or None
        Degrees, positive where the liquid wets better; None where no method has both states.
    """
    tail = 0.5 * (1.0 - confidence)
    values, ends = [], []
    for name in (name for name in start if name in end):
        found = (errors or {}).get(name)
        drawn = np.zeros(1) if found is None else found.draws_J_m2(np.random.default_rng(0), _DRAWS)
        less = np.concatenate([[0.0], drawn])
        angles = [young_dupre_angle_deg(one[name].work_J_m2 - less, one[name].gamma_LV_J_m2) for one in (start, end)]
        falls = np.asarray(angles[0] - angles[1])
        values.append(float(falls[0]))
        ends += [values[-1], *np.quantile(falls[1:], [tail, 1.0 - tail]).tolist()]
    return AngleDifference(values[0], min(ends), max(ends)) if values else None


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
    falls
        By how much the angle falls from that of the pure liquid, by mole fraction, where that is known pair by pair.
    """

    name: str
    needs: str
    angles: Mapping[float, AngleBand | None]
    refuted_by: str = ""
    falls: Mapping[float, AngleDifference] = field(default_factory=dict)

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
    if claim == "wets better" and x in mechanism.falls:
        fall = mechanism.falls[x]
        met = fall.value_deg > NOTICED_DEG
        return Agreement(x, claim, met, certain=fall.low_deg > NOTICED_DEG if met else fall.high_deg <= NOTICED_DEG)
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
