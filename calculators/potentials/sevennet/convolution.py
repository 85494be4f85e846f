"""SevenNet's convolution by the compiled kernel: what each atom receives from its neighbours, and the gradient.

The radial weights are functions of the length of an edge alone, so they are worked out once for an edge and its
reverse, together with their derivative; the gradient with respect to the length then needs no second pass through the
radial network.
"""

from __future__ import annotations

import ctypes
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from ...native.call import call_kernel
from ..activations import silu_

if TYPE_CHECKING:
    from torch import Tensor

# As in the kernel: channels come in groups, and no l is larger.
LANES = 16
_MOST_L = 3
_NEGLIGIBLE = 1e-9
_PLACES = ("d1", "d3", "channels", "x", "weight", "out", "coupling", "odd")
_PATH = np.dtype([*((name, "i4") for name in _PLACES), ("scale", "f4")])
_TERM = np.dtype([("m2", "i4"), ("value", "f4")])


class _Edges(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("offsets", "other", "pair", "slot", "sign")]


class _Layout(ctypes.Structure):
    _fields_ = [
        ("paths", ctypes.c_void_p),
        ("n_paths", ctypes.c_int64),
        ("terms", ctypes.c_void_p),
        ("first", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("x", "weight", "out", "coupling", "harmonics")),
    ]


class SortedEdges:
    """Both directions of P pairs of neighbours, sorted by the atoms they lead to, and by those they come from.

    Edge p leads from ``second[p]`` to ``first[p]``, edge P + p the other way.

    Parameters
    ----------
    first, second
        The atoms of each pair, shape (P,).
    n_atoms
        Number of atoms.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, n_atoms: int) -> None:
        self.n_atoms, self.n_pairs = n_atoms, len(first)
        receiver, source = np.concatenate([first, second]), np.concatenate([second, first])
        self._kept: list[np.ndarray] = []
        self.by_receiver = self._sorted(receiver, source)
        self.by_source = self._sorted(source, receiver)

    def _sorted(self, outer: np.ndarray, other: np.ndarray) -> _Edges:
        slot = np.argsort(outer, kind="stable")
        offsets = np.searchsorted(outer[slot], np.arange(self.n_atoms + 1))
        integers = (offsets, other[slot], slot % max(self.n_pairs, 1), slot)
        arrays: list[np.ndarray] = [np.ascontiguousarray(array, dtype=np.int64) for array in integers]
        arrays.append(np.where(slot < self.n_pairs, 1, -1).astype(np.float32))
        self._kept += arrays  # the kernel is given their addresses only
        return _Edges(*(array.ctypes.data for array in arrays))


class Couplings:
    """Clebsch–Gordan coefficients of all paths (l1, l2, l3), as one matrix and as a list of terms.

    The spherical harmonics of an edge times ``matrix``, shape (harmonics, K), are its couplings: for each path in turn,
    which begins at ``start[l1, l2, l3]``, what takes component m1 of the features to m3, with m1 innermost.

    Parameters
    ----------
    l_filter, l_features
        Largest l of the spherical harmonics, and of the features.
    """

    def __init__(self, l_filter: int, l_features: int) -> None:
        from e3nn.o3 import wigner_3j

        columns: list[np.ndarray] = []
        self.start: dict[tuple[int, int, int], int] = {}
        for l1 in range(l_features + 1):
            for l2 in range(l_filter + 1):
                for l3 in range(abs(l1 - l2), min(l1 + l2, l_features) + 1):
                    self.start[l1, l2, l3] = len(columns)
                    coefficients = wigner_3j(l1, l2, l3).double().numpy()
                    for m3, m1 in np.ndindex(2 * l3 + 1, 2 * l1 + 1):
                        column = np.zeros((l_filter + 1) ** 2)
                        column[l2**2 : (l2 + 1) ** 2] = coefficients[m1, :, m3]
                        columns.append(np.where(abs(column) > _NEGLIGIBLE, column, 0))
        terms = [np.flatnonzero(column) for column in columns]
        matrix = np.stack(columns, axis=1)
        self.matrix = torch.from_numpy(matrix.astype(np.float32))
        values = [(m2, column[m2]) for column, own in zip(columns, terms, strict=True) for m2 in own]
        self.terms = np.array(values, dtype=_TERM)
        self.first = np.concatenate([[0], np.cumsum([len(own) for own in terms])]).astype(np.int32)


class Radial(NamedTuple):
    """Radial weights of each pair, and their derivatives with respect to its length, 1/Å; shape (P, W)."""

    weights: Tensor
    slopes: Tensor


class Geometry(NamedTuple):
    """What a convolution sees of P pairs of neighbours.

    Attributes
    ----------
    edges
        Which atoms the pairs join.
    length
        Å, shape (P,).
    harmonics
        Spherical harmonics of their directions, shape (P, harmonics).
    couplings
        These times the matrix of :class:`Couplings`, shape (P, K); without gradient.
    """

    edges: SortedEdges
    length: Tensor
    harmonics: Tensor
    couplings: Tensor


class Convolution:
    """One convolution of a SevenNet model, with the model's radial network.

    Parameters
    ----------
    module
        ``IrrepsConvolution`` of sevenn.
    couplings
        Those of the whole model.
    library
        The compiled kernels.

    Raises
    ------
    ValueError
        The kernel has no code for its number of channels, or for its l.
    """

    def __init__(self, module: Any, couplings: Couplings, library: ctypes.CDLL) -> None:
        self._library = library
        self._radial = _radial_matrices(module.weight_nn)
        product = module.convolution
        inputs, filters, outputs = product.irreps_in1, product.irreps_in2, product.irreps_out
        if any(mul % LANES for mul, _ in inputs) or any(ir.l > _MOST_L for _, ir in (*inputs, *filters, *outputs)):
            raise ValueError(f"there is no kernel for a convolution of {inputs} with {filters}")
        self._paths = _paths(product, couplings, 1 / float(module.denominator))
        width = int(self._paths["channels"].sum())
        sizes = (inputs.dim, width, outputs.dim, couplings.matrix.shape[1], couplings.matrix.shape[0])
        self._couplings = couplings  # the kernel is given the addresses of its arrays only
        addresses = (couplings.terms.ctypes.data, couplings.first.ctypes.data)
        self._layout = _Layout(self._paths.ctypes.data, len(self._paths), *addresses, *sizes)
        self._inside, self._outside = _orders(inputs), _orders(outputs)[::-1]

    def radial(self, basis: Tensor, slope: Tensor) -> Radial:
        """Return the radial weights for the radial basis and its derivative, shape (P, 8) each."""
        both = torch.cat([basis, slope])
        for matrix in self._radial[:-1]:
            both = both @ matrix
            values, tangents = both.chunk(2)
            tangents *= silu_(values)[1]
        return Radial(*(both @ self._radial[-1]).chunk(2))

    def __call__(self, x: Tensor, geometry: Geometry, radial: Radial) -> Tensor:
        """Return what the atoms receive, differentiable with respect to features, spherical harmonics and lengths.

        Parameters
        ----------
        x
            Features of the atoms, in sevenn's order (channels outside), shape (N, ·).
        geometry
            Of the pairs.
        radial
            What :meth:`radial` gave for their lengths.
        """
        inside = _Reorder.apply(x, *self._inside)
        received = _Convolve.apply(inside, geometry.harmonics, geometry.length, self, geometry, radial)
        reordered: Tensor = _Reorder.apply(received, *self._outside)
        return reordered

    def forward(self, x: Tensor, geometry: Geometry, radial: Radial) -> Tensor:
        """Return what the atoms receive; features have the channels inside."""
        received = x.new_zeros(len(x), self._layout.out)
        arrays = (x, geometry.couplings, radial.weights, received)
        call_kernel(self._library.convolve, len(x), (geometry.edges.by_receiver, self._layout), arrays)
        return received

    def backward(
        self, gradient: Tensor, x: Tensor, geometry: Geometry, radial: Radial
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients with respect to features, spherical harmonics and lengths."""
        g_x = torch.zeros_like(x)
        g_harmonics = x.new_empty(2, geometry.edges.n_pairs, self._layout.harmonics)
        g_length = x.new_empty(2, geometry.edges.n_pairs)
        arrays = (x, geometry.couplings, *radial, gradient, g_x, g_harmonics, g_length)
        call_kernel(self._library.convolve_gradient, len(x), (geometry.edges.by_source, self._layout), arrays)
        return g_x, g_harmonics.sum(0), g_length.sum(0)


