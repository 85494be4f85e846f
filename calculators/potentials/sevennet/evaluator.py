"""SevenNet as a lean evaluator: the same weights and outputs as sevenn's calculator, for one structure or a batch.

The modules are sevenn's own, run one after the other, with three differences. Neighbours come from vesin, each pair
once. The convolutions, nine tenths of the time, run as compiled code where there is a C compiler, and as sevenn's
modules elsewhere. Energies of the atoms are summed in double precision.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from ....errors import InputError, unknown_name
from ...native.library import native_code
from ...native.memory import keep_freed_memory
from ..cards import MODEL_CARDS
from ..lean import LeanCalculator, forces_and_virials
from ..neighbors import PairFinder
from ..silence import silenced
from ..weights import checked_weights

if TYPE_CHECKING:
    from ..neighbors import Pairs
    from .network import Network

LEAN_SEVENNET = tuple(name for name, card in MODEL_CARDS.items() if card.package == "sevenn")


class LeanSevenNet(LeanCalculator):
    """ASE calculator for SevenNet: energy, free energy, forces, and stress where there is a cell.

    Energies per atom agree with sevenn's own calculator to 2e-6 eV, forces to 1e-4 eV/Å, stresses to 1e-5 eV/Å³. The
    network is loaded once per process and shared.

    Parameters
    ----------
    model
        ``7net-0``, ``7net-l3i5`` or ``7net-mf-r2scan``.
    device
        torch device of the network.

    Raises
    ------
    InputError
        Unknown model.
    """

    name = "lean_sevennet"
    max_atoms = 128  # more at a time are no faster, and each needs some 4 MB for the gradient (7net-l3i5 6 MB)

    def __init__(self, model: str = "7net-0", *, device: str = "cpu") -> None:
        super().__init__()
        if model not in LEAN_SEVENNET:
            raise InputError("model: " + unknown_name("SevenNet model", model, LEAN_SEVENNET))
        self.model = model
        self._network = load_network(model, device)
        self._finder = PairFinder(self._network.cutoff)

    def evaluate_atoms(self, structures: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return energies of atoms, forces and virials; see :class:`~..lean.LeanCalculator`."""
        import torch

        numbers, structure, pairs = self._input(structures)
        energies, gradient = self._network.energies_and_gradients(numbers, structure, pairs)
        first, second, vectors, owner = map(torch.from_numpy, pairs)
        sizes = (len(numbers), len(structures))
        return energies.double().numpy(), *forces_and_virials(first, second, owner, vectors, gradient.double(), sizes)

    def evaluate_energies(self, structures: Sequence[Atoms]) -> np.ndarray:
        """Return energies of atoms without their gradient."""
        energies: np.ndarray = self._network.energies(*self._input(structures)).double().numpy()
        return energies

    def _input(self, structures: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray, Pairs]:
        """Return atomic numbers, the structure that each atom is in, and all pairs of neighbours."""
        numbers = np.concatenate([atoms.numbers for atoms in structures])
        structure = np.repeat(np.arange(len(structures)), [len(atoms) for atoms in structures])
        return numbers, structure, self._finder.find(structures)

    def check_elements(self, atoms: Atoms) -> None:
        """Raise InputError for an element that the model does not know."""
        unknown = atoms.symbols[~self._network.knows(atoms.numbers)]
        if len(unknown):
            raise InputError(f"atoms: {atoms.symbols} has {unknown[0]}, an element that {self.model} does not know")


@functools.cache
def load_network(model: str, device: str = "cpu") -> Network:
    """Return the network of a SevenNet model, loaded once per process."""
    from .network import Network

    keep_freed_memory()
    library = native_code().library if device == "cpu" else None
    return Network(new_model(model, device), MODEL_CARDS[model].modal, device, library)


def new_model(model: str, device: str = "cpu") -> Any:
    """Return a SevenNet model as sevenn has it, which nobody else has.

    Raises
    ------
    WeightsNotFoundError
        The weights are not on this machine. Nothing is ever downloaded.
    DamagedWeightsError
        They are another file than the one that is expected.
    """
    path = checked_weights("sevenn", MODEL_CARDS[model].weights or "", MODEL_CARDS[model].sha256)
    with silenced():
        from sevenn.util import load_checkpoint

        return load_checkpoint(str(path)).build_model().to(device)
