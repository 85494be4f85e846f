"""How fast a metal moves in mercury and in its compounds, and between which values a film can be followed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import metal as metal_facts
from ..checks import not_negative, positive
from ..units import R, e, k

LEAST_SOLID_M2_S = 1e-20
"""Of a metal in a compound: in ten hours it goes sqrt(D t) = 19 nm, so that all that is slower is standing still."""
MOST_SOLID_M2_S = 1e-8
"""Ten times that of a metal in a liquid."""


@dataclass(frozen=True)
class Diffusivities:
    """How fast the metal moves in the host's liquid and in the compounds, both with an Arrhenius law about 25 °C.

    Attributes
    ----------
    liquid_m2_s, liquid_activation_kJ_mol
        Fick's coefficient of the dissolved metal.
    solid_m2_s, solid_activation_eV
        Self-diffusivity of the metal in a compound, `LEAST_SOLID_M2_S` to `MOST_SOLID_M2_S`.
    compounds_m2_s
        The same of compounds that have a value of their own, by formula.

    Raises
    ------
    InputError
        A diffusivity not positive or out of that range, or an activation negative.
    """

    liquid_m2_s: float
    solid_m2_s: float
    liquid_activation_kJ_mol: float = 0.0
    solid_activation_eV: float = 0.0
    compounds_m2_s: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        positive("diffusivities", "liquid_m2_s", self.liquid_m2_s)
        _check_solid("solid_m2_s", self.solid_m2_s)
        not_negative("diffusivities", "liquid_activation_kJ_mol", self.liquid_activation_kJ_mol)
        not_negative("diffusivities", "solid_activation_eV", self.solid_activation_eV)
        for formula, value in self.compounds_m2_s.items():
            _check_solid(f"compounds_m2_s of {formula}", value)

    @classmethod
    def measured(cls, metal: str, solid_m2_s: float, solid_activation_eV: float = 0.0) -> Diffusivities:
        """Return the measured diffusivity of a metal in mercury beside one that is taken for its compounds.

        Raises
        ------
        InputError
            None is listed of the metal, or a number is out of its range.
        """
        liquid, activation = diffusivity_in_mercury(metal)
        return cls(liquid, solid_m2_s, activation, solid_activation_eV)

    def liquid(self, temperature_K: float) -> float:
        """Return that of the dissolved metal at a temperature, m²/s."""
        return self.liquid_m2_s * math.exp(-1e3 * self.liquid_activation_kJ_mol / R * _inverse(temperature_K))

    def solid(self, formula: str, temperature_K: float) -> float:
        """Return that in a compound at a temperature, m²/s.

        Raises
        ------
        InputError
            The activation carries it out of the range.
        """
        value = self.compounds_m2_s.get(formula, self.solid_m2_s)
        with_activation = value * math.exp(-self.solid_activation_eV * e / k * _inverse(temperature_K))
        return _check_solid(
            f"{value:.3g} at 25 °C with an activation of {self.solid_activation_eV:g} eV, at {temperature_K:g} K",
            with_activation,
        )


def diffusivity_in_mercury(metal: str) -> tuple[float, float]:
    """Return the measured diffusivity of a metal in mercury at 25 °C (m²/s), and the activation energy (kJ/mol).

    The activation energy is that of the self-diffusion of mercury.

    Raises
    ------
    InputError
        None is listed of the metal.

    Examples
    --------
    >>> diffusivity_in_mercury("Li")[0] < 1e-9
    True
    """
    return (
        metal_facts(metal).known("diffusivity_in_mercury").value,
        metal_facts("Hg").known("self_diffusion_activation").value,
    )


def _check_solid(name: str, value: float) -> float:
    number = positive("diffusivities", name, value)
    if not LEAST_SOLID_M2_S <= number <= MOST_SOLID_M2_S:
        raise InputError(
            f"diffusivities: {name} is {value:.3g}; in a compound it must lie between {LEAST_SOLID_M2_S:g}, which is as"
            f" good as standing still, and {MOST_SOLID_M2_S:g} m²/s"
        )
    return number


def _inverse(temperature_K: float) -> float:
    return 1.0 / positive("diffusivities", "temperature_K", temperature_K) - 1.0 / ROOM_TEMPERATURE_K