class _Convolve(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
    """A convolution for autograd; its gradient is worked out by the kernel, too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, _harmonics: Tensor, _length: Tensor, *how: Any) -> Tensor:
        convolution, *rest = ctx.how = how
        ctx.save_for_backward(x)
        return convolution.forward(x, *rest)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        convolution, *rest = ctx.how
        (x,) = ctx.saved_tensors
        return (*convolution.backward(gradient.contiguous(), x, *rest), None, None, None)


class _Reorder(torch.autograd.Function):  # type: ignore[misc]
    """Columns in another order; the gradient is a look-up, too, and no sum."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        ctx.inverse = inverse
        return x.index_select(1, order)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        return gradient.index_select(1, ctx.inverse), None, None


def _paths(product: Any, couplings: Couplings, scale: float) -> np.ndarray:
    """Return the paths of a tensor product of e3nn as the kernel takes them."""
    inputs, outputs = product.irreps_in1, product.irreps_out
    x_at, out_at = ([part.start for part in irreps.slices()] for irreps in (inputs, outputs))
    paths, weight = [], 0
    for instruction in product.instructions:
        (channels, one), two = inputs[instruction.i_in1], product.irreps_in2[instruction.i_in2].ir
        three = outputs[instruction.i_out].ir
        places = (x_at[instruction.i_in1], weight, out_at[instruction.i_out], couplings.start[one.l, two.l, three.l])
        paths.append((one.dim, three.dim, channels, *places, two.l % 2, scale * float(instruction.path_weight)))
        weight += channels
    return np.array(paths, dtype=_PATH)


def _radial_matrices(network: Any) -> list[Tensor]:
    """Return what e3nn's ``FullyConnectedNet`` multiplies by between its silu, with all its normalisations."""
    matrices, factor = [], 1.0
    for layer in network:
        matrices.append(layer.weight * (factor / math.sqrt(layer.h_in * layer.var_in)))
        factor = math.sqrt(layer.var_out)
        if layer.act is not None:
            if layer.act.f is not functional.silu:
                raise ValueError(f"there is no code for radial networks with {layer.act.f}")
            factor *= float(layer.act.cst)
    matrices[-1] = matrices[-1] * factor
    return matrices


def _orders(irreps: Any) -> tuple[Tensor, Tensor]:
    """Return the column of each feature with the channels inside, and the other way round."""
    parts = [np.arange(part.start, part.stop).reshape(mul, ir.dim).T.ravel() for (mul, ir), part in _blocks(irreps)]
    inside = np.concatenate(parts)
    return torch.from_numpy(inside), torch.from_numpy(np.argsort(inside))


def _blocks(irreps: Any) -> list[tuple[Any, slice]]:
    return list(zip(irreps, irreps.slices(), strict=True))
