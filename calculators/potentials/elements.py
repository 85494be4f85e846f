"""Which elements a potential has learnt, as facts in the code: nothing has to be loaded to refuse an element."""

from __future__ import annotations

from collections.abc import Collection

from ase.data import atomic_numbers, chemical_symbols

_UP_TO_PU = frozenset(chemical_symbols[1:95])

# ASE's EMT has parameters for H, C, N and O too, but only so that adsorbates can be drawn: they are not physics.
EMT = frozenset({"Al", "Ni", "Cu", "Pd", "Ag", "Pt", "Au"})

# The Materials Project trajectories (MPtrj, doi 10.1038/s42256-023-00716-3) hold 89 elements: H to Pu without Po, At,
# Rn, Fr and Ra. SevenNet's checkpoints map exactly these. CHGNet's embedding has 94 rows; those of the missing five
# still have the norm of a random start (8 = sqrt(64), trained rows have 12 to 33) and the fine-tuning to r2SCAN left
# them unchanged to the last bit.
MPTRJ = _UP_TO_PU - {"Po", "At", "Rn", "Fr", "Ra"}

# The r2SCAN data of the Materials Project have no Yb: its row of CHGNet's embedding is the same bit for bit in both
# weights and its r2SCAN reference energy is 0 (6e-14 eV); SevenNet-MF-0 has a shift of exactly 0 for Yb in r2SCAN.
MP_R2SCAN = MPTRJ - {"Yb"}

# Both libraries hold references for H to Lr (actinides: doi 10.1039/D4CP01514B). Asked for heavier ones they return
# zeros, complain, or end the process with a segmentation fault.
D3 = frozenset(chemical_symbols[1:104])
D4 = frozenset(chemical_symbols[1:104])


def describe(elements: Collection[str]) -> str:
    """Name a set of elements briefly, runs of the periodic table as ranges: ``H-Bi, Ac-Pu``."""
    numbers = sorted(atomic_numbers[symbol] for symbol in elements)
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        symbols = [chemical_symbols[number] for number in run]
        parts += [f"{symbols[0]}-{symbols[-1]}"] if len(symbols) > 2 else symbols
    return ", ".join(parts)
