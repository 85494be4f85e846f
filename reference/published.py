"""Published values to compare computed ones with, decompositions, a glass, and what Fan et al. 2020 report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import Field, model_validator

from ..errors import unknown_name
from .measured import Confidence, Document, Entry, Listed, Measured, Number, Sourced, in_units, load
from .metals import Metal, list_metals

QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "formation_enthalpy": ("kJ/mol-atom", "kJ/mol-formula"),
    "formation_free_energy": ("kJ/mol-atom", "kJ/mol-formula"),
    "e_above_hull": ("eV/atom",),
    "saturated_emf": ("V",),
    "standard_emf": ("V",),
    "emf": ("V",),
    "amalgam_sulfate_cell_emf": ("V",),
    "activity_slope": ("1",),
    "solubility_in_mercury": ("at.%",),
    "excess_free_energy_in_mercury": ("kJ/mol",),
    "peritectic_temperature": ("K",),
    "melting_point": ("K",),
    "cohesive_energy": ("eV/atom",),
    "fusion_enthalpy": ("kJ/mol",),
    "liquid_density": ("g/cm3",),
    "vaporisation_enthalpy": ("kJ/mol",),
    "surface_energy": ("J/m2",),
    "reduction_onset": ("V",),
}
"""Published quantities and the units allowed for each."""

_OF_METALS = {
    "standard_emf": "standard_emf_in_mercury",
    "activity_slope": "activity_slope_in_mercury",
    "solubility_in_mercury": "solubility_in_mercury",
    "cohesive_energy": "cohesive_energy",
    "fusion_enthalpy": "heat_of_fusion",
    "melting_point": "melting_point",
    "liquid_density": "liquid_density",
    "vaporisation_enthalpy": "heat_of_vaporisation",
}
_KINDS = {"peritectic": "peritectic_temperature", "upper limit": "peritectic_temperature", "congruent": "melting_point"}


class Published(Measured):
    """One published value.

    Attributes
    ----------
    subject
        Element, formula, or name of an electrolyte.
    quantity
        One of `QUANTITIES`.
    basis
        ``experiment``, or the method of a calculated value.
    label
        What tells values of one subject apart: the face of a surface energy; or empty.
    mole_fraction
        Of the metal in mercury, where the value belongs to one.
    space_group
        Of the crystal, for a distance to the hull.
    """

    subject: str
    quantity: str
    basis: str = "experiment"
    label: str = ""
    mole_fraction: Annotated[Number, Field(gt=0, le=1)] | None = None
    space_group: str | None = None

    @model_validator(mode="after")
    def _unit_of_quantity(self) -> Published:
        if self.quantity not in QUANTITIES:
            raise ValueError(unknown_name("quantity", self.quantity, QUANTITIES))
        if self.unit not in QUANTITIES[self.quantity]:
            allowed = ", ".join(QUANTITIES[self.quantity])
            raise ValueError(f"{self.subject} {self.quantity}: unit {self.unit!r}, allowed: {allowed}")
        return self


class Decomposition(Measured):
    """The temperature at which a compound melts or decomposes; ``kind`` is peritectic, congruent or upper limit."""

    kind: str
    formula: str | None = None

    @model_validator(mode="after")
    def _known_kind(self) -> Decomposition:
        if self.kind not in _KINDS:
            raise ValueError(unknown_name("kind", self.kind, _KINDS))
        return self


class PublishedFile(Document):
    """``published.yaml``."""

    file = "published.yaml"
    entries: Annotated[tuple[Published, ...], Listed]


class CompoundsFile(Document):
    """``compounds.yaml``."""

    file = "compounds.yaml"
    decomposition: dict[str, Annotated[Decomposition, in_units("K")]]
    formation_free_energy: dict[str, Annotated[Measured, in_units("kJ/mol-formula")]]


class GlassFile(Document):
    """``glass.yaml``."""

    file = "glass.yaml"
    glass: dict[str, Measured]


class QuotedElectrode(Entry):
    """A metal as an electrode, as Fan et al. print it; ``note`` tells why its potential is not the standard one."""

    capacity_mAh_per_g: Number
    potential_V_SHE: Number
    note: str | None = None


class Drop(Entry):
    """How a drop of a liquid metal with that mole fraction of solute was seen to behave."""

    solute: str
    solvent: str
    mole_fraction: Annotated[Number, Field(ge=0, le=1)]
    seen: str


class QuotedCycling(Sourced):
    """What is reported of films of amalgam between metal and electrolyte, in symmetric cells."""

    thickness_um: Number
    currents_mA_cm2: Annotated[tuple[Number, ...], Listed]
    polarisation_mV: Annotated[tuple[Number, Number], Listed]
    hysteresis_mV: Annotated[tuple[Number, Number], Listed]
    metals: Annotated[tuple[str, ...], Listed]
    phases: Annotated[tuple[str, ...], Listed]


class FanFile(Document, Sourced):
    """``fan_2020.yaml``."""

    file = "fan_2020.yaml"
    source: str
    confidence: Confidence
    electrodes: dict[str, QuotedElectrode]
    drops: Annotated[tuple[Drop, ...], Listed]
    cycling: QuotedCycling


@cache
def published_values() -> tuple[Published, ...]:
    """Return every published value: those of ``published.yaml``, of the metals and of the compounds."""
    listed = load(PublishedFile).entries
    faces = tuple(value for value in listed if value.quantity in ("surface_energy", "reduction_onset"))
    others = tuple(value for value in listed if value not in faces)
    compounds = tuple(_of_compound(key, item) for key, item in decompositions().items())
    metals = tuple(
        _of_metal(one, quantity, fact)
        for quantity, fact in _OF_METALS.items()
        for one in list_metals()
        if getattr(one, fact) is not None
    )
    order = list(QUANTITIES)
    derived = sorted((*compounds, *metals), key=lambda value: order.index(value.quantity))
    return (*others, *derived, *faces)


def decompositions() -> dict[str, Decomposition]:
    """Return the temperatures at which compounds melt or decompose, by their key in the phase library."""
    return load(CompoundsFile).decomposition


def formation_free_energies() -> dict[str, Measured]:
    """Return measured standard Gibbs energies of formation at 298.15 K, kJ per mole of formula units, by formula."""
    return load(CompoundsFile).formation_free_energy


def glass_facts() -> dict[str, Measured]:
    """Return what was measured of 75 Li2S : 25 P2S5 glass, by quantity."""
    return load(GlassFile).glass


def quoted_electrodes() -> dict[str, QuotedElectrode]:
    """Return the electrodes that Fan et al. print, by symbol, in their order."""
    return load(FanFile).electrodes


def observed_drops(solute: str, solvent: str) -> dict[float, str]:
    """Return how drops were seen to behave, by mole fraction of the solute, rising; empty where none were looked at."""
    found = [drop for drop in load(FanFile).drops if (drop.solute, drop.solvent) == (solute, solvent)]
    return {drop.mole_fraction: drop.seen for drop in sorted(found, key=lambda drop: drop.mole_fraction)}


def quoted_cycling() -> QuotedCycling:
    """Return what Fan et al. report of films in symmetric cells."""
    return load(FanFile).cycling


def _of_metal(one: Metal, quantity: str, fact: str) -> Published:
    shared = one.known(fact).model_dump(exclude={"slope"})
    if quantity == "solubility_in_mercury":
        shared |= {"unit": "at.%", **{key: _percent(shared[key]) for key in ("value", "uncertainty")}}
    elif quantity == "fusion_enthalpy":
        shared |= {"temperature_K": one.melting_point_K}
    return Published(subject=one.symbol, quantity=quantity, **shared)


def _percent(fraction: float | None) -> float | None:
    """Rounded to what the fraction was written with, or 100 x would show the error of binary numbers."""
    return None if fraction is None else round(100.0 * fraction, 12)


def _of_compound(key: str, item: Decomposition) -> Published:
    shared: dict[str, Any] = item.model_dump(exclude={"kind", "formula"})
    return Published(subject=item.formula or key, quantity=_KINDS[item.kind], **shared)
