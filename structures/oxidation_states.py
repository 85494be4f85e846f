"""Oxidation states, where a composition tells them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path

from ase.data import atomic_numbers

from ..reference.metals import oxidation_state

# Their states the composition alone would leave to a guess among several.
_OF_PEROVSKITES = ("La", "Li", "Ti", "O")
_MAX_CHOICES = 20_000  # ways to give the sites of a formula unit their states, a second of pymatgen's search


def formal_charges() -> dict[str, float]:
    """Return the oxidation states of the elements of LLTO."""
    return {symbol: float(oxidation_state(symbol)) for symbol in _OF_PEROVSKITES}


def oxidation_states(counts: Mapping[str, float]) -> dict[str, float] | None:
    """Guess the oxidation state of each element from the composition alone.

    The most common states that add up to zero, as ranked by pymatgen; zero for an element on its own. Sites of one
    element may differ, and have their mean then, unless a formula unit is so large that there are too many ways.

    Parameters
    ----------
    counts
        Atoms of each element; only their ratios matter.

    Returns
    -------
    dict or None
        Charge in e of each element; None where no combination of known states is neutral, as in most intermetallics.

    Examples
    --------
    >>> oxidation_states({"Li": 7, "La": 3, "Zr": 2, "O": 12})
    {'Li': 1.0, 'La': 3.0, 'Zr': 4.0, 'O': -2.0}
    """
    if len(counts) == 1:
        return dict.fromkeys(counts, 0.0)
    found = _guess(tuple(sorted(counts.items(), key=lambda item: atomic_numbers[item[0]])))
    return None if found is None else {symbol: found[symbol] for symbol in counts}


@lru_cache(maxsize=64)
def _guess(counts: tuple[tuple[str, float], ...]) -> dict[str, float] | None:
    formal = formal_charges()
    known = {symbol: formal[symbol] for symbol, _ in counts if symbol in formal}
    if len(known) == len(counts) and _is_neutral(counts, known):
        return known
    states = {symbol: _states(symbol) for symbol, _ in counts}
    if not all(states.values()):
        return None
    # No other guess ranks higher than the one in which each element has its most frequent state.
    first = {symbol: max(found, key=lambda state: found[state]) for symbol, found in states.items()}
    if _is_neutral(counts, first):
        return first
    return _of_elements(counts, states) if _n_choices(counts, states) > _MAX_CHOICES else _of_sites(counts)


def _is_neutral(counts: tuple[tuple[str, float], ...], charges: Mapping[str, float]) -> bool:
    return abs(sum(number * charges[symbol] for symbol, number in counts)) < 1e-6


def _states(symbol: str) -> dict[float, float]:
    """Known states of an element and how often each occurs in the ICSD."""
    from pymatgen.core import Composition, Element, Species

    _read_occurrence()
    element = Element(symbol)
    states = element.icsd_oxidation_states or element.common_oxidation_states
    return {float(state): (Composition.oxi_prob or {}).get(Species(symbol, state), 0.0) for state in states}


def _read_occurrence() -> None:
    """Read pymatgen's table of how often states occur with a loader that takes 0.02 s, its own more than one."""
    import yaml
    from pymatgen.core import Composition, Species, composition

    if Composition.oxi_prob is None:
        text = (Path(composition.__file__).parent / "icsd_bv.yaml").read_text(encoding="utf-8")
        table = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        Composition.oxi_prob = {Species.from_str(name): number for name, number in table["occurrence"].items()}


def _n_choices(counts: tuple[tuple[str, float], ...], states: Mapping[str, Mapping[float, float]]) -> float:
    """Ways to give the sites of a formula unit their states."""
    from pymatgen.core import Composition

    reduced = Composition(dict(counts)).reduced_composition.get_el_amt_dict()
    return math.prod(
        math.comb(int(number) + len(states[symbol]) - 1, int(number)) for symbol, number in reduced.items()
    )


def _of_sites(counts: tuple[tuple[str, float], ...]) -> dict[str, float] | None:
    """Return pymatgen's first guess, in which sites of one element may differ."""
    from pymatgen.core import Composition

    reduced = Composition(dict(counts)).reduced_composition
    guesses = reduced.oxi_state_guesses(max_sites=-1 if reduced.num_atoms > 30 else None)
    return {str(symbol): float(state) for symbol, state in guesses[0].items()} if guesses else None


def _of_elements(
    counts: tuple[tuple[str, float], ...], states: Mapping[str, Mapping[float, float]]
) -> dict[str, float] | None:
    """Return the most frequent neutral states, one for all sites of an element."""
    symbols = [symbol for symbol, _ in counts]
    choices = (dict(zip(symbols, chosen, strict=True)) for chosen in product(*(states[symbol] for symbol in symbols)))
    neutral = [charges for charges in choices if _is_neutral(counts, charges)]
    return max(
        neutral,
        key=lambda charges: sum(number * states[symbol][charges[symbol]] for symbol, number in counts),
        default=None,
    )
