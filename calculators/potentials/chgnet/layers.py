"""The network of CHGNet 0.3.0 and its r2SCAN retraining, arranged for inference; weights and outputs as in chgnet.

A layer of CHGNet looks up the features of a bond's two atoms (or an angle's two bonds and atom), puts them side by
side, and multiplies by a matrix. Multiplying first, once per atom or bond, and looking up the products gives the same
sum with a fraction of the work. The last update of the angles, which nothing reads, and the magnetic moments are left
out. The network: Deng et al. 2023, doi 10.1038/s42256-023-00716-3.

Shapes: N atoms, B bonds (the first b of them short enough for angles), A angles; features have 64 numbers.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from ..activations import silu_
from .gate import Ends, Gate, Linear, Norm, Weights
from .messages import CompiledMessages, Messages, PairWeights

if TYPE_CHECKING:
    from torch import Tensor

    from .graph import Graph

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


class RadialBasis:
    """Bessel functions times a polynomial that vanishes smoothly at the cutoff (doi 10.48550/arXiv.2003.03123)."""

    def __init__(self, frequencies: Tensor, cutoff: float, power: int) -> None:
        self.frequencies = frequencies
        self._cutoff, self._power = cutoff, power

    def __call__(self, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return the basis and its derivative, shape (B, 31), for lengths below the cutoff, Å, shape (B,)."""
        p, cutoff = self._power, self._cutoff
        a, b, c = -(p + 1) * (p + 2) / 2, p * (p + 2), -p * (p + 1) / 2
        x = (length / cutoff)[:, None]
        # In terms of x both have the factor sqrt(2 / cutoff) / cutoff.
        envelope = (1 + x**p * (a + x * (b + x * c))) / x
        slope = x ** (p - 1) * (a * p + x * (b * (p + 1) + x * (c * (p + 2))))
        d_envelope = (slope - envelope) / x
        factor = math.sqrt(2 / cutoff) / cutoff
        phase = self.frequencies * x
        sine = torch.sin(phase)
        cosine = phase.cos_().mul_(self.frequencies)
        basis = sine * (factor * envelope)
        derivative = (sine * d_envelope).addcmul_(cosine, envelope).mul_(factor / cutoff)
        return basis, derivative


