"""CHGNet as a lean evaluator: the same weights and outputs as chgnet's calculator, for one structure or a batch."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from ....errors import InputError, unknown_name
from ...native.library import native_code
from ...native.memory import keep_freed_memory
from ..cards import MODEL_CARDS
from ..lean import LeanCalculator
from ..weights import checked_weights

if TYPE_CHECKING:
    import torch

    from .graph import Graph
    from .layers import Network

LEAN_MODELS = ("chgnet", "chgnet-r2scan")


class LeanCHGNet(LeanCalculator):
    """ASE calculator for CHGNet: energy, free energy, forces, and stress where there is a cell.

    In double precision energies agree with chgnet's, run in double precision, to 1e-6 eV/atom and forces to 5e-6 eV/Å.
    In single precision both round: they differ by 1e-6 eV/atom and 1e-4 eV/Å as a rule, by 1e-5 eV/atom, 4e-4 eV/Å and
    1.4e-5 eV/Å³ at most where many atoms, or perfect symmetry, add that up. Lengths, angles and sums are in double
    precision here. Left-handed cells have the stress of right-handed ones; in chgnet its sign is wrong. There are no
    magnetic moments. The network is loaded once per process and shared.

    Parameters
    ----------
    model
        ``chgnet`` (weights 0.3.0) or ``chgnet-r2scan``.
    device
        torch device of the network.
    dtype
        ``float32``, as in chgnet, or ``float64``.

    Raises
    ------
    InputError
        Unknown model or dtype.
    """

    name = "lean_chgnet"
    max_atoms = 64  # more at a time are no faster, and each needs some 3 MB for the gradient

    def __init__(self, model: str = "chgnet", *, device: str = "cpu", dtype: str = "float32") -> None:
        super().__init__()
        if model not in LEAN_MODELS:
            raise InputError("model: " + unknown_name("CHGNet model", model, LEAN_MODELS))
        if dtype not in ("float32", "float64"):
            raise InputError(f"dtype: {dtype!r} is not allowed; give float32 or float64")
        from .graph import GraphBuilder

        self.model = model
        self._network = load_network(model, device, dtype)
        self._builder = GraphBuilder(self._network.bond_cutoff, self._network.angle_cutoff)

    def evaluate_atoms(self, structures: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return energies of atoms, forces and virials; see :class:`~..lean.LeanCalculator`."""
        graph = self._builder.build(structures)
        energies, d_length, d_angle = self._network.energies_and_gradients(graph)
        return self._with_references(energies, graph), *graph.forces_and_virials(d_length, d_angle)

    def evaluate_energies(self, structures: Sequence[Atoms]) -> np.ndarray:
        """Return the energies of atoms alone, shape (N,), in less than half the time."""
        graph = self._builder.build(structures)
        return self._with_references(self._network.energies(graph), graph)

    def _with_references(self, energies: torch.Tensor, graph: Graph) -> np.ndarray:
        known = self._network.reference_energies[graph.numbers.numpy() - 1]
        return np.asarray(energies.double().numpy() + known)

    def check_elements(self, atoms: Atoms) -> None:
        """Raise InputError for an element that the model has not learnt; its network has numbers for some of them."""
        unknown = sorted(set(atoms.symbols) - (MODEL_CARDS[self.model].elements or set()))
        if unknown:
            raise InputError(f"atoms: {atoms.symbols} has {unknown[0]}, an element that {self.model} does not know")


@functools.cache
def load_network(model: str, device: str = "cpu", dtype: str = "float32") -> Network:
    """Return the network of a CHGNet model, loaded from chgnet's weight file once per process.

    Reading the file directly spares the import of chgnet, which takes three seconds.
    """
    import torch

    from .layers import Network

    path = checked_weights("chgnet", MODEL_CARDS[model].weights or "", MODEL_CARDS[model].sha256)
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)["model"]
    keep_freed_memory()
    library = native_code().library if (dtype, device) == ("float32", "cpu") else None
    return Network(checkpoint, getattr(torch, dtype), device, library)
