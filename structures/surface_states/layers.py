"""A thin layer of another crystal on a face, such as lithium carbonate or hydroxide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...arguments import whole_number
from ...errors import InputError
from ..interfaces.cell_matching import match_cells
from ..interfaces.coherent import NoMatchError, flip, stack
from ..interfaces.stacking_offsets import deepest
from ..slabs.planar_frame import join_across_boundary
from ..slabs.slab import Slab, enumerate_slabs, slab_series
from ..tags import ADLAYER, LIQUID
from .hydrogen import keep_vacuum

if TYPE_CHECKING:
    from ase import Atoms

MAX_STRAIN = 0.08  # more than a carbonate or hydroxide would bear, but a skin of a few Å is no crystal of its own
_LOOSEST = 0.3  # strain up to which the best match is looked for, to be named in an error
_THINNEST = 0.5  # Å: the thinnest slab that has the termination


def covered_with(
    slab: Atoms,
    layer_crystal: Atoms,
    miller_index: Sequence[int],
    n_layers: int = 1,
    *,
    max_strain: float = MAX_STRAIN,
    max_area: float = 200.0,
) -> Atoms:
    """Cover the upper face of a slab with a thin layer of another crystal, strained to the cell of the slab.

    Cells are matched and stacked as coherent interfaces are; of the common cells within the strain the smallest is
    taken, and of the registries the deepest.

    Parameters
    ----------
    slab
        Relaxed or not; upright, vacuum along z. It is repeated in the plane where the common cell is larger.
    layer_crystal
        Crystal of the layer; its slab is stoichiometric and, where it can be, nonpolar.
    miller_index
        Plane of the layer that lies on the face, in the cell of ``layer_crystal``.
    n_layers
        1 is the thinnest stoichiometric slab of that plane, 2 the next, and so on.
    max_strain
        Largest relative change of a length of the layer.
    max_area
        Largest area of the common cell, Å^2.

    Returns
    -------
    Atoms
        The slab, then the layer, tagged ``ADLAYER``. Not relaxed; a repeated slab has lost its constraints.

    Raises
    ------
    NoMatchError
        No common cell within ``max_area`` has so little strain; names the best there is.
    InputError
        ``n_layers`` below 1, a strain or area that is not positive, a Miller index that is none, or a plane whose slabs
        are all polar or not stoichiometric.
    """
    whole_number("n_layers", n_layers)
    if not 0 < max_strain <= _LOOSEST or not max_area > 0:
        raise InputError(
            f"max_strain: {max_strain!r}, max_area: {max_area!r} Å^2: give a strain above 0, at most {_LOOSEST:g}, and "
            "an area above 0"
        )
    lower = join_across_boundary(slab)
    layer = _layer(layer_crystal, miller_index, n_layers)
    turned = flip(layer.atoms)
    matches = match_cells(turned, lower, max_area=max_area, max_strain=max_strain)
    if not matches:
        loosest = match_cells(turned, lower, max_area=max_area, max_strain=_LOOSEST)
        best = min(loosest, key=lambda match: match.max_strain, default=None)
        least = (
            f"the best match has a strain of {best.max_strain:.1%} in a cell of {best.area:.0f} Å^2"
            if best is not None
            else "none comes close"
        )
        raise NoMatchError(
            f"{layer.formula} {tuple(miller_index)} on {slab.symbols}: no common cell within max_strain "
            f"{max_strain:.1%} and max_area {max_area:g} Å^2; {least}"
        )
    match = matches[0]
    joined = stack(turned, lower, match)
    return _as_adlayer(deepest(joined, np.array(lower.cell)[:2, :2]), lower)


def _layer(crystal: Atoms, miller_index: Sequence[int], n_layers: int) -> Slab:
    slabs = enumerate_slabs(crystal, miller_index, min_slab_size=_THINNEST, prefer="stoichiometric")
    usable = [each for each in slabs if each.stoichiometric and not each.polar]
    if not usable:
        found = ", ".join(each.termination for each in slabs)
        raise InputError(
            f"miller_index {tuple(miller_index)} of {crystal.symbols}: its slabs ({found}) are all polar or not "
            "stoichiometric; give another plane for the layer"
        )
    best = min(usable, key=lambda each: (not each.symmetric, each.thickness))
    sizes = slab_series(
        crystal,
        miller_index,
        best.termination,
        n_layers,
        bottom_termination=best.bottom_termination,
        min_slab_size=_THINNEST,
        prefer="stoichiometric",
    )
    return sizes[-1]


def _as_adlayer(joined: Atoms, slab: Atoms) -> Atoms:
    """Give the layer its tag, and the cell the height of the slab's vacuum."""
    tags = joined.get_tags()
    joined.set_tags(np.where(tags == LIQUID, ADLAYER, tags))
    cell = np.array(joined.cell)
    bottom, top = slab.positions[:, 2].min(), slab.positions[:, 2].max()
    cell[2, 2] = slab.cell[2, 2]
    joined.positions[:, 2] += bottom - joined.positions[:, 2].min()
    joined.set_cell(cell, scale_atoms=False)
    return keep_vacuum(joined, float(top))
