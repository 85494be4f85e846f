"""The network of CHGNet 0.3.0 and its r2SCAN retraining, arranged for inference; weights and outputs as in chgnet.

A layer of CHGNet looks up the features of a bond's two atoms (or an angle's two bonds and atom), puts them side by
side, and multiplies by a matrix. Multiplying first, once per atom or bond, and looking up the products gives the same
sum with a fraction of the work. The last update of the angles, which nothing reads, and the magnetic moments are left
out. The network: Deng et al. 2023, doi 10.1038/s42256-023-00716-3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from .chgnet_graph import Graph

# What the code below takes for granted; weights made with anything else are refused.
_ARCHITECTURE: dict[str, Any] = {
    "mlp_first": True,
    "is_intensive": True,
    "update_bond": True,
    "update_angle": True,
    "non_linearity": "silu",
    "gMLP_norm": "layer",
    "readout_norm": "layer",
    "mlp_hidden_dims": [64, 64, 64],
    "angle_layer_hidden_dim": 0,
    "atom_conv_hidden_dim": 64,
    "bond_conv_hidden_dim": 64,
}


class Weights:
    """The tensors of a checkpoint by name, in one precision and on one device."""

    def __init__(self, state: Mapping[str, Tensor], dtype: torch.dtype, device: str) -> None:
        self._state = {key: value.detach().to(device=device, dtype=dtype) for key, value in state.items()}

    def __getitem__(self, name: str) -> Tensor:
        return self._state[name]

    def transposed(self, name: str) -> Tensor:
        """Return a weight matrix as (inputs, outputs), contiguous."""
        return self._state[name].t().contiguous()


@dataclass(frozen=True)
class Linear:
    """x W + b with W of shape (inputs, outputs)."""

    weight: Tensor
    bias: Tensor

    @classmethod
    def of(cls, weights: Weights, name: str) -> Linear:
        return cls(weights.transposed(f"{name}.weight"), weights[f"{name}.bias"])

    def __call__(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x, self.weight)


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over the last dimension."""

    weight: Tensor
    bias: Tensor

    @classmethod
    def of(cls, weights: Weights, name: str) -> Norm:
        return cls(weights[f"{name}.weight"], weights[f"{name}.bias"])

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias)


class Gate:
    """A gated perceptron: silu(core) * sigmoid(gate), its first layer split by what its inputs belong to.

    Parameters
    ----------
    weights
        The checkpoint.
    name
        Name of the layer in it.
    n_inputs
        How many blocks of equal size the input is made of.
    first_layer, last_layer
        Positions of the linear layers; the same where there is just one.
    """

    def __init__(self, weights: Weights, name: str, n_inputs: int, first_layer: int, last_layer: int) -> None:
        core, gate = f"{name}.mlp_core.layers", f"{name}.mlp_gate.layers"
        matrices = [weights[f"{part}.{first_layer}.weight"] for part in (core, gate)]
        blocks = torch.cat(matrices).chunk(n_inputs, dim=1)
        #: one matrix for each block of the input, shape (64, 128): core and gate side by side
        self.blocks = [block.t().contiguous() for block in blocks]
        self.bias = torch.cat([weights[f"{part}.{first_layer}.bias"] for part in (core, gate)])
        self._deep = first_layer != last_layer
        if self._deep:
            self._core, self._gate = Linear.of(weights, f"{core}.{last_layer}"), Linear.of(weights, f"{gate}.{last_layer}")
        self._norms = Norm.of(weights, f"{name}.bn1"), Norm.of(weights, f"{name}.bn2")

    def __call__(self, hidden: Tensor) -> Tensor:
        """Return the output, shape (M, 64), for the summed first layer ``hidden``, shape (M, 128)."""
        if self._deep:
            core, gate = functional.silu(hidden).chunk(2, dim=1)
            core, gate = self._core(core), self._gate(gate)
        else:
            core, gate = hidden.chunk(2, dim=1)
        return functional.silu(self._norms[0](core)) * torch.sigmoid(self._norms[1](gate))


