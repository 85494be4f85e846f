"""Which sites of a crystal are partly filled or shared, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymatgen.core import Structure

_FULL = 1e-3  # what an occupancy may miss of 1, as in files with 0.3333


def partial_occupancies(structure: Structure) -> list[str]:
    """Describe the sites that are partly filled or shared: one text for each kind, none for an ordered crystal.

    Parameters
    ----------
    structure
        Of any cell.

    Examples
    --------
    >>> from pymatgen.core import Lattice, Structure
    >>> sites = {"Cs": 0.9}, {"Cl": 0.5, "Br": 0.5}
    >>> partial_occupancies(Structure(Lattice.cubic(4.0), sites, [[0, 0, 0], [0.5, 0.5, 0.5]]))
    ['1 of 2 sites: Cs 0.9, empty 0.1', '1 of 2 sites: Br 0.5, Cl 0.5']
    """
    kinds: Counter[str] = Counter()
    for site in structure:
        shares = sorted((str(species), float(share)) for species, share in site.species.items())
        empty = 1.0 - sum(share for _, share in shares)
        if len(shares) > 1 or empty > _FULL:
            shares += [("empty", empty)] if empty > _FULL else []
            kinds[", ".join(f"{name} {share:.4g}" for name, share in shares)] += 1
    return [f"{number} of {len(structure)} sites: {text}" for text, number in kinds.items()]
