"""sevenn's modules, run one after the other on pairs of neighbours, with compiled convolutions where it can be."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np
import sevenn._keys as key  # noqa: PLC2701 - the names of what the modules read and write stand nowhere else
import torch

from .convolution import Convolution, Couplings, Geometry, SortedEdges

if TYPE_CHECKING:
    from torch import Tensor

    from ..neighbors import Pairs

_LAST = key.ATOMIC_ENERGY
_MODULES_AFTER = ("reduce_total_enegy", "force_output")  # sums and forces, which are taken here


class Network:
    """Energies of atoms, and their gradients with respect to the vectors between neighbours.

    Parameters
    ----------
    model
        The loaded model, which is used by this network alone.
    modal
        Which of its fidelities, if it has several.
    device
        torch device.
    library
        The compiled kernels, for the CPU alone; None for sevenn's own convolutions.
    """

    def __init__(self, model: Any, modal: str | None, device: str, library: ctypes.CDLL | None) -> None:
        model.eval()
        model.set_is_batch_data(True)
        for parameter in model.parameters():
            parameter.requires_grad_(False)  # else autograd keeps what gradients of the weights would need
        self.device, self.cutoff = device, float(model.cutoff)
        self._type_of = model.z_to_onehot_tensor.to(device)
        self._modal = None if modal is None else int(model.modal_map[modal])
        modules = dict(model.named_children())
        self._embedding = modules.pop("edge_embedding")
        self._modules = {name: module for name, module in modules.items() if name not in _MODULES_AFTER}
        self._convolutions: dict[str, Convolution] = {}
        if library is not None:
            self._compile(library)

    @property
    def compiled(self) -> bool:
        """Whether the convolutions run as compiled code."""
        return bool(self._convolutions)

    def _compile(self, library: ctypes.CDLL) -> None:
        convolutions = {name: module for name, module in self._modules.items() if name.endswith("_convolution")}
        products = [module.convolution for module in convolutions.values()]
        l_features = max(irreps.lmax for product in products for irreps in (product.irreps_in1, product.irreps_out))
        self._couplings = Couplings(products[0].irreps_in2.lmax, l_features)
        self._convolutions = {
            name: Convolution(module, self._couplings, library) for name, module in convolutions.items()
        }

    def knows(self, numbers: np.ndarray) -> np.ndarray:
        """Return for each atomic number whether the model knows the element."""
        types = self._type_of.cpu().numpy()
        within = (numbers > 0) & (numbers < len(types))
        known: np.ndarray = within & (types[np.where(within, numbers, 0)] >= 0)
        return known

    def energies_and_gradients(self, numbers: np.ndarray, structure: np.ndarray, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """Return the energies of the atoms and the gradient of their sum.

        Parameters
        ----------
        numbers, structure
            Atomic number of each atom, and which structure of the batch it is in, shape (N,).
        pairs
            All pairs of neighbours within the cutoff, each once.

        Returns
        -------
        energies, gradient
            eV, shape (N,), and eV/Å with respect to the vector of each pair, shape (P, 3); on the CPU.
        """
        vectors = torch.from_numpy(pairs.vectors.astype(np.float32)).to(self.device).requires_grad_(True)
        with torch.enable_grad():
            energies = self._run(numbers, structure, vectors, pairs)
            gradient = torch.zeros_like(vectors)
            if len(vectors):
                (gradient,) = torch.autograd.grad(energies.sum(), [vectors])
        return energies.detach().cpu(), gradient.cpu()

    def energies(self, numbers: np.ndarray, structure: np.ndarray, pairs: Pairs) -> Tensor:
        """Return the energies of the atoms alone, eV, shape (N,), on the CPU; see :meth:`energies_and_gradients`."""
        vectors = torch.from_numpy(pairs.vectors.astype(np.float32)).to(self.device)
        with torch.no_grad():
            return self._run(numbers, structure, vectors, pairs).cpu()

    def _run(self, numbers: np.ndarray, structure: np.ndarray, vectors: Tensor, pairs: Pairs) -> Tensor:
        data: dict[str, Any] = {
            key.NODE_FEATURE: self._type_of[torch.from_numpy(numbers.astype(np.int64)).to(self.device)],
            key.BATCH: torch.from_numpy(structure).to(self.device),
        }
        if self._modal is not None:
            data[key.MODAL_TYPE] = torch.full((int(structure[-1]) + 1,), self._modal, device=self.device)
        run = self._run_compiled if self.compiled else self._run_modules
        return run(data, vectors, pairs)[:, 0]

    def _run_modules(self, data: dict[str, Any], vectors: Tensor, pairs: Pairs) -> Tensor:
        first, second = (torch.from_numpy(atoms).to(self.device) for atoms in (pairs.first, pairs.second))
        data[key.EDGE_IDX] = torch.stack([torch.cat([first, second]), torch.cat([second, first])])
        data[key.EDGE_VEC] = torch.cat([vectors, -vectors])
        for module in (self._embedding, *self._modules.values()):
            data = module(data)
        energies: Tensor = data[_LAST]
        return energies

    def _run_compiled(self, data: dict[str, Any], vectors: Tensor, pairs: Pairs) -> Tensor:
        length = torch.linalg.norm(vectors, dim=-1)
        harmonics = self._embedding.spherical(vectors)
        couplings = harmonics.detach() @ self._couplings.matrix
        edges = SortedEdges(pairs.first, pairs.second, len(data[key.BATCH]))
        geometry = Geometry(edges, length, harmonics, couplings)
        lengths = length.detach()
        basis, slope = torch.func.jvp(self._radial_basis, (lengths,), (torch.ones_like(lengths),))
        for name, module in self._modules.items():
            convolution = self._convolutions.get(name)
            if convolution is None:
                data = module(data)
            else:
                data[key.NODE_FEATURE] = convolution(data[key.NODE_FEATURE], geometry, convolution.radial(basis, slope))
        energies: Tensor = data[_LAST]
        return energies

    def _radial_basis(self, length: Tensor) -> Tensor:
        values: Tensor = self._embedding.basis_function(length) * self._embedding.cutoff_function(length)[:, None]
        return values
