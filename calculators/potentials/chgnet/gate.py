"""The building blocks of the CHGNet network, each with its gradient written out.

Writing the gradient out instead of leaving it to autograd keeps only what the gradient needs, computes the derivatives
of the activations while their values are at hand, and works through long arrays in pieces that fit the cache: together
twice as fast. Gradients are taken with respect to inputs only; the weights are constants.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ..activations import silu_

if TYPE_CHECKING:
    from torch import Tensor

# Rows worked through at a time on the CPU: 1024 rows of 128 single-precision numbers are half a megabyte.
_ROWS = 1024
_NORM_EPS = 1e-5


class Weights:
    """The tensors of a checkpoint by name, in one precision and on one device."""

    def __init__(self, state: Mapping[str, Tensor], dtype: torch.dtype, device: str) -> None:
        self._state = {key: value.detach().to(device=device, dtype=dtype) for key, value in state.items()}

    def __getitem__(self, name: str) -> Tensor:
        return self._state[name]


@dataclass(frozen=True)
class Linear:
    """x W + b, with W of shape (inputs, outputs), and x W without b."""

    weight: Tensor
    back: Tensor
    bias: Tensor | None

    @classmethod
    def of(cls, weights: Weights, name: str, *, bias: bool = True) -> Linear:
        """Return the layer of this name in the checkpoint."""
        back = weights[f"{name}.weight"].contiguous()
        return cls(back.t().contiguous(), back, weights[f"{name}.bias"] if bias else None)

    @property
    def centred(self) -> Linear:
        """The same less the mean of the outputs, which a layer normalisation behind it takes away."""
        back = self.back - self.back.mean(0)
        return Linear(back.t().contiguous(), back, None if self.bias is None else self.bias - self.bias.mean())

    def __call__(self, x: Tensor) -> Tensor:
        """Return x W + b."""
        return x @ self.weight if self.bias is None else torch.addmm(self.bias, x, self.weight)

    def backward(self, gradient: Tensor) -> Tensor:
        """Return the gradient with respect to x."""
        return gradient @ self.back


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over the last dimension."""

    weight: Tensor
    bias: Tensor

    @classmethod
    def of(cls, weights: Weights, name: str) -> Norm:
        """Return the layer of this name in the checkpoint."""
        return cls(weights[f"{name}.weight"], weights[f"{name}.bias"])

    def __call__(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the output, and what the gradient needs."""
        out, mean, rstd = torch.native_layer_norm(x, self.weight.shape, self.weight, self.bias, _NORM_EPS)
        return out, (x, mean, rstd)

    def backward(self, gradient: Tensor, saved: tuple[Tensor, ...]) -> Tensor:
        """Return the gradient with respect to x."""
        x, mean, rstd = saved
        mask = [True, False, False]
        return torch.ops.aten.native_layer_norm_backward(
            gradient, x, self.weight.shape, mean, rstd, self.weight, self.bias, mask
        )[0]


class Gate:
    """A gated perceptron, silu(core) * sigmoid(gate), its first layer split by what its inputs belong to.

    The first layer of core and gate, of 128 outputs together, is not part of the call: its matrices are ``blocks``,
    one for each kind of input, and its sum is what the call is given. What is normalised has the mean 0 already, by the
    weights of the layer before.

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
        parts = [f"{name}.mlp_core.layers", f"{name}.mlp_gate.layers"]
        first = [Linear.of(weights, f"{part}.{first_layer}") for part in parts]
        last = [Linear.of(weights, f"{part}.{last_layer}").centred for part in parts]
        self.deep = first_layer != last_layer
        if not self.deep:
            first, last = last, []
        back = torch.cat([layer.back for layer in first])
        self.blocks = [Linear(part.t().contiguous(), part.contiguous(), None) for part in back.chunk(n_inputs, dim=1)]
        self.bias = torch.cat([bias for layer in first if (bias := layer.bias) is not None])
        self.last = last
        self.norms = [Norm.of(weights, f"{name}.bn1"), Norm.of(weights, f"{name}.bn2")]

    def forward(self, hidden: Tensor) -> tuple[Tensor, list[tuple[Any, ...]]]:
        """Return the output, shape (M, 64), for the first layer's sum, shape (M, 128), which is overwritten.

        The second value is what the gradient needs.
        """
        out = hidden.new_empty(len(hidden), hidden.shape[1] // 2)
        saved = []
        for rows in _pieces(hidden):
            saved.append(self._forward(hidden[rows], out[rows]))
        return out, saved

    def _forward(self, hidden: Tensor, out: Tensor) -> tuple[Any, ...]:
        half = out.shape[1]
        derivative = None
        if self.deep:
            value, derivative = silu_(hidden)
            core, gate = self.last[0](value[:, :half]), self.last[1](value[:, half:])
        else:
            core, gate = hidden[:, :half].contiguous(), hidden[:, half:].contiguous()
        core, saved_core = self.norms[0](core)
        gate, saved_gate = self.norms[1](gate)
        core, d_core = silu_(core)
        gate = gate.sigmoid_()
        torch.mul(core, gate, out=out)
        d_core.mul_(gate)
        d_gate = torch.addcmul(out, out, gate, value=-1, out=gate)  # s' = s (1 - s)
        return derivative, saved_core, saved_gate, d_core, d_gate

    def backward(self, gradient: Tensor, saved: list[tuple[Any, ...]]) -> Tensor:
        """Return the gradient with respect to the first layer's sum, shape (M, 128)."""
        result = gradient.new_empty(len(gradient), 2 * gradient.shape[1])
        for rows, item in zip(_pieces(gradient), saved, strict=True):
            self._backward(gradient[rows], item, result[rows])
        return result

    def _backward(self, gradient: Tensor, saved: tuple[Any, ...], result: Tensor) -> None:
        derivative, saved_core, saved_gate, d_core, d_gate = saved
        half = gradient.shape[1]
        core = self.norms[0].backward(gradient * d_core, saved_core)
        gate = self.norms[1].backward(gradient * d_gate, saved_gate)
        if self.deep:
            torch.mm(core, self.last[0].back, out=result[:, :half])
            torch.mm(gate, self.last[1].back, out=result[:, half:])
            result.mul_(derivative)
        else:
            result[:, :half] = core
            result[:, half:] = gate


def _pieces(array: Tensor) -> Iterator[slice]:
    step = _ROWS if array.device.type == "cpu" else max(len(array), 1)
    return (slice(start, start + step) for start in range(0, len(array), step))


class Ends:
    """The two ends of P pairs as 2 P rows: row p for the first end of pair p, row P + p for its second end.

    Parameters
    ----------
    first, second
        What the ends of each pair point to, shape (P,), numbers below ``size``.
    size
        How many things they can point to.
    third
        Something else that belongs to each pair, shape (P,), in ascending order; numbers below ``third_size``.
    """

    def __init__(
        self, first: Tensor, second: Tensor, size: int, third: Tensor | None = None, third_size: int = 0
    ) -> None:
        self.n_pairs, self.size, self.third_size = len(first), size, third_size
        self.first, self.second, self.third = first, second, third

    @functools.cached_property
    def near(self) -> Tensor:
        """What each row's own end points to, shape (2 P,)."""
        return torch.cat([self.first, self.second])

    @functools.cached_property
    def _columns(self) -> Tensor:
        columns = [self.near, torch.cat([self.second, self.first]) + self.size]
        if self.third is not None:
            columns.append(torch.cat([self.third, self.third]) + 2 * self.size)
        return torch.stack(columns, dim=1)

    @functools.cached_property
    def _order(self) -> Tensor:
        return torch.argsort(self.near, stable=True)

    @functools.cached_property
    def _starts(self) -> Tensor:
        return _offsets(self.near, self.size)

    def gather(self, *tables: Tensor) -> Tensor:
        """Return for each row the sum of what it and its partner (and the third) point to, shape (2 P, width).

        Parameters
        ----------
        tables
            Values for the row's own end, for its partner's end, shape (size, width), and for the third.
        """
        if self.n_pairs == 0:
            return tables[0].new_zeros(0, tables[0].shape[1])
        return functional.embedding_bag(self._columns, torch.cat(tables), mode="sum")

    def sum_near(self, rows: Tensor) -> Tensor:
        """Sum the rows, shape (2 P, width), by what they point to: shape (size, width)."""
        return _sum(rows, self._order, self._starts)

    def sum_far(self, rows: Tensor) -> Tensor:
        """Sum the rows, shape (2 P, width), by what their partners point to: shape (size, width)."""
        return _sum(rows, (self._order + self.n_pairs) % max(2 * self.n_pairs, 1), self._starts)

    def sum_third(self, rows: Tensor) -> Tensor:
        """Sum the rows, shape (2 P, width), by their third: shape (third_size, width)."""
        assert self.third is not None
        pairs = torch.arange(self.n_pairs, device=rows.device)
        order = torch.stack([pairs, pairs + self.n_pairs], dim=1).flatten()
        return _sum(rows, order, 2 * _offsets(self.third, self.third_size))


def _offsets(targets: Tensor, size: int) -> Tensor:
    counts = torch.bincount(targets, minlength=size)
    return torch.cumsum(counts, 0) - counts


def _sum(rows: Tensor, order: Tensor, offsets: Tensor) -> Tensor:
    # As a look-up of bags of rows in ascending order of target, this is several times faster than index_add.
    if len(rows) == 0:
        return rows.new_zeros(len(offsets), rows.shape[1])
    return functional.embedding_bag(order, rows, offsets, mode="sum")
