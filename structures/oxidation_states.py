"""Oxidation states, where a composition tells them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ase.data import atomic_numbers

from ..reference.metals import oxidation_state

# Their states the composition alone would leave to a guess among several.
_OF_PEROVSKITES = ("La", "Li", "Ti", "O")


def formal_charges() -> dict[str, float]:
    """Return the oxidation states of the elements of LLTO."""
    return {symbol: float(oxidation_state(symbol)) for symbol in _OF_PEROVSKITES}


def oxidation_states(counts: Mapping[str, float]) -> dict[str, float] | None:
    """Guess the oxidation state of each element from the composition alone.

    The most common states that add up to zero, as ranked by pymatgen; zero for an element on its own.

    Parameters
    ----------
    counts
        Atoms of each element; only their ratios matter.

    Returns
    -------
    dict or None
        Charge in e of each element; None where no combination of known states is neutral, as in most intermetallics.
    """
    if len(counts) == 1:
        return dict.fromkeys(counts, 0.0)
    return _guess(tuple(sorted(counts.items(), key=lambda item: atomic_numbers[item[0]])))


@lru_cache(maxsize=64)
def _guess(counts: tuple[tuple[str, float], ...]) -> dict[str, float] | None:
    formal = formal_charges()
    known = {symbol: formal[symbol] for symbol, _ in counts if symbol in formal}
    if len(known) == len(counts) and abs(sum(number * known[symbol] for symbol, number in counts)) < 1e-6:
        return known
    from pymatgen.core import Composition

    reduced = Composition(dict(counts)).reduced_composition
    guesses = reduced.oxi_state_guesses(max_sites=-1 if reduced.num_atoms > 30 else None)
    return {str(symbol): float(state) for symbol, state in guesses[0].items()} if guesses else None
