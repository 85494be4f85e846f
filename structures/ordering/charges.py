"""Charges of the elements of a disordered crystal: those of its file, or oxidation states that make it neutral."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymatgen.core import Element, Structure

OF_FILE = "oxidation_states"
"""Key of ``Structure.properties`` under which the mean charge of each element in its file stands."""
_NEUTRAL = 0.03  # e an atom: compositions are rounded in files
_COMBINATIONS = 50_000


def formal_states(structure: Structure) -> dict[str, float] | None:
    """Return one charge for each element that leaves a crystal neutral on average; None where there is none.

    The charges of the file, if it has them for every element and they add up. Else the common oxidation states: of all
    neutral combinations that in which no more electronegative element is the cation of a less electronegative one, then
    the commonest. Where none is neutral, one transition metal may be between its states, as cobalt in Li0.5CoO2. Metals
    among themselves have none.

    Parameters
    ----------
    structure
        With partial occupancies.

    Examples
    --------
    >>> from pymatgen.core import Lattice, Structure
    >>> from amalgamics.structures.ordering.charges import formal_states
    >>> sites = [{"Li": 0.5}, {"Co": 1}, {"O": 1}, {"O": 1}]
    >>> formal_states(Structure(Lattice.cubic(4), sites, [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0, 0.5, 0.5]]))
    {'Li': 1.0, 'Co': 3.5, 'O': -2.0}
    """
    from pymatgen.core import Element

    fractions = structure.composition.fractional_composition.as_dict()
    shares = {Element(str(symbol)): float(share) for symbol, share in fractions.items()}
    own = structure.properties.get(OF_FILE)
    if own and own.keys() >= {element.symbol for element in shares}:
        states = {element.symbol: float(own[element.symbol]) for element in shares}
        if abs(sum(share * states[element.symbol] for element, share in shares.items())) < _NEUTRAL:
            return states
    if all(element.is_metal for element in shares):
        return None
    found = _best(shares, _whole_states(shares)) or _best(shares, _states_of_one_metal(shares))
    return {element.symbol: state for element, state in found.items()} if found else None


def _best(shares: Mapping[Element, float], combinations: Iterator[dict[Element, float]]) -> dict[Element, float] | None:
    ranked = [
        (_inversions(states), number, states)
        for number, states in enumerate(combinations)
        if abs(sum(share * states[element] for element, share in shares.items())) < _NEUTRAL
    ]
    return min(ranked, key=lambda item: item[:2])[2] if ranked else None


def _inversions(states: Mapping[Element, float]) -> int:
    """Pairs in which the more electronegative element is positive and the other negative."""
    return sum(first.X > second.X and states[first] > 0.0 > states[second] for first in states for second in states)


def _options(element: Element) -> Sequence[float]:
    return element.common_oxidation_states or element.oxidation_states


def _whole_states(shares: Mapping[Element, float]) -> Iterator[dict[Element, float]]:
    options = [_options(element) for element in shares]
    if not all(options) or math.prod(len(one) for one in options) > _COMBINATIONS:
        return
    for states in product(*options):
        yield {element: float(state) for element, state in zip(shares, states, strict=True)}


def _states_of_one_metal(shares: Mapping[Element, float]) -> Iterator[dict[Element, float]]:
    """The others in their states, one transition metal with what is left, if it lies between its own."""
    for metal in shares:
        positive = [state for state in metal.oxidation_states if state > 0]
        if not metal.is_transition_metal or not positive:
            continue
        for states in _whole_states({element: share for element, share in shares.items() if element is not metal}):
            left = -sum(shares[element] * state for element, state in states.items()) / shares[metal]
            if min(positive) <= left <= max(positive):
                yield {element: states.get(element, left) for element in shares}
