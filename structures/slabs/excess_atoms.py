"""Atoms of a slab beyond the proportions of its crystal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ase.data import chemical_symbols

from .stacking import Stacking
from .terminations import Cutting, Termination, cuttings


def cut_counts(stacking: Stacking, cutting: Cutting) -> dict[str, int]:
    """Atoms of each element between the two heights of a cutting, per primitive in-plane cell."""
    indices, _ = stacking.window(cutting.low, cutting.high)
    return dict(Counter(chemical_symbols[number] for number in stacking.numbers[indices]))


def excess_over_bulk(counts: Mapping[str, int], bulk_counts: Mapping[str, int], reference: str) -> dict[str, float]:
    """Atoms of each element beyond the bulk's proportions to the reference element; elements without are left out.

    As ``OpenSurface`` counts it: ``N_i - nu_i N_ref / nu_ref``.
    """
    units = counts.get(reference, 0) / bulk_counts[reference]
    excess = {symbol: counts.get(symbol, 0) - units * number for symbol, number in bulk_counts.items()}
    return {symbol: number for symbol, number in excess.items() if abs(number) > 1e-9}


def excess_reference(stacking: Stacking, terminations: Sequence[Termination], bulk_counts: Mapping[str, int]) -> str:
    """Element whose choice leaves the fewest others, and of these the fewest atoms, in excess over all terminations."""
    found = [cuttings(stacking, terminations, each, min_slab_size=stacking.period)[0] for each in terminations]
    counts = [cut_counts(stacking, cutting) for cutting in found]

    def total(symbol: str) -> tuple[int, float]:
        excesses = [excess_over_bulk(each, bulk_counts, symbol) for each in counts]
        return sum(map(len, excesses)), round(sum(abs(number) for each in excesses for number in each.values()), 6)

    return min(bulk_counts, key=total)