class RadialBasis:
    """Bessel functions times a polynomial that vanishes smoothly at the cutoff (doi 10.48550/arXiv.2003.03123)."""

    def __init__(self, frequencies: Tensor, cutoff: float, power: int) -> None:
        self._frequencies = frequencies
        self._cutoff, self._power = cutoff, power
        p = power
        self._coefficients = -(p + 1) * (p + 2) / 2, p * (p + 2), -p * (p + 1) / 2

    def __call__(self, length: Tensor) -> Tensor:
        """Return the basis, shape (B, 31), for lengths below the cutoff, Å, shape (B,)."""
        x = (length / self._cutoff)[:, None]
        a, b, c = self._coefficients
        envelope = 1 + x**self._power * (a + x * (b + x * c))
        return (math.sqrt(2 / self._cutoff) * envelope / length[:, None]) * torch.sin(self._frequencies * x)


class Network:
    """Energies of the atoms of a graph.

    Parameters
    ----------
    checkpoint
        The ``model`` part of chgnet's weight file: ``state_dict`` and ``model_args``.
    dtype, device
        Precision and place of the computation; chgnet's own is single precision.

    Raises
    ------
    ValueError
        The weights belong to a network of another architecture.
    """

    def __init__(self, checkpoint: Mapping[str, Any], dtype: torch.dtype, device: str) -> None:
        arguments = checkpoint["model_args"]
        for key, value in _ARCHITECTURE.items():
            if arguments.get(key) != value:
                raise ValueError(f"these CHGNet weights have {key} {arguments.get(key)!r}, only {value!r} is implemented")
        if any(name.endswith("mlp_out.layers.1.bias") for name in checkpoint["state_dict"]):
            raise ValueError("these CHGNet weights have a bias in mlp_out, as 0.2.0; only 0.3.0 and r2scan are implemented")
        self.dtype, self.device = dtype, device
        self.bond_cutoff = float(arguments["atom_graph_cutoff"])
        self.angle_cutoff = float(arguments["bond_graph_cutoff"])
        power = int(arguments["cutoff_coeff"])
        n_layers = int(arguments["n_conv"])
        weights = Weights(checkpoint["state_dict"], dtype, device)
        #: reference energies of the elements H to Pu, eV, double precision on the CPU, shape (94,)
        self.reference_energies = checkpoint["state_dict"]["composition_model.fc.weight"][0].double().numpy()
        basis = "bond_basis_expansion.rbf_expansion"
        self._bond_basis = RadialBasis(weights[f"{basis}_ag.frequencies"], self.bond_cutoff, power)
        self._short_basis = RadialBasis(weights[f"{basis}_bg.frequencies"], self.angle_cutoff, power)
        self._angle_frequencies = weights["angle_basis_expansion.fourier_expansion.frequencies"]
        self._embedding = weights["atom_embedding.embedding.weight"]
        self._bond_embedding = weights.transposed("bond_embedding.weight")
        self._bond_weights = weights.transposed("bond_weights_ag.weight")
        self._short_weights = weights.transposed("bond_weights_bg.weight")
        self._angle_embedding = weights.transposed("angle_embedding.weight") / math.sqrt(math.pi)
        self._atom_gates = [Gate(weights, f"atom_conv_layers.{k}.twoBody_atom", 3, 0, 3) for k in range(n_layers)]
        self._atom_out = [weights.transposed(f"atom_conv_layers.{k}.mlp_out.layers.1.weight") for k in range(n_layers)]
        self._bond_gates = [Gate(weights, f"bond_conv_layers.{k}.twoBody_bond", 4, 0, 3) for k in range(n_layers - 1)]
        self._bond_out = [
            weights.transposed(f"bond_conv_layers.{k}.mlp_out.layers.1.weight") for k in range(n_layers - 1)
        ]
        self._angle_gates = [Gate(weights, f"angle_layers.{k}.twoBody_bond", 4, 1, 1) for k in range(n_layers - 2)]
        self._readout_norm = Norm.of(weights, "readout_norm")
        self._readout = [Linear.of(weights, f"mlp.layers.{k}") for k in (0, 2, 4, 7)]

    def energies_and_gradients(self, graph: Graph) -> tuple[Tensor, Tensor, Tensor]:
        """Return energies of the atoms (eV, shape (N,)) and the derivatives of their sum, all on the CPU.

        The derivatives are those with respect to the lengths (eV/Å, shape (B,)) and angles (eV, shape (A,)).
        """
        length = graph.length.to(self.device, self.dtype).requires_grad_()
        angle = graph.angle.to(self.device, self.dtype).requires_grad_()
        with torch.enable_grad():
            energies = self.site_energies(graph, length, angle)
            d_length, d_angle = torch.autograd.grad(
                energies.sum(), [length, angle], allow_unused=True, materialize_grads=True
            )
        return energies.detach().cpu(), d_length.cpu(), d_angle.cpu()

    def site_energies(self, graph: Graph, length: Tensor, angle: Tensor) -> Tensor:
        """Return the energy of every atom without its element's reference, eV, shape (N,)."""
        numbers, first, second, left, right, center = (
            item.to(self.device)
            for item in (graph.numbers, graph.first, graph.second, graph.left, graph.right, graph.center)
        )
        short = slice(graph.n_short)
        bond_basis = self._bond_basis(length)
        atoms = functional.embedding(numbers - 1, self._embedding)
        bonds = bond_basis @ self._bond_embedding
        weights = bond_basis @ self._bond_weights
        short_weights = self._short_basis(length[short]) @ self._short_weights
        has_angles = len(left) > 0
        if has_angles:
            angles = (self._angle_basis(angle) @ self._angle_embedding)[None]
            angle_weights = short_weights[left] * short_weights[right]
        last = len(self._atom_gates) - 1
        for k in range(last + 1):
            atoms = self._update_atoms(k, atoms, bonds, weights, first, second)
            if k == last or not has_angles:
                continue
            bonds_short = self._update_bonds(k, atoms, bonds[short], angles, angle_weights, left, right, center)
            bonds = torch.cat([bonds_short, bonds[graph.n_short :]])
            if k < last - 1:
                angles = angles + self._angle_messages(
                    self._angle_gates[k], atoms, bonds_short, angles, left, right, center
                )
        hidden = self._readout_norm(atoms)
        for layer in self._readout[:-1]:
            hidden = functional.silu(layer(hidden))
        return self._readout[-1](hidden)[:, 0]

    def _angle_basis(self, angle: Tensor) -> Tensor:
        """Return the Fourier basis of the angles, shape (A, 31), times the square root of pi."""
        product = angle[:, None] * self._angle_frequencies
        constant = torch.full_like(angle, 1 / math.sqrt(2))[:, None]
        return torch.cat([constant, torch.sin(product), torch.cos(product)], dim=1)

    def _update_atoms(
        self, k: int, atoms: Tensor, bonds: Tensor, weights: Tensor, first: Tensor, second: Tensor
    ) -> Tensor:
        gate = self._atom_gates[k]
        near = torch.addmm(gate.bias, atoms, gate.blocks[0])
        far = atoms @ gate.blocks[2]
        middle = bonds @ gate.blocks[1]
        hidden = torch.cat([near[first] + far[second] + middle, near[second] + far[first] + middle])
        messages = gate(hidden).view(2, -1, weights.shape[1]) * weights
        total = torch.zeros_like(atoms).index_add(0, first, messages[0]).index_add(0, second, messages[1])
        return torch.addmm(atoms, total, self._atom_out[k])

    def _update_bonds(
        self,
        k: int,
        atoms: Tensor,
        bonds: Tensor,
        angles: Tensor,
        angle_weights: Tensor,
        left: Tensor,
        right: Tensor,
        center: Tensor,
    ) -> Tensor:
        messages = self._angle_messages(self._bond_gates[k], atoms, bonds, angles, left, right, center) * angle_weights
        total = torch.zeros_like(bonds).index_add(0, left, messages[0]).index_add(0, right, messages[1])
        return torch.addmm(bonds, total, self._bond_out[k])

    @staticmethod
    def _angle_messages(
        gate: Gate, atoms: Tensor, bonds: Tensor, angles: Tensor, left: Tensor, right: Tensor, center: Tensor
    ) -> Tensor:
        """Return a gate's output for each angle from its left and its right bond, shape (2, A, 64).

        ``angles`` has shape (2, A, 64), or (1, A, 64) while both directions are still equal.
        """
        to, of = bonds @ gate.blocks[0], bonds @ gate.blocks[1]
        at = torch.addmm(gate.bias, atoms, gate.blocks[3])
        shared = (angles.flatten(0, 1) @ gate.blocks[2]).view(*angles.shape[:2], -1) + at[center]
        pair = torch.stack([to[left] + of[right], to[right] + of[left]])
        return gate((pair + shared).flatten(0, 1)).view(2, len(left), -1)
