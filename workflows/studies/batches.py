"""How many structures one Firework relaxes: enough work that the engine's 15-25 ms do not show."""

from __future__ import annotations

from collections.abc import Sequence

from ..database.candidates import Candidate

# Atoms per batch that make roughly 5-10 s of relaxation on one core; dearer potentials take fewer.
_ATOMS_PER_BATCH = {
    "emt": 2000,
    "chgnet": 100,
    "chgnet-r2scan": 100,
    "7net-0": 30,
    "7net-l3i5": 12,
    "7net-mf-r2scan": 12,
}
_DEFAULT_ATOMS_PER_BATCH = 20


def split_batches(candidates: Sequence[Candidate], model: str) -> list[list[Candidate]]:
    """Split candidates into batches of similar cost, the largest structures first; none is lost or repeated.

    Parameters
    ----------
    candidates
        Structures to relax.
    model
        Name of the potential without its dispersion, which sets how many atoms make a worthwhile batch.
    """
    limit = _ATOMS_PER_BATCH.get(model, _DEFAULT_ATOMS_PER_BATCH)
    batches: list[list[Candidate]] = []
    filled = limit
    for candidate in sorted(candidates, key=lambda item: len(item.atoms), reverse=True):
        if filled + len(candidate.atoms) > limit or not batches:
            batches.append([])
            filled = 0
        batches[-1].append(candidate)
        filled += len(candidate.atoms)
    return batches
