"""The quasi-harmonic approximation: thermal expansion from free energies at several volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..checks import finite_array
from ..units import e
from .harmonic import ImaginaryTreatment, ModeSpectrum, thermal_properties

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

GPA_PER_EV_A3 = float(e * 1e21)
"""1 eV/Å^3 in GPa: 160.2."""

MIN_VOLUMES = 5
MAX_FIT_ERROR = 1e-3
"""eV/atom: free energies further from an equation of state do not belong to one."""


@dataclass(frozen=True)
class Vinet:
    """Vinet's equation of state.

    Attributes
    ----------
    energy
        At the minimum, eV.
    volume
        Of the minimum, Å^3.
    bulk_modulus_GPa, bulk_modulus_derivative
        At the minimum; the derivative is that with respect to pressure.
    rms_error
        Of the fit, eV.
    """

    energy: float
    volume: float
    bulk_modulus_GPa: float
    bulk_modulus_derivative: float
    rms_error: float


@dataclass(frozen=True, eq=False)
class QuasiHarmonic:
    """Properties at zero pressure over temperature, shape (n,) each.

    Attributes
    ----------
    temperatures_K
        Ascending.
    free_energy
        Gibbs energy at zero pressure, eV/atom: static energy and vibrations at the equilibrium volume.
    volume
        Å^3/atom.
    bulk_modulus_GPa
        Isothermal.
    thermal_expansion_per_K
        Volumetric, from neighbouring temperatures.
    flagged
        Whether a volume has imaginary modes that were skipped or taken by their absolute value.
    """

    temperatures_K: NDArray[np.float64]
    free_energy: NDArray[np.float64]
    volume: NDArray[np.float64]
    bulk_modulus_GPa: NDArray[np.float64]
    thermal_expansion_per_K: NDArray[np.float64]
    flagged: bool


def quasi_harmonic(
    volumes: ArrayLike,
    energies: ArrayLike,
    spectra: Sequence[ModeSpectrum],
    temperatures_K: ArrayLike,
    *,
    imaginary: ImaginaryTreatment = "refuse",
) -> QuasiHarmonic:
    """Minimise F(V, T) = E(V) + F_vib(V, T) over the volume at each temperature.

    Parameters
    ----------
    volumes
        At least 5, Å^3/atom, shape (n_volumes,).
    energies
        Static energies there, eV/atom, shape (n_volumes,).
    spectra
        Modes at each volume.
    temperatures_K
        At least 2, ascending, shape (n,).
    imaginary
        Of modes at a volume; see `vibrations.thermal_properties`.

    Raises
    ------
    UnstableCrystalError
        There are imaginary modes at a volume, and ``imaginary`` is ``refuse``.
    InputError
        Numbers that do not match, the minimum lies outside the volumes at a temperature, or the free energies follow no
        equation of state.

    Notes
    -----
    Each isotherm is fitted with Vinet's equation of state [1]_.

    References
    ----------
    .. [1] P. Vinet, J. R. Smith, J. Ferrante and J. H. Rose, Phys. Rev. B 35, 1945 (1987),
       doi:10.1103/PhysRevB.35.1945
    """
    grid = finite_array("quasi-harmonic", "volumes", volumes, ndim=1)
    static = finite_array("quasi-harmonic", "energies", energies, ndim=1)
    temperatures = finite_array("quasi-harmonic", "temperatures_K", temperatures_K, ndim=1)
    if not len(grid) == len(static) == len(spectra):
        raise InputError(
            f"quasi-harmonic: {len(grid)} volumes, {len(static)} energies and {len(spectra)} spectra; give as many"
            " of each"
        )
    if len(temperatures) < 2 or np.any(np.diff(temperatures) <= 0.0):
        raise InputError("quasi-harmonic: temperatures_K must be at least 2 values in ascending order")
    properties = [thermal_properties(spectrum, temperatures, imaginary=imaginary) for spectrum in spectra]
    isotherms = static[:, None] + np.array([item.free_energy for item in properties])
    fits = []
    for temperature, isotherm in zip(temperatures, isotherms.T, strict=True):
        fit = fit_vinet(grid, isotherm)
        if not grid.min() <= fit.volume <= grid.max():
            raise InputError(
                f"quasi-harmonic: at {temperature:g} K the volume of lowest free energy, {fit.volume:.3f} Å^3/atom, is"
                f" outside {grid.min():.3f} to {grid.max():.3f}; add volumes on that side or lower the temperature"
            )
        if fit.rms_error > MAX_FIT_ERROR:
            raise InputError(
                f"quasi-harmonic: at {temperature:g} K the free energies miss an equation of state by"
                f" {1e3 * fit.rms_error:.1f} meV/atom; the phonons of this potential do not change smoothly with volume"
            )
        fits.append(fit)
    equilibrium = np.array([fit.volume for fit in fits])
    return QuasiHarmonic(
        temperatures,
        np.array([fit.energy for fit in fits]),
        equilibrium,
        np.array([fit.bulk_modulus_GPa for fit in fits]),
        np.gradient(equilibrium, temperatures) / equilibrium,
        any(item.flagged for item in properties),
    )


def vinet_energy(
    volumes: ArrayLike, energy: float, volume: float, bulk_modulus_GPa: float, bulk_modulus_derivative: float
) -> NDArray[np.float64]:
    """Return E(V) of Vinet's equation of state, eV; volumes in Å^3."""
    x = np.cbrt(np.asarray(volumes, dtype=float) / volume)
    eta = 1.5 * (bulk_modulus_derivative - 1.0)
    scale = 9.0 * bulk_modulus_GPa / GPA_PER_EV_A3 * volume / eta**2
    return np.asarray(energy + scale * (1.0 + (eta * (1.0 - x) - 1.0) * np.exp(eta * (1.0 - x))))


