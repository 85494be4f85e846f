"""What was measured of each metal: ``metal("Hg").melting_point_K``."""

from __future__ import annotations

from typing import Annotated, Any, overload

from ase.data import atomic_numbers
from pydantic import Field, model_validator

from ..errors import InputError, unknown_name
from .measured import Document, Entry, LinearInTemperature, Listed, Measured, Number, Sourced, in_units, load

KELVIN, VOLT, KJ_MOL, PURE = in_units("K"), in_units("V"), in_units("kJ/mol"), in_units("1")
Point = Annotated[tuple[Number, Number], Listed]

# What follows from a fact and would be wrong in silence without it: bands of angles, the liquidus, a potential.
_NEEDED = (
    ("surface_tension", "uncertainty"),
    ("solubility_in_mercury", "uncertainty"),
    ("solubility_in_mercury", "temperature_K"),
    ("heat_of_solution_in_mercury", "uncertainty"),
    ("standard_emf_in_mercury", "temperature_K"),
    ("diffusivity_in_mercury", "uncertainty"),
)


class Liquidus(Sourced):
    """Points (K, mole fraction) of a liquidus, rising."""

    points: Annotated[tuple[Point, ...], Listed, Field(min_length=2)]

    @model_validator(mode="after")
    def _rises(self) -> Liquidus:
        if any(after[0] <= before[0] for before, after in zip(self.points, self.points[1:], strict=False)):
            raise ValueError("the temperatures of the points must rise")
        if not all(0.0 < x < 1.0 for _, x in self.points):
            raise ValueError("a mole fraction lies outside (0, 1)")
        return self


class Metal(Entry):
    """A metal; what is not known is None. The head of ``data/metals.yaml`` explains the fields."""

    symbol: str
    phase: str | None = None
    ion_charge: Annotated[int, Field(strict=True, gt=0)] | None = None
    melting_point: Annotated[Measured, KELVIN]
    boiling_point: Annotated[Measured, KELVIN] | None = None
    heat_of_fusion: Annotated[Measured, KJ_MOL] | None = None
    heat_capacity_change_on_fusion: Annotated[Measured, in_units("J/mol/K")] | None = None
    heat_of_vaporisation: Annotated[Measured, KJ_MOL] | None = None
    liquid_density: Annotated[LinearInTemperature, in_units("g/cm3")]
    surface_tension: Annotated[LinearInTemperature, in_units("J/m2")]
    cohesive_energy: Annotated[Measured, in_units("eV/atom")] | None = None
    standard_potential: Annotated[Measured, VOLT] | None = None
    solubility_in_mercury: Annotated[Measured, PURE] | None = None
    heat_of_solution_in_mercury: Annotated[Measured, KJ_MOL] | None = None
    liquidus_in_mercury: Liquidus | None = None
    standard_emf_in_mercury: Annotated[Measured, VOLT] | None = None
    activity_slope_in_mercury: Annotated[Measured, PURE] | None = None
    diffusivity_in_mercury: Annotated[Measured, in_units("m2/s")] | None = None
    self_diffusion_activation: Annotated[Measured, KJ_MOL] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Metal:
        for fact, part in _NEEDED:
            value = getattr(self, fact)
            if value is not None and getattr(value, part) is None:
                raise ValueError(f"{fact} needs {part}")
        return self

    @property
    def melting_point_K(self) -> float:
        """Melting point at 1 bar."""
        return self.melting_point.value

    @property
    def heat_of_fusion_kJ_mol(self) -> float:
        """Molar heat of fusion at the melting point.

        Raises
        ------
        InputError
            It is not known.
        """
        return self.known("heat_of_fusion").value

    def known(self, fact: str) -> Measured:
        """Return the measured value of that name.

        Raises
        ------
        InputError
            It is not known of this metal, or no measured value has that name.
        """
        if fact not in MEASURED_FACTS:
            raise InputError(unknown_name("measured fact", fact, MEASURED_FACTS))
        value = getattr(self, fact)
        if value is None:
            raise InputError(f"{self.symbol}: {fact} is not known here; it is of {', '.join(symbols_with(fact))}")
        assert isinstance(value, Measured)
        return value


MEASURED_FACTS = tuple(
    name for name in Metal.model_fields if name not in ("symbol", "phase", "ion_charge", "liquidus_in_mercury")
)
"""Names of the fields of `Metal` that are measured values."""


class MetalsFile(Document):
    """``metals.yaml``."""

    file = "metals.yaml"
    metals: dict[str, Metal]
    oxidation_states: dict[str, Annotated[int, Field(strict=True)]]

    @model_validator(mode="before")
    @classmethod
    def _name(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("metals"), dict):
            return raw
        named = {
            key: {"symbol": key, **entry} if isinstance(entry, dict) else entry for key, entry in raw["metals"].items()
        }
        return {**raw, "metals": named}

    @model_validator(mode="after")
    def _elements(self) -> MetalsFile:
        for symbol in (*self.metals, *self.oxidation_states):
            if symbol not in atomic_numbers:
                raise ValueError(unknown_name("element", symbol, atomic_numbers))
        return self


def metal(symbol: str) -> Metal:
    """Return what is known of a metal.

    Raises
    ------
    InputError
        For one that is not listed; the message names those that are.

    Examples
    --------
    >>> metal("Li").ion_charge
    1
    >>> metal("Hg").melting_point_K
    234.32
    """
    found = find_metal(symbol)
    if found is None:
        raise InputError(unknown_name("metal", str(symbol), load(MetalsFile).metals))
    return found


def find_metal(symbol: str) -> Metal | None:
    """Return what is known of a metal, None of one that is not listed."""
    return load(MetalsFile).metals.get(symbol)


def list_metals() -> list[Metal]:
    """List the metals, in the order of the data file."""
    return list(load(MetalsFile).metals.values())


def symbols_with(*facts: str) -> list[str]:
    """List the metals of which all these fields of `Metal` are known, in the order of the data file."""
    return [one.symbol for one in list_metals() if all(getattr(one, fact) is not None for fact in facts)]


@overload
def ion_charge(symbol: str) -> int | None: ...
@overload
def ion_charge(symbol: str, default: int) -> int: ...
def ion_charge(symbol: str, default: int | None = None) -> int | None:
    """Return the charge of the ion that a metal leaves as, or ``default`` where it is not known."""
    known = find_metal(symbol)
    return default if known is None or known.ion_charge is None else known.ion_charge


def oxidation_state(symbol: str) -> int:
    """Return the one oxidation state that an element has here: the charge of its ion, or the one listed.

    Raises
    ------
    InputError
        None is listed.
    """
    state = load(MetalsFile).oxidation_states.get(symbol, ion_charge(symbol))
    if state is None:
        raise InputError(f"no oxidation state of {symbol} is listed")
    return state
