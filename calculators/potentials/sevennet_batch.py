"""SevenNet for several structures at once, as one graph of sevenn's own; energies equal to its ASE calculator's."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from ..groups import consecutive_groups

if TYPE_CHECKING:
    import torch

# sevenn writes stress as xx, yy, zz, xy, yz, zx with the sign of pressure; ASE has xx, yy, zz, yz, xz, xy.
_TO_VOIGT = [0, 1, 2, 4, 5, 3]
# More edges at a time are no faster, and 1000 edges need some 30 MB (7net-0) to 60 MB (7net-l3i5) for the gradient.
_MAX_EDGES = 1000
# The loaded model is shared, and has a state: whether it expects one structure or a batch.
_MODEL_LOCK = threading.Lock()


class SevenNetBatch:
    """Evaluates batches with the model of a :class:`sevenn.calculator.SevenNetCalculator`.

    Parameters
    ----------
    calculator
        The calculator whose model, cutoff and fidelity to use; it stays usable. The weights are frozen.
    """

    def __init__(self, calculator: Any) -> None:
        self._calculator = calculator
        for parameter in calculator.model.parameters():
            parameter.requires_grad_(False)  # else autograd keeps what gradients of the weights would need

    def evaluate_batch(self, structures: Sequence[Atoms]) -> list[dict[str, Any]]:
        """Evaluate several structures together.

        Parameters
        ----------
        structures
            At least one atom each. What calculators they have is left alone.

        Returns
        -------
        list of dict
            For each structure ``energy`` and ``free_energy`` (eV), ``forces`` (eV/Å, shape (N, 3)) and ``stress``
            (eV/Å³, Voigt order, shape (6,)), in double precision.

        Raises
        ------
        ValueError
            A structure has an element that the model does not know.
        """
        for atoms in structures:
            self._calculator.set_atoms(atoms)  # refuses unknown elements
        graphs = [self._graph(atoms) for atoms in structures]
        results: list[dict[str, Any]] = []
        for group in consecutive_groups([graph.edge_index.shape[1] for graph in graphs], _MAX_EDGES):
            results += self._results(structures[group], self._run(graphs[group]))
        return results

    @staticmethod
    def _results(structures: Sequence[Atoms], output: Any) -> list[dict[str, Any]]:
        import sevenn._keys as key  # noqa: PLC2701 - the names of the results stand nowhere else

        energies = _numpy(output[key.PRED_TOTAL_ENERGY]).reshape(len(structures))
        forces = _numpy(output[key.PRED_FORCE])
        stresses = -_numpy(output[key.PRED_STRESS]).reshape(len(structures), 6)[:, _TO_VOIGT]
        results = []
        stop = 0
        for atoms, energy, stress in zip(structures, energies, stresses, strict=True):
            start, stop = stop, stop + len(atoms)
            values = {"energy": float(energy), "free_energy": float(energy)}
            results.append({**values, "forces": forces[start:stop].copy(), "stress": stress.copy()})
        return results

    def _graph(self, atoms: Atoms) -> Any:
        import sevenn._keys as key  # noqa: PLC2701 - the names of the results stand nowhere else
        from sevenn.atom_graph_data import AtomGraphData
        from sevenn.train.dataload import unlabeled_atoms_to_graph

        graph = AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(atoms, self._calculator.cutoff))
        if self._calculator.modal:
            graph[key.DATA_MODALITY] = self._calculator.modal
        return graph

    def _run(self, graphs: list[Any]) -> Any:
        from torch_geometric.loader.dataloader import Collater

        calculator = self._calculator
        batch = Collater([])(graphs).to(calculator.device)
        with _MODEL_LOCK:
            calculator.model.set_is_batch_data(True)
            try:
                return calculator.model(batch)
            finally:
                calculator.model.set_is_batch_data(False)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    found: np.ndarray = tensor.detach().cpu().numpy().astype(np.float64)
    return found
