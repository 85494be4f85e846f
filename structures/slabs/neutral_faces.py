"""Faces without formal charge: which to take where none is named, and what to do where a plane has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..compositions import parse_formula
from ..oxidation_states import oxidation_states
from ..symmetry_tolerances import SYMPREC
from .lattice_planes import MAX_SLAB_ATOMS, check_slab_size, densest_planes
from .planar_frame import planar_area
from .slab import POLAR_CHARGE, POLAR_DIPOLE, Slab, enumerate_slabs

if TYPE_CHECKING:
    from ase import Atoms

_OTHER_PLANES = 8
_SAME_DEPTH = 0.3  # Å


class PolarPlaneError(InputError):
    """A plane of a crystal that has no face without formal charge."""


def neutral_terminations(
    crystal: Atoms, miller_index: Sequence[int], *, min_slab_size: float, symprec: float = SYMPREC
) -> list[str]:
    """Return the terminations of a plane without formal charge: of symmetric slabs, or else of slabs with two faces.

    Parameters
    ----------
    crystal, miller_index, min_slab_size, symprec
        As for :func:`~amalgamics.structures.slabs.slab.enumerate_slabs`.

    Raises
    ------
    PolarPlaneError
        All are polar. The message has each with its charge, what it would have to lose, and planes that are not.
    InputError
        See :func:`~amalgamics.structures.slabs.slab.enumerate_slabs`.

    References
    ----------
    P. W. Tasker, J. Phys. C: Solid State Phys. 12, 4977 (1979), doi:10.1088/0022-3719/12/22/036
    """
    slabs = enumerate_slabs(crystal, miller_index, min_slab_size=min_slab_size, symprec=symprec)
    neutral = [slab for slab in slabs if not slab.polar]
    if neutral:
        return [slab.termination for slab in neutral if slab.symmetric] or [slab.termination for slab in neutral]
    planes = _neutral_planes(crystal, min_slab_size, symprec)
    elsewhere = f"take a plane that has one: {', '.join(planes)}" if planes else "no other plane of low index has one"
    h, k, i = slabs[0].miller_index
    raise PolarPlaneError(
        f"({h} {k} {i}) of {slabs[0].formula} has no nonpolar termination (Tasker type 3, by formal charges). There are"
        f" {'; '.join(_description(slab) for slab in slabs)}. A real face loses these ions, or carries others;"
        f" {elsewhere}, or name a termination, which is computed as it was cut, or with compensated: true without them"
    )


def compensation(slab: Slab) -> tuple[str, float] | None:
    """Return which ion a face of a polar slab has too many of, and how many in its cell.

    Of the ions that carry the sign of the charge, those of the outermost layer go first, then those of least charge:
    lithium rather than lanthanum. On Li2S (100) it is one of the two lithium atoms of the layer.

    Parameters
    ----------
    slab
        With ``face_charge``.

    Returns
    -------
    (str, float) or None
        Element and number; None for a slab that is not polar.
    """
    charges = oxidation_states(slab.bulk_counts)
    if charges is None or slab.face_charge is None:
        return None
    return ion_in_excess(slab.termination, charges, slab.face_charge)


def ion_in_excess(termination: str, charges: Mapping[str, float], face_charge: float) -> tuple[str, float] | None:
    """Return which ion a face has too many of, and how many, from its label and charge; see :func:`compensation`."""
    alike = [symbol for symbol, charge in charges.items() if charge * face_charge > 1e-9]
    if not alike:
        return None
    outermost = parse_formula(termination.partition("-")[0])
    ion = min(alike, key=lambda symbol: (symbol not in outermost, abs(charges[symbol]), symbol))
    return ion, face_charge / charges[ion]


def compensated(slab: Slab) -> Atoms:
    """Return the atoms of a symmetric slab without the ions that its two faces have too many of.

    The outermost of these ions go, as many from either face, spread over the cell: half of the lithium of the faces of
    Li2S (100). A slab that is not polar is returned as it is.

    Raises
    ------
    PolarPlaneError
        The faces differ, or the number of ions in this cell is not whole.

    References
    ----------
    P. W. Tasker, J. Phys. C: Solid State Phys. 12, 4977 (1979), doi:10.1088/0022-3719/12/22/036
    """
    atoms: Atoms = slab.atoms.copy()
    found = compensation(slab)
    if found is None:
        return atoms
    ion, number = found
    h, k, i = slab.miller_index
    title = f"({h} {k} {i}) of {slab.formula}, {slab.termination}"
    if not slab.symmetric:
        raise PolarPlaneError(f"{title}: the two faces differ, so that no ions can be taken from both alike")
    if abs(number - round(number)) > 1e-3:
        cells = next((n for n in range(2, 13) if abs(n * number - round(n * number)) < 1e-3), 0)
        wider = f"; a cell of {cells} times the area has a whole number (min_width)" if cells else ""
        raise PolarPlaneError(
            f"{title}: each face of {slab.area:.1f} Å² has {number:.3g} {ion} too many, no whole number{wider}"
        )
    gone: list[int] = []
    for direction in (1.0, -1.0):
        gone += _outermost(atoms, ion, round(number), direction)
    del atoms[gone]
    return atoms


def _outermost(slab: Atoms, symbol: str, number: int, direction: float) -> list[int]:
    """Indices of the outermost atoms of an element, each as far in the plane from those before as any of its layer."""
    own = np.flatnonzero(slab.symbols == symbol)
    depth = -direction * slab.positions[own, 2]
    taken: list[int] = []
    while len(taken) < number:
        left = [index for index in range(len(own)) if own[index] not in taken]
        layer = [own[index] for index in left if depth[index] < depth[left].min() + _SAME_DEPTH]
        far = [slab.get_distances(index, taken, mic=True).min() if taken else 0.0 for index in layer]
        taken.append(int(layer[int(np.argmax(np.round(far, 6)))]))
    return taken


def polarity_of_series(thin: Atoms, thick: Atoms) -> tuple[dict[str, float], float] | None:
    """Return formal charges and the charge that the upper face must lose, from two slabs of a series.

    The dipole that the layers between bring does not change where faces relax, so relaxed slabs serve as well as cut
    ones.

    Parameters
    ----------
    thin, thick
        Slabs of two thicknesses with the same two faces, under the same vacuum, in upright cells of one base.

    Returns
    -------
    (dict, float) or None
        Charge of each element, and of the upper face, e per cell, 0 where the slabs are not polar; None without formal
        charges.
    """
    small, large = Counter(thin.get_chemical_symbols()), Counter(thick.get_chemical_symbols())
    charges = oxidation_states({symbol: n - small[symbol] for symbol, n in large.items() if n > small[symbol]} or large)
    height = float(thick.cell[2, 2] - thin.cell[2, 2])
    if charges is None or not set(large) <= set(charges) or height <= 0.0:
        return None
    area = planar_area(thick.cell)
    total = sum(charges[symbol] * n for symbol, n in large.items())
    if abs(total) / area > POLAR_CHARGE:
        return charges, 0.5 * total
    polarisation = (_dipole(thick, charges) - _dipole(thin, charges)) / (height * area)
    return charges, polarisation * area if abs(polarisation) > POLAR_DIPOLE else 0.0


def _dipole(slab: Atoms, charges: Mapping[str, float]) -> float:
    """Dipole along z of formal charges without a sum, eÅ."""
    return float(np.array([charges[symbol] for symbol in slab.get_chemical_symbols()]) @ slab.positions[:, 2])


def _description(slab: Slab) -> str:
    """``Li (+1.0 e on 16.3 Å²: 1 Li too many)``."""
    found = compensation(slab)
    excess = "" if found is None else f": {found[1]:.3g} {found[0]} too many"
    return f"{slab.termination} ({slab.face_charge or 0.0:+.3g} e on {slab.area:.1f} Å²{excess})"


def _neutral_planes(crystal: Atoms, min_slab_size: float, symprec: float) -> list[str]:
    """Planes of low index with a neutral face, widest spacing first: ``(1 1 0) LiO``."""
    found = []
    for plane in densest_planes(crystal, _OTHER_PLANES):
        try:
            check_slab_size(crystal, plane, min_slab_size=min_slab_size, max_slab_atoms=MAX_SLAB_ATOMS // 4)
            slabs = enumerate_slabs(crystal, plane, min_slab_size=min_slab_size, symprec=symprec)
        except InputError:
            continue
        face = next((slab.termination for slab in slabs if not slab.polar), None)
        if face is not None:
            h, k, i = plane
            found.append(f"({h} {k} {i}) {face}")
    return found
