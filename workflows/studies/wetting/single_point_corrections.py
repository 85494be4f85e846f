"""What single points with another potential on the same structures change in the parameters of the wetting model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ....thermodynamics.uncertainty import Estimate
from ..films.cells import Role

if TYPE_CHECKING:
    from ....thermodynamics.wetting.lattice_gas import LatticeGas
    from ....thermodynamics.wetting.parameters import WettingParameters
    from ..films.stored import Pair, SinglePoints


def corrected_parameters(base: WettingParameters, points: SinglePoints, potential: str, name: str) -> WettingParameters:
    """Return the parameters with the other potential's differences on the structures of one frame.

    W_ad(0), the states of the interface and those of the dry face are each shifted by what the other potential gives
    for the same structures; means over films and their errors stay those of ``base``. What the single points do not
    hold is said in the label of the correction.
    """
    label = f"single points with {potential} on one frame"
    shift = points.adhesion_shift_J_m2(base.interface.area)
    if shift is None:
        label += ", W_ad(0) not corrected"
    interface = _corrected(base.interface, points.interface, points, label)
    dry = None
    if base.dry_face is not None and points.dry_face and Role.SOLID in points.alone:
        dry = _corrected(base.dry_face, {0: points.alone[Role.SOLID], **points.dry_face}, points, label)
    return replace(
        base,
        name=name,
        work_of_adhesion_J_m2=base.work_of_adhesion_J_m2 + (shift or 0.0),
        interface=interface,
        dry_face=dry,
    )


def shifted(estimate: Estimate, shift: float) -> Estimate:
    """Return the estimate with its mean moved."""
    return replace(estimate, mean=estimate.mean + shift)


def correction_per_state(
    states: Mapping[int, Pair], reference: Pair, counts: Sequence[int]
) -> tuple[list[float], list[int]]:
    """Return what another potential adds to each state's energy, eV, and the states for which that was stretched.

        [E'(n) - E'(0) - n e'] - [E(n) - E(0) - n e],   e = E(film with solute) - E(film)

    States without a single point take the shift of the nearest smaller one that has it, in proportion to their number.

    Parameters
    ----------
    states
        (E, E') by number of solute atoms, 0 included.
    reference
        (e, e').
    counts
        Numbers of solute atoms of the states asked for.
    """
    own, other = (
        {n: pair[side] - states[0][side] - n * reference[side] for n, pair in states.items()} for side in (0, 1)
    )
    known = {n: other[n] - own[n] for n in states}
    shifts, stretched = [], []
    for n in counts:
        nearest = max(m for m in known if m <= n)
        shifts.append(known[nearest] * n / nearest if nearest else 0.0)
        if n not in known:
            stretched.append(n)
    return shifts, stretched


def _corrected(gas: LatticeGas, states: Mapping[int, Pair], points: SinglePoints, label: str) -> LatticeGas:
    film, inside = points.alone[Role.FILM], points.alone[Role.SOLUTE_IN_FILM]
    shifts, stretched = correction_per_state(states, (inside[0] - film[0], inside[1] - film[1]), gas.counts)
    if stretched:
        label += f", that of n = {max(n for n in states if n < stretched[0])} stretched to n = " + ", ".join(
            map(str, stretched)
        )
    return gas.corrected(shifts, label)