def fit_vinet(volumes: ArrayLike, energies: ArrayLike) -> Vinet:
    """Fit Vinet's equation of state.

    Parameters
    ----------
    volumes
        At least 5 different ones, positive, Å^3, shape (n,).
    energies
        eV, shape (n,).

    Raises
    ------
    InputError
        Too few volumes, or energies without a minimum.
    """
    from scipy.optimize import least_squares

    grid = finite_array("equation of state", "volumes", volumes, ndim=1)
    values = finite_array("equation of state", "energies", energies, ndim=1)
    if len(grid) != len(values) or len(np.unique(grid)) < MIN_VOLUMES or np.any(grid <= 0.0):
        raise InputError(f"equation of state: {len(grid)} volumes; at least {MIN_VOLUMES} different ones are needed")
    curvature, slope, _ = np.polyfit(grid, values, 2)
    if curvature <= 0.0:
        raise InputError("equation of state: the energies curve downwards, they have no minimum; choose other volumes")
    start_volume = float(np.clip(-slope / (2.0 * curvature), 0.8 * grid.min(), 1.2 * grid.max()))
    start = [0.0, 1.0, 2.0 * curvature * start_volume, 4.5]
    zero = float(values.min())

    def residuals(p: NDArray[np.float64]) -> NDArray[np.float64]:
        # Energies in meV and the volume in units of the first guess: all four are then of order 1.
        return 1e3 * (vinet_energy(grid, zero + p[0] / 1e3, p[1] * start_volume, p[2] * GPA_PER_EV_A3, p[3]) - values)

    found = least_squares(
        residuals, start, bounds=([-np.inf, 0.5, 1e-9, 1.001], [np.inf, 2.0, np.inf, 20.0]), x_scale="jac", xtol=1e-14
    )
    return Vinet(
        energy=zero + float(found.x[0]) / 1e3,
        volume=float(found.x[1]) * start_volume,
        bulk_modulus_GPa=float(found.x[2]) * GPA_PER_EV_A3,
        bulk_modulus_derivative=float(found.x[3]),
        rms_error=float(np.sqrt(np.mean(found.fun**2))) / 1e3,
    )
