"""How much of a rough electrolyte a film touches, and the resistance of the contact."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...arguments import number
from ...errors import InputError
from ..checks import finite, not_negative, positive


@dataclass(frozen=True)
class RoughFace:
    """The face of an electrolyte: flat parts, which any film touches that lies on it, and pores.

    Attributes
    ----------
    pore_share
        Share of the face that is the mouths of pores, 0 for a flat one.
    pore_radius_m
        Median of their radii, weighted by area.
    spread
        Standard deviation of the logarithm of the radius.
    pressure_Pa
        That presses the film against the face.

    Raises
    ------
    InputError
        A share outside [0, 1], a radius or spread not positive, or a negative pressure.
    """

    pore_share: float = 0.3
    pore_radius_m: float = 1e-6
    spread: float = 1.0
    pressure_Pa: float = 1e5

    def __post_init__(self) -> None:
        number("rough face: pore_share", self.pore_share, least=0.0, most=1.0)
        positive("rough face", "pore_radius_m", self.pore_radius_m)
        positive("rough face", "spread", self.spread)
        not_negative("rough face", "pressure_Pa", self.pressure_Pa)


def wetted_fraction(face: RoughFace, angle_deg: float, tension_J_m2: float) -> float:
    """Return the share of a face that a liquid touches.

    A pore fills by itself where the contact angle is 90° or less, and beyond from the radius on at which the pressure
    overcomes the curvature [1]_,

        R = -2 gamma cos(theta) / p

    Parameters
    ----------
    face
        Its pores and the pressure.
    angle_deg
        Contact angle of the liquid on the flat solid.
    tension_J_m2
        Surface tension of the liquid.

    Raises
    ------
    InputError
        An angle outside [0, 180], or a tension that is not positive.

    References
    ----------
    .. [1] E. W. Washburn, Proc. Natl. Acad. Sci. USA 7, 115 (1921), doi:10.1073/pnas.7.4.115

    Examples
    --------
    >>> wetted_fraction(RoughFace(pore_share=0.3), 60.0, 0.48)
    1.0
    >>> wetted_fraction(RoughFace(pore_share=0.3, pressure_Pa=0.0), 120.0, 0.48)
    0.7
    """
    if not 0.0 <= finite("wetted fraction", "angle_deg", angle_deg) <= 180.0:
        raise InputError(f"wetted fraction: angle_deg is {angle_deg!r}; it must lie in [0, 180]")
    positive("wetted fraction", "tension_J_m2", tension_J_m2)
    if angle_deg <= 90.0:
        return 1.0
    if face.pressure_Pa == 0.0:
        return 1.0 - face.pore_share
    smallest = -2.0 * tension_J_m2 * math.cos(math.radians(angle_deg)) / face.pressure_Pa
    filled = 0.5 * math.erfc(math.log(smallest / face.pore_radius_m) / (face.spread * math.sqrt(2.0)))
    return 1.0 - face.pore_share + face.pore_share * filled


def contact_resistance(charge_transfer_ohm_m2: float, touched: float) -> float:
    """Return the resistance for each area of the whole face (Ω m²), of which a share is touched.

    Raises
    ------
    InputError
        A resistance that is negative, or a share outside (0, 1].
    """
    not_negative("contact", "charge_transfer_ohm_m2", charge_transfer_ohm_m2)
    number("contact: touched share", touched, above=0.0, most=1.0)
    return charge_transfer_ohm_m2 / touched
