"""Harmonic vibrations: zero-point energy, free energy, entropy and heat capacity from frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from ...errors import InputError, unknown_name
from ..checks import finite_array, not_negative
from ..units import BOLTZMANN_EV_PER_K, e, h

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

EV_PER_THZ = float(h * 1e12 / e)
"""Energy of one quantum at 1 THz, eV: 4.136e-3."""

MODES_PER_ATOM = 3.0
DEFAULT_TOLERANCE_THZ = 0.1

ImaginaryTreatment = Literal["refuse", "skip", "absolute"]
TREATMENTS = ("refuse", "skip", "absolute")


class ModeSource(Protocol):
    """What a spectrum is made from: the phonons of `calculators.phonons.finite_displacements`."""

    @property
    def formula(self) -> str:
        """Formula of the crystal."""

    @property
    def modes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies, THz, and weights."""

    @property
    def stability_tolerance_THz(self) -> float:
        """Imaginary frequencies up to this one count as zero."""

    @property
    def lowest_frequency_THz(self) -> float:
        """Lowest frequency; negative where it is imaginary."""


class UnstableCrystalError(InputError):
    """A free energy was asked for a crystal with imaginary modes."""


@dataclass(frozen=True, eq=False)
class ModeSpectrum:
    """The vibrational modes of a crystal.

    Attributes
    ----------
    frequencies_THz
        Shape (n_modes,); imaginary ones negative. The three translations are left out.
    weights
        Modes per atom that each stands for, shape (n_modes,); they sum to 3.
    tolerance_THz
        Imaginary modes weaker than this are numerical noise: they count with their absolute value.
    lowest_elsewhere_THz
        The lowest frequency known beside these modes, e.g. along a path; it counts for the stability.
    name
        Whose they are; for messages.

    Raises
    ------
    InputError
        A frequency is 0 or not finite, a weight is not positive, or the weights do not sum to 3.
    """

    frequencies_THz: NDArray[np.float64]
    weights: NDArray[np.float64]
    tolerance_THz: float = DEFAULT_TOLERANCE_THZ
    lowest_elsewhere_THz: float = field(default=np.inf, kw_only=True)
    name: str = field(default="the crystal", kw_only=True)

    def __post_init__(self) -> None:
        owner = f"modes of {self.name}"
        frequencies = finite_array(owner, "frequencies_THz", self.frequencies_THz, ndim=1)
        weights = finite_array(owner, "weights", self.weights, ndim=1)
        not_negative(owner, "tolerance_THz", self.tolerance_THz)
        if len(frequencies) == 0 or len(frequencies) != len(weights):
            raise InputError(
                f"{owner}: {len(frequencies)} frequencies and {len(weights)} weights; give as many of both"
            )
        if not np.all(frequencies):
            raise InputError(f"{owner}: a frequency is 0; leave the translations out")
        if not (np.all(weights > 0.0) and abs(weights.sum() - MODES_PER_ATOM) < 1e-6):
            raise InputError(f"{owner}: the weights sum to {weights.sum():g}; positive ones that sum to 3 are needed")
        object.__setattr__(self, "frequencies_THz", frequencies)
        object.__setattr__(self, "weights", weights)

    @classmethod
    def from_frequencies(
        cls,
        frequencies_THz: ArrayLike,
        *,
        tolerance_THz: float = DEFAULT_TOLERANCE_THZ,
        name: str = "the crystal",
    ) -> ModeSpectrum:
        """Return the spectrum of equally many modes at each frequency (THz)."""
        frequencies = finite_array(f"modes of {name}", "frequencies_THz", frequencies_THz, ndim=1)
        weights = np.full(len(frequencies), MODES_PER_ATOM / max(1, len(frequencies)))
        return cls(frequencies, weights, tolerance_THz, name=name)

    @classmethod
    def from_phonons(cls, phonons: ModeSource, name: str = "") -> ModeSpectrum:
        """Return the spectrum of computed phonons, with their tolerance and the verdict of their band structure."""
        return cls(
            *phonons.modes,
            phonons.stability_tolerance_THz,
            lowest_elsewhere_THz=phonons.lowest_frequency_THz,
            name=name or phonons.formula,
        )

    @property
    def imaginary_fraction(self) -> float:
        """Share of the modes that are imaginary beyond the tolerance."""
        return float(self.weights[self._imaginary].sum() / MODES_PER_ATOM)

    @property
    def lowest_frequency_THz(self) -> float:
        """The most negative frequency, or the lowest where none is imaginary, THz."""
        return min(float(self.frequencies_THz.min()), self.lowest_elsewhere_THz)

    @property
    def stable(self) -> bool:
        """Whether no mode, also elsewhere, is imaginary beyond the tolerance."""
        return self.lowest_frequency_THz >= -self.tolerance_THz

    @property
    def _imaginary(self) -> NDArray[np.bool_]:
        return np.asarray(self.frequencies_THz < -self.tolerance_THz)

    def counted(self, imaginary: ImaginaryTreatment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the frequencies that count, all positive (THz), and their weights.

        Raises
        ------
        UnstableCrystalError
            There are imaginary modes, and ``imaginary`` is ``refuse``.
        InputError
            Unknown treatment.
        """
        if imaginary not in TREATMENTS:
            raise InputError("imaginary: " + unknown_name("treatment of imaginary modes", str(imaginary), TREATMENTS))
        if imaginary == "refuse" and not self.stable:
            raise UnstableCrystalError(
                f"{self.name} has no harmonic free energy: {self.imaginary_fraction:.2%} of its modes are imaginary,"
                f" the strongest {-self.lowest_frequency_THz:.2f}i THz; imaginary='skip' or 'absolute' goes on anyway"
            )
        keep = ~self._imaginary if imaginary == "skip" else np.ones(len(self.weights), dtype=bool)
        return np.abs(self.frequencies_THz[keep]), self.weights[keep]


@dataclass(frozen=True, eq=False)
class ThermalProperties:
    """Harmonic properties per atom over temperature.

    Attributes
    ----------
    temperatures_K
        Shape (n,).
    free_energy
        Vibrational Helmholtz energy, eV/atom, shape (n,); the zero-point energy at 0 K.
    entropy, heat_capacity
        At constant volume, eV/atom/K, shape (n,).
    zero_point_energy
        eV/atom.
    imaginary
        How imaginary modes were treated.
    imaginary_fraction
        Their share of all modes.
    flagged
        Whether the crystal has imaginary modes, skipped or taken by their absolute value: the numbers are then not
        those of a stable crystal.
    """

    temperatures_K: NDArray[np.float64]
    free_energy: NDArray[np.float64]
    entropy: NDArray[np.float64]
    heat_capacity: NDArray[np.float64]
    zero_point_energy: float
    imaginary: ImaginaryTreatment
    imaginary_fraction: float
    flagged: bool


def thermal_properties(
    spectrum: ModeSpectrum, temperatures_K: Sequence[float] | ArrayLike, *, imaginary: ImaginaryTreatment = "refuse"
) -> ThermalProperties:
    """Return the vibrational properties at some temperatures.

    With weights w of modes of frequency nu and x = h nu / kT:

        F   = sum w [h nu / 2 + kT ln(1 - exp(-x))]
        S   = k sum w [x / (exp(x) - 1) - ln(1 - exp(-x))]
        C_v = k sum w x^2 exp(x) / (exp(x) - 1)^2

    Parameters
    ----------
    spectrum
        The modes.
    temperatures_K
        0 or more each, shape (n,).
    imaginary
        ``refuse`` a crystal with imaginary modes; or ``skip`` them, so that their contribution is missing; or take the
        ``absolute`` value of their frequencies. The latter two are flagged in the result, and neither is right.

    Raises
    ------
    UnstableCrystalError
        There are imaginary modes, and ``imaginary`` is ``refuse``.
    InputError
        A temperature is negative or not finite, or the treatment is unknown.
    """
    temperatures = finite_array("vibrations", "temperatures_K", temperatures_K, ndim=1)
    for temperature in temperatures:
        not_negative("vibrations", "temperature_K", float(temperature))
    frequencies, weights = spectrum.counted(imaginary)
    quanta = EV_PER_THZ * frequencies
    zero_point = float(weights @ quanta) / 2.0
    results = np.array([_at_temperature(quanta, weights, zero_point, float(t)) for t in temperatures]).reshape(-1, 3)
    return ThermalProperties(
        temperatures,
        results[:, 0],
        results[:, 1],
        results[:, 2],
        zero_point,
        imaginary,
        spectrum.imaginary_fraction,
        not spectrum.stable,
    )


def zero_point_energy(spectrum: ModeSpectrum, *, imaginary: ImaginaryTreatment = "refuse") -> float:
    """Return sum w h nu / 2, eV/atom; see `thermal_properties` for ``imaginary``."""
    frequencies, weights = spectrum.counted(imaginary)
    return float(weights @ frequencies) * EV_PER_THZ / 2.0


def vibrational_free_energy(
    spectrum: ModeSpectrum, temperature_K: float, *, imaginary: ImaginaryTreatment = "refuse"
) -> float:
    """Return F_vib at one temperature, eV/atom; see `thermal_properties`."""
    return float(thermal_properties(spectrum, [temperature_K], imaginary=imaginary).free_energy[0])


def _at_temperature(
    quanta: NDArray[np.float64], weights: NDArray[np.float64], zero_point: float, temperature_K: float
) -> tuple[float, float, float]:
    """F (eV/atom), S and C_v (eV/atom/K) at one temperature."""
    if temperature_K == 0.0:
        return zero_point, 0.0, 0.0
    thermal = BOLTZMANN_EV_PER_K * temperature_K
    with np.errstate(divide="ignore", over="ignore"):
        x = np.minimum(quanta / thermal, 700.0)  # exp(-700) is as good as 0
    decay = np.exp(-x)
    rest = -np.expm1(-x)  # 1 - exp(-x), exact for small x
    log_rest = np.log(rest)
    free_energy = zero_point + thermal * float(weights @ log_rest)
    entropy = BOLTZMANN_EV_PER_K * float(weights @ (x * decay / rest - log_rest))
    heat_capacity = BOLTZMANN_EV_PER_K * float(weights @ (x**2 * decay / rest**2))
    return free_energy, entropy, heat_capacity
