"""One phase of a hull: its composition, energy and volume."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import InputError


@dataclass(frozen=True)
class PhaseEntry:
    """One phase that competes for a place on the hull.

    Attributes
    ----------
    name
        Unique in its hull; tells polymorphs apart.
    formula
        Reduced formula, e.g. ``Li3Hg``.
    composition
        Atoms of each element, per cell or per any other amount (only the ratios matter).
    energy_per_atom
        eV/atom, on one common zero for all entries of a hull (one potential, one dispersion model, one correction
        scheme); a free energy where the hull is meant at a temperature.
    volume_per_atom
        Å^3/atom.
    space_group
        Hermann-Mauguin symbol.
    source
        Where the structure comes from.
    entry_id
        Anything that leads back to the calculation, e.g. its row in a database.

    Raises
    ------
    InputError
        Energy or volume not finite, volume or an amount not positive, empty name or composition.
    """

    name: str
    formula: str
    composition: Mapping[str, float] = field(hash=False)
    energy_per_atom: float
    volume_per_atom: float
    space_group: str = ""
    source: str = ""
    entry_id: str | int | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError(f"phase entry of {self.formula!r}: name is empty; every phase of a hull needs its own")
        if not self.composition:
            raise InputError(f"phase {self.name!r}: composition is empty; give the atoms per cell of each element")
        for element, amount in self.composition.items():
            if not _is_positive(amount):
                raise InputError(f"phase {self.name!r}: composition[{element!r}] is {amount!r}; it must be positive")
        if not _is_finite(self.energy_per_atom):
            raise InputError(f"phase {self.name!r}: energy_per_atom is {self.energy_per_atom!r}; it must be finite")
        if not _is_positive(self.volume_per_atom):
            raise InputError(f"phase {self.name!r}: volume_per_atom is {self.volume_per_atom!r}; it must be positive")

    def fraction(self, element: str) -> float:
        """Return the mole fraction of ``element``, 0 when the phase has none."""
        return self.composition.get(element, 0.0) / math.fsum(self.composition.values())

    @property
    def is_element(self) -> bool:
        """True for a phase of one element only."""
        return len(self.composition) == 1


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except TypeError:
        return False


def _is_positive(number: float) -> bool:
    return _is_finite(number) and number > 0
