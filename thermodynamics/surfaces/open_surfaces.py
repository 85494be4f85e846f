"""Surfaces whose composition is not that of their crystal: gamma as a line in the chemical potentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import InputError
from ..checks import finite, positive
from ..units import EV_PER_A2
from .energies import OpenSurface, ThicknessFit, fit_thickness


@dataclass(frozen=True)
class SurfaceLine:
    """Surface energy of a face with an excess, against chemical potentials.

        gamma(mu) = gamma(0) - sum_i excess_i mu_i / 2A

    Attributes
    ----------
    fit
        Of the thickness series where each element is as in its own phase (all mu_i zero).
    excess
        Atoms of each element beyond the proportions of the bulk, both faces together; empty when stoichiometric.
    area
        Å^2 of one of the two faces.
    """

    fit: ThicknessFit
    excess: Mapping[str, float] = field(hash=False)
    area: float

    def slope_J_m2_per_eV(self, element: str) -> float:
        """Return d gamma / d mu of an element, minus its excess per area."""
        return -self.excess.get(element, 0.0) / (2.0 * self.area) * EV_PER_A2

    def surface_energy_J_m2(self, chemical_potentials: Mapping[str, float]) -> float:
        """Return gamma at chemical potentials in eV per atom, relative to each element's own phase.

        Raises
        ------
        InputError
            That of an element in excess is missing or not finite.
        """
        energy = self.fit.surface_energy_J_m2
        for element in self.excess:
            if element not in chemical_potentials:
                raise InputError(
                    f"surface energy: the face has an excess of {element} and no chemical potential for it"
                )
            mu = finite("surface energy", f"chemical_potentials[{element!r}]", chemical_potentials[element])
            energy += self.slope_J_m2_per_eV(element) * mu
        return energy


def fit_surface_line(
    slab_energies: Sequence[float],
    counts: Sequence[Mapping[str, int]],
    area: float,
    element_energies: Mapping[str, float],
    *,
    reference: str = "",
    bulk_energy_per_atom: float | None = None,
) -> SurfaceLine:
    """Fit slabs of growing thickness that have the same two faces and the same excess of some elements.

    The crystal's composition is what a thicker slab has more. The excess is counted from a reference element, whose
    chemical potential follows from those of the others and the crystal; see
    :class:`~amalgamics.thermodynamics.surfaces.energies.OpenSurface`.

    Parameters
    ----------
    slab_energies
        eV per slab.
    counts
        Atoms of each element in each slab.
    area
        Å^2 of one of the two faces.
    element_energies
        eV/atom of the phase of each element that its chemical potential counts from.
    reference
        Element of the crystal without an excess; by default the one whose choice leaves the fewest others.
    bulk_energy_per_atom
        eV/atom of a calculation of the crystal, to compare with the slope.

    Raises
    ------
    InputError
        Fewer than two thicknesses, slabs with different excesses, an element without an energy, or no such reference.
    """
    positive("surface line", "area", area)
    bulk = _bulk_between(counts)
    choices = [reference] if reference else sorted(bulk)
    if not set(choices) <= set(bulk):
        raise InputError(f"surface line: reference {reference!r} is not in the crystal; give one of {', '.join(bulk)}")
    excesses = {symbol: _excess(counts[0], bulk, symbol) for symbol in choices}
    symbol = min(choices, key=lambda each: (len(excesses[each]), each))
    excess = excesses[symbol]
    for each in counts[1:]:
        if _differs(_excess(each, bulk, symbol), excess):
            raise InputError("surface line: the slabs have different excesses; their energies are not on one line")
    missing = [element for element in excess if element not in element_energies]
    if missing:
        raise InputError(f"surface line: no energy of elemental {', '.join(missing)}; give element_energies")
    without = sum(number * element_energies[element] for element, number in excess.items())
    atoms = [each[symbol] * sum(bulk.values()) / bulk[symbol] for each in counts]
    fit = fit_thickness(
        [energy - without for energy in slab_energies], atoms, area, bulk_energy_per_atom=bulk_energy_per_atom
    )
    return SurfaceLine(fit, excess, area)


def _bulk_between(counts: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """Formula of the crystal: what the largest slab has more than the smallest."""
    if len(counts) < 2:
        raise InputError(f"surface line: {len(counts)} slabs; two thicknesses are needed")
    small, large = (pick(counts, key=lambda each: sum(each.values())) for pick in (min, max))
    more = {element: large[element] - small.get(element, 0) for element in large}
    if any(number < 0 for number in more.values()) or not any(more.values()) or set(small) - set(large):
        raise InputError("surface line: the slabs do not differ by whole layers of one crystal")
    divisor = np.gcd.reduce([number for number in more.values() if number])
    return {element: float(number // divisor) for element, number in more.items() if number}


def _excess(counts: Mapping[str, int], bulk: Mapping[str, float], reference: str) -> dict[str, float]:
    # The energies of the slab and its bulk do not matter for its excess.
    found = OpenSurface(0.0, {k: n for k, n in counts.items() if n}, bulk, 0.0, 1.0, reference).excess
    return {element: number for element, number in found.items() if abs(number) > 1e-9}


def _differs(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return any(abs(one.get(element, 0.0) - other.get(element, 0.0)) > 1e-6 for element in {*one, *other})
