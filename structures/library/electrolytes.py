"""Solid electrolytes by name: model cells of LLTO, thiophosphates, any crystal of the phase library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import InputError, unknown_name
from .llto import cage_edges, checkerboard, layered, vacant
from .phases import get_phase, list_phases

if TYPE_CHECKING:
    from ase import Atoms

_IN_LAYER = 0.1  # of the edge of a cage, from the middle of a layer
_LLTO_CELL = "cell: ICSD 92237, Ibarra et al. 2000, doi 10.1016/S0167-2738(00)00761-X, a = {:g}, c = {:g} Å"


class ElectrolyteError(InputError):
    """An electrolyte that is not known or cannot be built."""


@dataclass(frozen=True)
class Electrolyte:
    """A solid electrolyte: the model cell that stands for it, and where that comes from.

    ``build`` gives the crystal.
    """

    name: str
    description: str
    source: str
    build: Callable[[], Atoms]


def _from_library(name: str, key: str, description: str) -> Electrolyte:
    phase = get_phase(key)
    return Electrolyte(name, description, phase.source, phase.atoms)


def _lithiated() -> Atoms:
    """Fill the vacant site of LLTO with vacancies: the first arrangement whose slabs can have two faces alike."""
    from ..distortions import reversing_operations
    from .lithiation import lithiated

    for one in lithiated(vacant(), 1):
        height = one.atoms.get_scaled_positions()[-1, 2]  # of the lithium that was inserted; the layer is at 0
        if abs(height - round(height)) < _IN_LAYER and reversing_operations(one.atoms, (0, 0, 1)):
            return one.atoms
    raise ElectrolyteError("LLTO-lithiated: no arrangement has two faces alike")


def list_electrolytes() -> list[Electrolyte]:
    """List the electrolytes that have a name of their own."""
    a, _, half_c = cage_edges()
    cell = _LLTO_CELL.format(a, 2 * half_c)
    return [
        Electrolyte(
            "LLTO",
            "La0.5Li0.5TiO3, La and Li alternating in all three directions: every (001) layer is neutral. Model; in "
            "experiment the A sites are nearly random and partly vacant (20 atoms)",
            f"{cell}; the ordering is a model",
            checkerboard,
        ),
        Electrolyte(
            "LLTO-layered",
            "La9Li5Ti16O48, x = 0.104: layers full of La alternate with layers of 1 La, 5 Li and 2 vacancies, ordered "
            "by Ewald energy. Its (001) layers are charged (78 atoms)",
            f"{cell}; the ordering is a model",
            layered,
        ),
        Electrolyte(
            "LLTO-vacancies",
            "La4Li2Ti7O21, that is Li0.29La0.57TiO3 (x = 0.095): one A site of seven is vacant, as in experiment, and "
            "every (001) layer is neutral; ordered by Ewald energy (34 atoms)",
            f"{cell}; the ordering is a model",
            vacant,
        ),
        Electrolyte(
            "LLTO-lithiated",
            "La4Li3Ti7O21: LLTO-vacancies with its vacant A site filled by lithium, one electron in the 3d states of "
            "titanium; of the arrangements with two faces alike the one of least Ewald energy (35 atoms)",
            f"{cell}; the ordering is a model",
            _lithiated,
        ),
        _from_library(
            "Li3PS4-beta", "Li3PS4_beta_ordered", "beta-Li3PS4 with its partly filled Li sites ordered (32 atoms)"
        ),
        _from_library("Li3PS4-gamma", "Li3PS4_gamma", "gamma-Li3PS4, the polymorph of room temperature (16 atoms)"),
    ]


def get_electrolyte(name: str) -> Atoms:
    """Return the crystal of an electrolyte.

    Parameters
    ----------
    name
        A name of :func:`list_electrolytes`, or the key of a phase of the library that can be built.

    Raises
    ------
    ElectrolyteError
        The name is unknown (the nearest is given) or the phase cannot be built.
    """
    named = {electrolyte.name: electrolyte for electrolyte in list_electrolytes()}
    if name in named:
        return named[name].build()
    phases = {phase.key: phase for phase in list_phases()}
    if name not in phases:
        known = [*named, *(key for key, phase in phases.items() if phase.buildable)]
        names = ", ".join(named)
        raise ElectrolyteError(f"{unknown_name('electrolyte', str(name), known)} Named ones: {names}.")
    if not phases[name].buildable:
        raise ElectrolyteError(f"electrolyte {name!r} cannot be built: {phases[name].why_not_buildable}")
    return phases[name].atoms()
