"""Cuts through buckled layers, for planes that have no other neutral face, such as Al2O3 (001)."""

from __future__ import annotations

from collections.abc import Mapping

from .excess_atoms import cut_counts
from .stacking import Stacking
from .terminations import Cutting, Termination, cuttings, find_terminations


def open_buckled_layers(stacking: Stacking, charges: Mapping[str, float] | None) -> Stacking:
    """Offer cuts through buckled layers where all others leave charged faces.

    Between two oxygen layers of corundum lie two aluminium atoms, 0.5 Å apart along [001]. They are one layer by
    height, and a slab that ends with both or with neither is charged; the neutral slab ends with one of them.

    Parameters
    ----------
    stacking
        The crystal and its cuts between layers.
    charges
        Formal charge of each element, e; None where there are none.

    Returns
    -------
    Stacking
        As given where a cut between layers gives a symmetric slab without charge, or where there are no formal
        charges; else with those cuts through layers that give a symmetric and stoichiometric slab.
    """
    if charges is None or any(_is_neutral(stacking, cut, charges) for cut in _thinnest(stacking).values()):
        return stacking
    divided = stacking.opened_at(stacking.spare_cuts.tolist())
    faces = _thinnest(divided)
    whole = [each for each, cut in faces.items() if cut.symmetric and cut.stoichiometric]
    useful = {cut for each in whole for cut in each.cuts if cut in divided.opened}
    return stacking.opened_at(divided.cuts[sorted(useful)].tolist()) if useful else stacking


def _thinnest(stacking: Stacking) -> dict[Termination, Cutting]:
    terminations = find_terminations(stacking)
    return {each: cuttings(stacking, terminations, each, min_slab_size=stacking.period)[0] for each in terminations}


def _is_neutral(stacking: Stacking, cutting: Cutting, charges: Mapping[str, float]) -> bool:
    charge = sum(number * charges[symbol] for symbol, number in cut_counts(stacking, cutting).items())
    return cutting.symmetric and abs(charge) < 1e-6
