"""How far a computed crystal is from the published cells and lines of powder patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...reference.powder_lines import MeasuredLine, PowderReference, powder_references
from ..library.phases import get_phase
from ..symmetry import conventional_cell
from .patterns import PowderLine, PowderPattern
from .radiation import DiffractionError, bragg_two_theta

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class LengthComparison:
    """One lattice length: computed and published, Å, and the deviation in % of the published one."""

    name: str
    computed: float
    published: float

    @property
    def deviation_percent(self) -> float:
        """Computed minus published, in % of the published length."""
        return 100.0 * (self.computed / self.published - 1.0)


@dataclass(frozen=True)
class LineComparison:
    """A published line beside its computed one.

    Attributes
    ----------
    published
        The line.
    published_two_theta_deg
        Where it is with the wavelength of the pattern.
    computed
        The computed line with the same indices, else the strongest within the tolerance, with the strongest of the
        pattern at 100; None without one.
    """

    published: MeasuredLine
    published_two_theta_deg: float
    computed: PowderLine | None

    @property
    def shift_deg(self) -> float | None:
        """Computed minus published 2θ."""
        return None if self.computed is None else self.computed.two_theta_deg - self.published_two_theta_deg


def list_powder_references() -> list[PowderReference]:
    """List the phases with a published cell or lines."""
    return list(powder_references().values())


def compare_cell(crystal: Atoms, reference: PowderReference, *, symprec: float | None = None) -> list[LengthComparison]:
    """Return the lattice lengths of the conventional cell of a (relaxed) crystal beside the published ones.

    Parameters
    ----------
    crystal
        In the cell of the phase library, or in another one; its axes are chosen as for a powder pattern.
    reference
        With a cell, of :func:`list_powder_references`.
    symprec
        Tolerance of the space group of ``crystal``, Å, as for a powder pattern.

    Raises
    ------
    DiffractionError
        The reference gives no cell, or the crystal does not have the space group of the phase.
    """
    if not reference.lattice:
        raise DiffractionError(f"{reference.phase}: no cell is published here, only lines")
    cell = conventional_cell(crystal, symprec=symprec, idealise=True)
    expected = get_phase(reference.phase).space_group_number
    if cell.space_group_number != expected:
        raise DiffractionError(
            f"{reference.phase}: the crystal has space group {cell.space_group_number}, not {expected}; "
            "its lattice lengths cannot be compared"
        )
    lengths = dict(zip("abc", np.linalg.norm(cell.lattice, axis=1).tolist(), strict=True))
    return [LengthComparison(name, lengths[name], value) for name, value in reference.lattice.items()]


def compare_lines(
    pattern: PowderPattern, reference: PowderReference | Sequence[MeasuredLine], *, tolerance_deg: float = 0.5
) -> list[LineComparison]:
    """Return each published line within the pattern's range beside the computed one.

    Lines belong together by their indices, wherever a cell that is too large or too small puts them. One that has none
    with its indices, which another choice of axes may change, takes one near its place.

    Parameters
    ----------
    pattern
        Computed lines.
    reference
        Published lines.
    tolerance_deg
        How far in 2θ a computed line without the same indices may be; of several the strongest is taken.

    Raises
    ------
    DiffractionError
        There are no published lines, or the tolerance is not positive.
    """
    published = reference.lines if isinstance(reference, PowderReference) else tuple(reference)
    if not published:
        raise DiffractionError(f"{pattern.name}: no published lines to compare with")
    if not tolerance_deg > 0.0:
        raise DiffractionError(f"{pattern.name}: tolerance_deg is {tolerance_deg!r}; it must be positive")
    computed = pattern.relative_lines()
    low, high = pattern.two_theta_range
    rows = []
    for line in published:
        if 2.0 * line.d < pattern.wavelength:
            continue
        place = bragg_two_theta(line.d, pattern.wavelength)
        if not low <= place <= high:
            continue
        same = [item for item in computed if line.hkl in item.hkl.split("/")]
        near = same or [item for item in computed if abs(item.two_theta_deg - place) <= tolerance_deg]
        best = max(near, key=lambda item: item.intensity) if near else None
        rows.append(LineComparison(line, place, best))
    return rows
