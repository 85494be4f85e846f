"""What the face of a substrate carries under the film: the states that an input may ask for, and how each is built."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ....structures.library.phases import Phase, get_phase
from ....structures.surface_states.checks import check_surface_state
from ....structures.surface_states.hydroxyl import hydroxylated
from ....structures.surface_states.layers import covered_with
from ....structures.surface_states.water import water_covered
from ...database.rows import atoms_of, require_converged
from .cells import Role, hold_bottom

if TYPE_CHECKING:
    from ase import Atoms

    from .study import AnyFilmStudy


class Carried(StrEnum):
    """What the face carries: nothing, dissociated water, a monolayer of water, or a thin layer of a lithium salt."""

    CLEAN = "clean"
    HYDROXYLATED = "hydroxylated"
    WATER = "water"
    LITHIUM_CARBONATE = "lithium-carbonate"
    LITHIUM_HYDROXIDE = "lithium-hydroxide"


# Crystals of the library and the plane of each that lies on the face.
_LAYERS = {
    Carried.LITHIUM_CARBONATE: ("Li2CO3", (0, 0, 1)),
    Carried.LITHIUM_HYDROXIDE: ("LiOH", (0, 0, 1)),
}


_WATER = "ice_XI"


def bulk_of(state: Carried) -> Phase:
    """Return the crystal of what a face carries, the same for water, whole or dissociated; the state is not clean."""
    return get_phase(_LAYERS[state][0] if state in _LAYERS else _WATER)


def elements_of(state: Carried) -> set[str]:
    """Return the elements that a state brings."""
    return set() if state is Carried.CLEAN else set(bulk_of(state).elements)


def build_state(state: Carried, slab: Atoms, crystal: Atoms) -> Atoms:
    """Return the slab with its upper face in that state, not relaxed.

    Parameters
    ----------
    state
        Not ``clean``.
    slab, crystal
        The relaxed slab and the crystal that it was cut from.

    Raises
    ------
    InputError
        The face has no ions that lack neighbours, or the layer does not fit its cell.
    """
    if state is Carried.HYDROXYLATED:
        return hydroxylated(slab, crystal)
    if state is Carried.WATER:
        return water_covered(slab, crystal)
    key, plane = _LAYERS[state]
    return covered_with(slab, get_phase(key).atoms(), plane)


def relax_state(study: AnyFilmStudy, slab: Atoms, crystal: Atoms, termination: str) -> Atoms:
    """Relax the face with what it carries, its lower half held, and return it.

    Raises
    ------
    InputError
        It did not converge, or what it carries did not stay what it was.
    """
    state = study.settings.substrate.surface
    start = hold_bottom(build_state(state, slab, crystal))
    candidate = study.candidate("slab", Role.SLAB, start, f"{termination} slab, {state}", termination=termination)
    relaxed = atoms_of(require_converged(study.calculations(study.potential).relax(candidate)))
    check_surface_state(start, relaxed)
    return relaxed