class AtomLayer:
    """Updates the features of the atoms with messages along the bonds."""

    def __init__(self, weights: Weights, name: str, library: ctypes.CDLL | None) -> None:
        self._messages = _messages(Gate(weights, f"{name}.twoBody_atom", 3, 0, 3), 1, library)
        self._out = Linear.of(weights, f"{name}.mlp_out.layers.1", bias=False)

    def forward(
        self, atoms: Tensor, bonds: Tensor, ends: Ends, bond_weights: PairWeights
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Return the new features of the atoms, and what the gradient needs."""
        near, _, far = self._messages.gate.blocks
        tables = (torch.addmm(self._messages.gate.bias, atoms, near.weight), far(atoms))
        total, saved = self._messages.forward(tables, bonds[None], ends, bond_weights)
        return torch.addmm(atoms, total, self._out.weight), saved

    def backward(
        self,
        g_atoms: Tensor,
        g_bonds: Tensor,
        saved: tuple[Any, ...],
        ends: Ends,
        bond_weights: PairWeights,
        *,
        atoms_too: bool,
    ) -> Tensor:
        """Return the gradient with respect to atoms (not updated unless ``atoms_too``); add to that of the bonds."""
        near, _, far = self._messages.gate.blocks
        g_total = self._out.backward(g_atoms)
        tables = self._messages.backward(g_total, g_bonds[None], saved, ends, bond_weights, tables=atoms_too)
        if not atoms_too:
            return g_atoms
        g_near, g_far = tables
        return torch.addmm(torch.addmm(g_atoms, g_near, near.back), g_far, far.back)


class AngleMessages:
    """Messages for each angle, seen from its one and from its other bond.

    The features of the angles have the shape (2, A, 64), or (1, A, 64) while both views are still the same.
    """

    def __init__(
        self, weights: Weights, name: str, first_layer: int, last_layer: int, library: ctypes.CDLL | None
    ) -> None:
        self._messages = _messages(Gate(weights, name, 4, first_layer, last_layer), 2, library)

    def forward(
        self, atoms: Tensor, bonds: Tensor, angles: Tensor, ends: Ends, weights: PairWeights | None = None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Return the messages, shape (2, A, 64), or their weighted sums for each bond, and what the gradient needs."""
        near, far, _, center = self._messages.gate.blocks
        tables = (near(bonds), far(bonds), torch.addmm(self._messages.gate.bias, atoms, center.weight))
        messages, saved = self._messages.forward(tables, angles, ends, weights)
        return messages, (angles.shape, saved)

    def backward(
        self,
        gradient: Tensor,
        g_angles: Tensor | None,
        saved: tuple[Any, ...],
        ends: Ends,
        weights: PairWeights | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients with respect to atoms, bonds and angles, the last added to ``g_angles``."""
        near, far, _, center = self._messages.gate.blocks
        shape, saved_messages = saved
        if g_angles is None:
            g_angles = gradient.new_zeros(shape)
        elif len(g_angles) > shape[0]:  # both views of the angles were still the same
            g_angles = g_angles.sum(0, keepdim=True)
        g_near, g_far, g_third = self._messages.backward(gradient, g_angles, saved_messages, ends, weights)
        return center.backward(g_third), torch.addmm(near.backward(g_near), g_far, far.back), g_angles


def _messages(gate: Gate, of_pair: int, library: ctypes.CDLL | None) -> Messages:
    return Messages(gate, of_pair) if library is None else CompiledMessages(gate, of_pair, library)


class Readout:
    """The energy of an atom from its features."""

    def __init__(self, weights: Weights) -> None:
        self._norm = Norm.of(weights, "readout_norm")
        self._layers = [Linear.of(weights, f"mlp.layers.{k}") for k in (0, 2, 4)]
        self._last = Linear.of(weights, "mlp.layers.7")

    def energies_and_gradient(self, atoms: Tensor) -> tuple[Tensor, Tensor]:
        """Return the energies, eV, shape (N,), and the gradient of their sum with respect to the features."""
        hidden, saved = self._norm(atoms)
        derivatives = []
        for layer in self._layers:
            hidden, derivative = silu_(layer(hidden))
            derivatives.append(derivative)
        energies = self._last(hidden)[:, 0]
        gradient = self._last.back
        for layer, derivative in zip(reversed(self._layers), reversed(derivatives), strict=True):
            gradient = layer.backward(gradient * derivative)
        return energies, self._norm.backward(gradient, saved)


class Network:
    """Energies of the atoms of a graph, and their gradients.

    Parameters
    ----------
    checkpoint
        The ``model`` part of chgnet's weight file: ``state_dict`` and ``model_args``.
    dtype, device
        Precision and place of the computation; chgnet's own is single precision.
    library
        The compiled kernels, for single precision on the CPU; None to run on torch.

    Raises
    ------
    ValueError
        The weights belong to a network of another architecture.
    """

    def __init__(
        self, checkpoint: Mapping[str, Any], dtype: torch.dtype, device: str, library: ctypes.CDLL | None = None
    ) -> None:
        arguments, state = checkpoint["model_args"], checkpoint["state_dict"]
        _check_architecture(arguments, state)
        self.dtype, self.device = dtype, device
        self.bond_cutoff = float(arguments["atom_graph_cutoff"])
        self.angle_cutoff = float(arguments["bond_graph_cutoff"])
        power, n = int(arguments["cutoff_coeff"]), int(arguments["n_conv"])
        weights = Weights(state, dtype, device)
        #: reference energies of the elements H to Pu, eV, in double precision, shape (94,)
        self.reference_energies = state["composition_model.fc.weight"][0].double().numpy()
        basis = "bond_basis_expansion.rbf_expansion"
        self.bond_basis = RadialBasis(weights[f"{basis}_ag.frequencies"], self.bond_cutoff, power)
        self.short_basis = RadialBasis(weights[f"{basis}_bg.frequencies"], self.angle_cutoff, power)
        self.frequencies = weights["angle_basis_expansion.fourier_expansion.frequencies"]
        self.atom_embedding = weights["atom_embedding.embedding.weight"]
        self.bond_embedding = Linear.of(weights, "bond_embedding", bias=False)
        self.bond_weights = Linear.of(weights, "bond_weights_ag", bias=False)
        self.short_weights = Linear.of(weights, "bond_weights_bg", bias=False)
        self.angle_embedding = Linear.of(weights, "angle_embedding", bias=False)
        self.atom_layers = [AtomLayer(weights, f"atom_conv_layers.{k}", library) for k in range(n)]
        bond_layers = [f"bond_conv_layers.{k}" for k in range(n - 1)]
        self.bond_messages = [AngleMessages(weights, f"{name}.twoBody_bond", 0, 3, library) for name in bond_layers]
        self.bond_out = [Linear.of(weights, f"{name}.mlp_out.layers.1", bias=False) for name in bond_layers]
        self.angle_updates = [
            AngleMessages(weights, f"angle_layers.{k}.twoBody_bond", 1, 1, library) for k in range(n - 2)
        ]
        self.readout = Readout(weights)

    def energies(self, graph: Graph) -> Tensor:
        """Return the energies of :meth:`energies_and_gradients` alone, in less than half the time."""
        with torch.inference_mode():
            return _Pass(self, graph).energies().cpu()

    def energies_and_gradients(self, graph: Graph) -> tuple[Tensor, Tensor, Tensor]:
        """Return energies of the atoms without their elements' references, and the derivatives of their sum.

        Parameters
        ----------
        graph
            Bonds and angles of one or more structures.

        Returns
        -------
        energies, d_length, d_angle
            eV, shape (N,); eV/Å, shape (B,); eV, shape (A,); on the CPU.
        """
        with torch.inference_mode():
            energies, d_length, d_angle = _Pass(self, graph).run()
            return energies.cpu(), d_length.cpu(), d_angle.cpu()


class _Pass:
    """One evaluation of the network and its gradient."""

    def __init__(self, network: Network, graph: Graph) -> None:
        self.net, device = network, network.device
        self.length = graph.length.to(device, network.dtype)
        self.angle = graph.angle.to(device, network.dtype)
        self.numbers = graph.numbers.to(device)
        self.n_short = graph.n_short
        n_atoms = len(self.numbers)
        self.bond_ends = Ends(graph.first.to(device), graph.second.to(device), n_atoms)
        angles = (graph.left.to(device), graph.right.to(device), graph.n_short, graph.center.to(device))
        self.angle_ends = Ends(*angles, n_atoms)

    def energies(self) -> Tensor:
        self._embed()
        return self.net.readout.energies_and_gradient(self._forward())[0]

    def run(self) -> tuple[Tensor, Tensor, Tensor]:
        self._embed()
        energies, g_atoms = self.net.readout.energies_and_gradient(self._forward())
        self._backward(g_atoms)
        return energies, *self._embedding_gradients()

    def _embed(self) -> None:
        net = self.net
        self.bond_basis, self.d_bond_basis = net.bond_basis(self.length)
        short_basis, self.d_short_basis = net.short_basis(self.length[: self.n_short])
        self.atoms = net.atom_embedding[self.numbers - 1]
        self.bonds = net.bond_embedding(self.bond_basis)
        self.bond_weights = PairWeights(net.bond_weights(self.bond_basis))
        self.angle_weights = PairWeights(net.short_weights(short_basis), self.angle_ends)
        phase = self.angle[:, None] * net.frequencies
        self.sine, self.cosine = torch.sin(phase), torch.cos(phase)
        constant = torch.full_like(self.angle, math.sqrt(0.5))[:, None]
        basis = torch.cat([constant, self.sine, self.cosine], dim=1).mul_(1 / math.sqrt(math.pi))
        self.angles = net.angle_embedding(basis)[None]

    def _forward(self) -> Tensor:
        """Return the features of the atoms after the last layer; remember what the gradient needs."""
        net, last = self.net, len(self.net.atom_layers) - 1
        atoms, bonds, angles = self.atoms, self.bonds, self.angles
        self.saved_atoms: list[tuple[Any, ...]] = []
        self.saved_bonds: list[tuple[Any, ...]] = []
        self.saved_angles: list[tuple[Any, ...]] = []
        for k, layer in enumerate(net.atom_layers):
            atoms, saved_atom = layer.forward(atoms, bonds, self.bond_ends, self.bond_weights)
            self.saved_atoms.append(saved_atom)
            if k == last:
                break
            bonds = bonds.clone()  # the gradient needs those of before
            short = bonds[: self.n_short]
            total, saved = net.bond_messages[k].forward(atoms, short, angles, self.angle_ends, self.angle_weights)
            self.saved_bonds.append(saved)
            short.addmm_(total, net.bond_out[k].weight)
            if k < last - 1:
                update, saved_angle = net.angle_updates[k].forward(atoms, short, angles, self.angle_ends)
                self.saved_angles.append(saved_angle)
                angles = update.add_(angles)
        return atoms

    def _backward(self, g_atoms: Tensor) -> None:
        """Set the gradients with respect to the embedded bonds and angles; their weights have theirs."""
        net, last = self.net, len(self.net.atom_layers) - 1
        self.g_bonds = torch.zeros_like(self.bonds)
        g_short, g_angles = self.g_bonds[: self.n_short], None
        for k in range(last, -1, -1):
            if k < last - 1:
                assert g_angles is not None
                more_atoms, more_bonds, g_angles = net.angle_updates[k].backward(
                    g_angles, g_angles, self.saved_angles[k], self.angle_ends
                )
                g_atoms = g_atoms + more_atoms
                g_short += more_bonds
            if k < last:
                g_total = net.bond_out[k].backward(g_short)
                more_atoms, more_bonds, g_angles = net.bond_messages[k].backward(
                    g_total, g_angles, self.saved_bonds[k], self.angle_ends, self.angle_weights
                )
                g_atoms = g_atoms + more_atoms
                g_short += more_bonds
            g_atoms = net.atom_layers[k].backward(
                g_atoms, self.g_bonds, self.saved_atoms[k], self.bond_ends, self.bond_weights, atoms_too=k > 0
            )
        self.g_angles = self.angles.new_zeros(self.angles.shape[1:]) if g_angles is None else g_angles[0]

    def _embedding_gradients(self) -> tuple[Tensor, Tensor]:
        """Return the gradients with respect to lengths and angles."""
        net = self.net
        g_basis = net.bond_embedding.backward(self.g_bonds) + net.bond_weights.backward(self.bond_weights.gradient)
        d_length = (g_basis * self.d_bond_basis).sum(1)
        g_short_basis = net.short_weights.backward(self.angle_weights.gradient)
        d_length[: self.n_short] += (g_short_basis * self.d_short_basis).sum(1)
        g_angle_basis = net.angle_embedding.backward(self.g_angles)
        half = len(net.frequencies)
        d_phase = g_angle_basis[:, 1 : half + 1] * self.cosine - g_angle_basis[:, half + 1 :] * self.sine
        d_angle = (d_phase * net.frequencies).sum(1) / math.sqrt(math.pi)
        return d_length, d_angle


def _check_architecture(arguments: Mapping[str, Any], state: Mapping[str, Tensor]) -> None:
    for key, value in _ARCHITECTURE.items():
        if arguments.get(key) != value:
            raise ValueError(f"these CHGNet weights have {key} {arguments.get(key)!r}, only {value!r} is implemented")
    if any(name.endswith("mlp_out.layers.1.bias") for name in state):
        raise ValueError("these CHGNet weights have a bias in mlp_out, as in 0.2.0; only 0.3.0 and r2scan will do")
