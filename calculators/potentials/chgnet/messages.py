"""What a gate gives along pairs: look-ups before it and weighted sums behind it, on torch or as compiled code."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ...native.call import call_kernel, pointer

if TYPE_CHECKING:
    from torch import Tensor

    from .gate import Ends, Gate


class Gradients(NamedTuple):
    """Gradients with respect to what :meth:`Messages.forward` was given; P pairs.

    Attributes
    ----------
    tables
        With respect to each of the tables; empty where they were not asked for.
    pairs
        Of both rows of each pair, shape (2, P, 128).
    weights
        Shape (P, 64); None where there were none.
    """

    tables: tuple[Tensor, ...]
    pairs: Tensor
    weights: Tensor | None


def views(rows: Tensor, count: int = 2) -> Tensor:
    """Return rows of shape (count P, width), one view of P pairs after the other, as (count, P, width)."""
    return rows.view(count, len(rows) // count, rows.shape[1])


class Messages:
    """The outputs of a gate for both rows of each pair, weighed and summed for each end if there are weights.

    Parameters
    ----------
    gate
        The gate.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def forward(
        self, tables: tuple[Tensor, ...], pairs: Tensor, ends: Ends, weights: Tensor | None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Return the sums, shape (size, 64), without weights the rows, shape (2, P, 64); and what the gradient needs.

        Parameters
        ----------
        tables
            Parts of the first layer's sum that belong to a row's own end, to its partner's and to the third.
        pairs
            The part that belongs to the pair, shape (P, 128) or (2, P, 128).
        ends
            What the pairs join.
        weights
            Weights of the pairs, shape (P, 64).
        """
        hidden = ends.gather(*tables)
        views(hidden).add_(pairs)
        rows, saved = self.gate.forward(hidden)
        messages = views(rows)
        if weights is None:
            return messages, (None, saved)
        return ends.sum_near((messages * weights).flatten(0, 1)), (messages, saved)

    def backward(
        self, gradient: Tensor, saved: tuple[Any, ...], ends: Ends, weights: Tensor | None, *, tables: bool = True
    ) -> Gradients:
        """Return the gradients for that of what :meth:`forward` returned; those of the tables if asked for."""
        messages, saved_gate = saved
        g_weights = None
        if weights is not None:
            gradient = gradient.index_select(0, ends.near).view_as(messages)
            g_weights = (gradient * messages).sum(0)
            gradient = gradient.mul_(weights)
        g_hidden = self.gate.backward(gradient.flatten(0, 1), saved_gate)
        near = (ends.sum_near(g_hidden),) if tables else ()
        return Gradients((*near, *self._others(g_hidden, ends, tables)), views(g_hidden), g_weights)

    @staticmethod
    def _others(g_hidden: Tensor, ends: Ends, tables: bool) -> tuple[Tensor, ...]:
        if not tables:
            return ()
        far = ends.sum_far(g_hidden)
        return (far,) if ends.third is None else (far, ends.sum_third(g_hidden))


class _Gate(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p * 2) for name in ("forward", "bias", "back", "weight", "shift")),
        ("deep", ctypes.c_int64),
    ]


class _Rows(ctypes.Structure):
    _fields_ = [
        ("n_pairs", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("offsets", "order", "first", "second", "third")),
    ]


class _Tables(ctypes.Structure):
    _fields_ = [*((name, ctypes.c_void_p) for name in ("near", "far", "third", "pair")), ("views", ctypes.c_int64)]


class CompiledMessages(Messages):
    """The same by the compiled kernel: a few rows at a time go through everything, and stay in the cache meanwhile.

    Parameters
    ----------
    gate
        The gate, in single precision on the CPU.
    library
        The compiled kernels.
    """

    def __init__(self, gate: Gate, library: ctypes.CDLL) -> None:
        super().__init__(gate)
        self._library = library
        layers = [(layer.weight, layer.bias, layer.back) for layer in gate.last] if gate.deep else [(None,) * 3] * 2
        parts = [*zip(*layers, strict=True), *zip(*((norm.weight, norm.bias) for norm in gate.norms), strict=True)]
        self._structure = _Gate(*((ctypes.c_void_p * 2)(*map(pointer, pair)) for pair in parts), int(gate.deep))

    def forward(
        self, tables: tuple[Tensor, ...], pairs: Tensor, ends: Ends, weights: Tensor | None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """See :meth:`Messages.forward`."""
        n_rows, width = 2 * ends.n_pairs, pairs.shape[-1]
        before, hidden = pairs.new_empty(n_rows, width), pairs.new_empty(n_rows if self.gate.deep else 0, width)
        out = pairs.new_empty(n_rows, width // 2) if weights is None else pairs.new_zeros(ends.size, width // 2)
        structures = (self._structure, _rows(ends), _tables(tables, pairs, ends.n_pairs))
        call_kernel(self._library.gate_forward, ends.size, structures, (weights, hidden, before, out))
        return (views(out) if weights is None else out), (hidden, before)

    def backward(
        self, gradient: Tensor, saved: tuple[Any, ...], ends: Ends, weights: Tensor | None, *, tables: bool = True
    ) -> Gradients:
        """See :meth:`Messages.backward`."""
        hidden, before = saved
        g_hidden, g_near = torch.empty_like(before), before.new_zeros(ends.size, before.shape[1])
        g_weights = None if weights is None else weights.new_zeros(2, *weights.shape)
        arrays = (weights, hidden, before, gradient.contiguous(), g_weights, g_near, g_hidden)
        call_kernel(self._library.gate_backward, ends.size, (self._structure, _rows(ends)), arrays)
        near = (g_near,) if tables else ()
        total = None if g_weights is None else g_weights.sum(0)
        return Gradients((*near, *self._others(g_hidden, ends, tables)), views(g_hidden), total)


def _rows(ends: Ends) -> _Rows:
    arrays = (ends.limits, ends.order, ends.first, ends.second, ends.third)
    return _Rows(ends.n_pairs, *map(pointer, arrays))


def _tables(tables: tuple[Tensor, ...], pairs: Tensor, n_pairs: int) -> _Tables:
    near, far, *third = tables
    n_views = len(pairs.flatten(0, -2)) // max(n_pairs, 1)
    return _Tables(*map(pointer, (near, far, third[0] if third else None, pairs)), n_views)
