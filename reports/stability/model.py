"""What the report on stability shows: computed reactions and windows, and the published values beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...structures.compositions import parse_formula
from ...thermodynamics.stability.electrolyte_window import ElectrolyteWindow
from ...thermodynamics.stability.reactivity import InterfaceReaction
from ..benchmarks.published import Benchmark, benchmarks

_FAMILIES = {"LLTO": {"La", "Li", "Ti", "O"}}
_DILUTE = 1e-3
"""Mole fraction below which a measured amalgam stands for a dilute one."""


@dataclass(frozen=True)
class ElectrolyteStability:
    """One electrolyte against the phases of an electrode, from one potential.

    Attributes
    ----------
    name
        Of the electrolyte.
    potential
        Name of the potential.
    window
        What it becomes as it takes up or gives off the ion.
    reactions
        With each phase of the electrode, in the order of rising reactivity or as they were asked for.
    electrode_voltages
        By name of the electrode phase: where it gives off the ion, V; None for one that has none.
    left_out
        Electrode phases and possible products without an energy: what, and why.
    unknown
        Formulas of phases that the library lists without coordinates, and so cannot be among the products.
    empty
        Pairs and threes of the elements of electrolyte and ion of which no compound has an energy, besides the
        electrolyte itself, and which are not known to form none: ``Al–O``. What there is in nature is missing among the
        products.
    empty_with_solvent
        The same with the solvent.
    """

    name: str
    potential: str
    window: ElectrolyteWindow
    reactions: tuple[InterfaceReaction, ...]
    electrode_voltages: Mapping[str, float | None] = field(default_factory=dict)
    left_out: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    empty_with_solvent: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedOnset:
    """A published reduction onset: V, how it reads in a table, whether it was computed, and where it stands."""

    value: float
    text: str
    computed: bool
    source: str


@dataclass(frozen=True)
class HeldVoltage:
    """The voltage against its pure metal at which an amalgam holds it, as measured."""

    name: str
    voltage_V: float
    confidence: str
    source: str


def published_onsets(item: ElectrolyteStability) -> tuple[PublishedOnset, ...]:
    """Return the published reduction onsets of an electrolyte, the computed ones first."""
    return onsets_of(item.name, item.window.formula)


def onsets_of(name: str, formula: str) -> tuple[PublishedOnset, ...]:
    """Return the published reduction onsets of an electrolyte, the computed ones first.

    Found by its reduced formula; by its name only where that is of a family of compositions, such as LLTO, and its
    elements are those of the family: anybody's file may be called so.
    """
    short = re.split(r"[-_]", name)[0]
    names = {formula}
    if set(parse_formula(formula)) == _FAMILIES.get(short):
        names.add(short)
    found = [one for one in benchmarks() if one.quantity == "reduction_onset" and one.subject in names]
    found.sort(key=lambda one: one.basis == "experiment")
    return tuple(_onset(one) for one in found)


def held_voltages(metal: str, solvent: str) -> tuple[HeldVoltage, ...]:
    """Return at which voltages amalgams hold the metal: the saturated one first, then the most dilute measured."""
    if solvent != "Hg":
        return ()
    own = [one for one in benchmarks() if one.subject == metal and one.basis == "experiment"]
    saturated = [_held(f"saturated {metal} amalgam", one) for one in own if one.quantity == "saturated_emf"]
    dilute = {float(one.label.removeprefix("x = ")): one for one in own if one.quantity == "emf"}
    thinnest = min(dilute, default=1.0)
    if thinnest < _DILUTE:
        saturated.append(_held(f"{100.0 * thinnest:g} at.% {metal}", dilute[thinnest]))
    return tuple(saturated)


def _held(name: str, value: Benchmark) -> HeldVoltage:
    return HeldVoltage(name, value.value, value.confidence, value.source)


def _onset(value: Benchmark) -> PublishedOnset:
    uncertainty = f" ± {value.uncertainty:g}" if value.uncertainty else ""
    doi = f", doi {value.doi}" if value.doi else ""
    basis = value.basis
    text = f"{value.value:.2f}{uncertainty} ({basis}, {value.confidence})"
    return PublishedOnset(value.value, text, basis != "experiment", f"{basis}: {value.source}{doi}")
