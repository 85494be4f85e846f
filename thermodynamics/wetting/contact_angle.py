"""Young's equation and its kin: contact angle, adhesion, spreading, roughness; surface tension; shape of a drop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ..checks import finite, finite_array, not_negative, positive

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_A_PER_MM = 1e7
_LEAST_ATOMS = 1e3


def young_dupre_angle_deg(work_of_adhesion_J_m2: ArrayLike, gamma_LV_J_m2: ArrayLike) -> NDArray[np.float64]:
    """Return theta from cos theta = W_ad / gamma_LV - 1; 0 where W_ad > 2 gamma_LV, 180 where W_ad < 0.

    Raises
    ------
    InputError
        Values not finite, or gamma_LV not positive.
    """
    work = finite_array("contact angle", "work_of_adhesion_J_m2", work_of_adhesion_J_m2)
    return angle_from_cosine_deg(work / _gamma_LV(gamma_LV_J_m2) - 1.0)


def work_from_angle_J_m2(theta_deg: ArrayLike, gamma_LV_J_m2: ArrayLike) -> NDArray[np.float64]:
    """Return W_ad = gamma_LV (1 + cos theta).

    Raises
    ------
    InputError
        An angle not in [0, 180], or gamma_LV not positive.
    """
    return np.asarray(_gamma_LV(gamma_LV_J_m2) * (1.0 + np.cos(np.radians(_angle(theta_deg)))))


def spreading_coefficient_J_m2(work_of_adhesion_J_m2: ArrayLike, gamma_LV_J_m2: ArrayLike) -> NDArray[np.float64]:
    """Return S = W_ad - 2 gamma_LV = gamma_SV - gamma_SL - gamma_LV; positive where the liquid spreads.

    Raises
    ------
    InputError
        Values not finite, or gamma_LV not positive.
    """
    work = finite_array("spreading coefficient", "work_of_adhesion_J_m2", work_of_adhesion_J_m2)
    return np.asarray(work - 2.0 * _gamma_LV(gamma_LV_J_m2))


def wenzel_angle_deg(theta_deg: ArrayLike, roughness: float) -> NDArray[np.float64]:
    """Return the apparent angle on a rough solid that the liquid fills: cos theta* = r cos theta (Wenzel).

    Parameters
    ----------
    theta_deg
        Angle on the smooth solid.
    roughness
        r, true over projected area.

    Raises
    ------
    InputError
        An angle not in [0, 180], or a roughness below 1.

    References
    ----------
    R. N. Wenzel, Ind. Eng. Chem. 28, 988 (1936), doi:10.1021/ie50320a024
    """
    return angle_from_cosine_deg(check_roughness(roughness) * np.cos(np.radians(_angle(theta_deg))))


def cassie_angle_deg(fractions: Sequence[float], angles_deg: ArrayLike) -> NDArray[np.float64]:
    """Return the apparent angle on a patchy solid: cos theta* = sum_i f_i cos theta_i (Cassie).

    For patches much smaller than the drop, such as terminations that share a surface.

    Parameters
    ----------
    fractions
        f_i, share of the area of each kind of patch; they add up to 1.
    angles_deg
        theta_i, shape (n_kinds, ...); 180 for a gap filled with gas.

    Returns
    -------
    ndarray
        Degrees, shape (...).

    Raises
    ------
    InputError
        Fractions negative or not adding up to 1, lengths that differ, or an angle not in [0, 180].

    References
    ----------
    A. B. D. Cassie, Discuss. Faraday Soc. 3, 11 (1948), doi:10.1039/df9480300011
    """
    shares = finite_array("contact angle", "fractions", fractions, ndim=1)
    angles = _angle(angles_deg)
    if np.any(shares < 0.0) or not math.isclose(float(shares.sum()), 1.0, abs_tol=1e-6):
        raise InputError(f"contact angle: fractions is {fractions!r}; shares of an area are 0 or more and add up to 1")
    if angles.ndim < 1 or len(angles) != len(shares):
        raise InputError(f"contact angle: angles_deg has shape {angles.shape} for {len(shares)} fractions")
    return angle_from_cosine_deg(np.tensordot(shares, np.cos(np.radians(angles)), axes=1))


def angle_from_cosine_deg(cosine: ArrayLike) -> NDArray[np.float64]:
    """Return arccos in degrees, 0 above 1 and 180 below -1."""
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def check_roughness(roughness: float) -> float:
    """Return ``roughness``; raise InputError unless it is 1 or more."""
    if not finite("contact angle", "roughness", roughness) >= 1.0:
        raise InputError(f"contact angle: roughness is {roughness!r}; true over projected area is 1 or more")
    return float(roughness)


@dataclass(frozen=True)
class SurfaceTension:
    """gamma_LV of a liquid, linear in temperature.

        gamma(T) = gamma(T_0) + slope (T - T_0)

    Attributes
    ----------
    value_J_m2
        At ``reference_K``.
    slope_J_m2_K
        d gamma / dT.
    reference_K
        T_0.
    standard_error_J_m2
        Of ``value_J_m2``.
    source
        Where it comes from, e.g. ``experiment`` or the name of a potential.

    Raises
    ------
    InputError
        Value or temperature not positive, error negative, slope not finite.
    """

    value_J_m2: float
    slope_J_m2_K: float = 0.0
    reference_K: float = ROOM_TEMPERATURE_K
    standard_error_J_m2: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        positive("surface tension", "value_J_m2", self.value_J_m2)
        positive("surface tension", "reference_K", self.reference_K)
        finite("surface tension", "slope_J_m2_K", self.slope_J_m2_K)
        not_negative("surface tension", "standard_error_J_m2", self.standard_error_J_m2)

    def at_J_m2(self, temperature_K: float) -> float:
        """Return gamma at a temperature.

        Raises
        ------
        InputError
            Temperature not positive, or so high that gamma is not.
        """
        gamma = self.value_J_m2 + self.slope_J_m2_K * (
            positive("surface tension", "temperature_K", temperature_K) - self.reference_K
        )
        if not gamma > 0.0:
            raise InputError(
                f"surface tension: at temperature_K = {temperature_K!r} it is {gamma:.4g} J/m2; it must be positive"
            )
        return gamma

    @property
    def internal_energy_J_m2(self) -> float:
        """u = gamma - T dgamma/dT, the same at every temperature: what potential energies of a film compare with."""
        return self.value_J_m2 - self.reference_K * self.slope_J_m2_K


def measured_tension(symbol: str) -> SurfaceTension:
    """Return the measured surface tension of a pure liquid metal.

    Raises
    ------
    InputError
        No such liquid is known.
    """
    from ...structures.library.liquids import get_liquid

    liquid = get_liquid(symbol)
    return SurfaceTension(
        liquid.surface_tension_J_m2,
        slope_J_m2_K=liquid.surface_tension_slope_J_m2_K,
        reference_K=liquid.surface_tension_reference_K,
        source=f"measured: {liquid.surface_tension_source}",
    )


@dataclass(frozen=True)
class Drop:
    """A drop on a flat solid, a spherical cap: it holds a finite amount of solute.

    Attributes
    ----------
    radius_mm
        Radius of the sphere of the same volume.
    substrate_area_mm2
        Face of the solid: a spreading drop covers no more. The default is a pellet of 10 mm diameter.
    volume_per_atom
        Å^3 per atom of the liquid; the default is mercury at 25 °C.
    absorbed_per_nm2
        Solute atoms per nm^2 of contact that the solid takes in, beyond its surface: a layer that has reacted.

    Raises
    ------
    InputError
        A value not positive (``absorbed_per_nm2``: negative), a drop of fewer than 1000 atoms, or a sphere wider than
        the substrate.

    Notes
    -----
    Gravity is left out. It flattens drops of mercury larger than the capillary length, 1.9 mm.
    """

    radius_mm: float
    substrate_area_mm2: float = 78.54
    volume_per_atom: float = 24.61
    absorbed_per_nm2: float = 0.0

    def __post_init__(self) -> None:
        for name in ("radius_mm", "substrate_area_mm2", "volume_per_atom"):
            positive("drop", name, getattr(self, name))
        not_negative("drop", "absorbed_per_nm2", self.absorbed_per_nm2)
        if self.n_atoms < _LEAST_ATOMS:
            raise InputError(
                f"drop: radius_mm is {self.radius_mm!r}, {self.n_atoms:.2g} atoms; a drop has at least {_LEAST_ATOMS:g}"
            )
        if math.pi * self.radius_mm**2 > self.substrate_area_mm2:
            raise InputError(
                f"drop: radius_mm is {self.radius_mm!r}; a sphere that wide does not fit on a substrate of "
                f"{self.substrate_area_mm2:g} mm2"
            )

    @property
    def n_atoms(self) -> float:
        """Atoms of the solvent."""
        return self._volume / self.volume_per_atom

    @cached_property
    def smallest_angle_deg(self) -> float:
        """Angle at which the drop covers the whole substrate."""
        limit = self.substrate_area_mm2 * _A_PER_MM**2
        low, high = 0.0, math.pi
        for _ in range(200):
            middle = 0.5 * (low + high)
            if self._base_area(middle) > limit:
                low = middle
            else:
                high = middle
        return math.degrees(high)

    def areas(self, theta_deg: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the contact area and the free surface at an angle, Å^2; that of the full substrate below its angle.

            V = pi a^3 (2 - 3 cos theta + cos^3 theta) / (3 sin^3 theta)
            A_SL = pi a^2,  A_LV = 2 pi a^2 / (1 + cos theta)

        Raises
        ------
        InputError
            An angle not in [0, 180].
        """
        theta = np.radians(np.maximum(_angle(theta_deg), self.smallest_angle_deg))
        return np.asarray(self._base_area(theta)), np.asarray(math.pi * self._chord(theta) ** 2)

    def dry_area(self, contact_area: ArrayLike) -> NDArray[np.float64]:
        """Return the area of the solid that the drop leaves free, Å^2, for its contact area (Å^2)."""
        return np.maximum(self.substrate_area_mm2 * _A_PER_MM**2 - np.asarray(contact_area), 0.0)

    @property
    def _volume(self) -> float:
        return 4.0 / 3.0 * math.pi * (self.radius_mm * _A_PER_MM) ** 3

    def _chord(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Distance from the rim to the top of the cap; well behaved at both ends, unlike the textbook form."""
        return np.asarray(
            np.cbrt(6.0 * self._volume / (math.pi * np.sin(np.multiply(theta, 0.5)) * (2.0 + np.cos(theta))))
        )

    def _base_area(self, theta: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(math.pi * (self._chord(theta) * np.cos(np.multiply(theta, 0.5))) ** 2)


def _gamma_LV(value: ArrayLike) -> NDArray[np.float64]:
    gamma = finite_array("contact angle", "gamma_LV_J_m2", value)
    if np.any(gamma <= 0.0):
        raise InputError(f"contact angle: gamma_LV_J_m2 is {value!r}; it must be positive")
    return gamma


def _angle(theta_deg: ArrayLike) -> NDArray[np.float64]:
    theta = finite_array("contact angle", "theta_deg", theta_deg)
    if np.any((theta < 0.0) | (theta > 180.0)):
        raise InputError(f"contact angle: theta_deg is {theta_deg!r}; it must lie between 0 and 180")
    return theta
