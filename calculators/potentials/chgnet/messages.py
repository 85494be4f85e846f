"""What a gate gives along pairs: look-ups before it and weighted sums behind it, on torch or as compiled code."""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING, Any

import torch

from ...native.call import Summed, call_kernel, pointer

if TYPE_CHECKING:
    from torch import Tensor

    from .gate import Ends, Gate

# Waking a thread for fewer takes longer than the work.
_PAIRS_PER_THREAD = 500


class PairWeights:
    """The weights of P pairs, numbers of their own or the products of those of their ends, and their gradient.

    Parameters
    ----------
    values
        Of the pairs, shape (P, 64), or of what their ends point to, shape (size, 64).
    ends
        The ends whose weights are multiplied; None where ``values`` are those of pairs.
    """

    def __init__(self, values: Tensor, ends: Ends | None = None) -> None:
        self.values, self.ends = values, ends

    @functools.cached_property
    def of_pairs(self) -> Tensor:
        """The weights of the pairs, shape (P, 64)."""
        if self.ends is None:
            return self.values
        return self.values.index_select(0, self.ends.first) * self.values.index_select(0, self.ends.second)

    @functools.cached_property
    def gradient(self) -> Tensor:
        """The gradient with respect to ``values``, to which every layer adds."""
        return torch.zeros_like(self.values)

    def add_gradient(self, of_pairs: Tensor) -> None:
        """Add to the gradient what belongs to one of the pairs' weights, shape (P, 64)."""
        if self.ends is not None:
            others = self.values.index_select(0, torch.cat([self.ends.second, self.ends.first]))
            of_pairs = self.ends.sum_near((views(others) * of_pairs).flatten(0, 1))
        self.gradient.add_(of_pairs)


def views(rows: Tensor, count: int = 2) -> Tensor:
    """Return rows of shape (count P, width), one view of P pairs after the other, as (count, P, width)."""
    return rows.view(count, len(rows) // count, rows.shape[1])


class Messages:
    """The outputs of a gate for both rows of each pair, weighed and summed for each end if there are weights.

    Parameters
    ----------
    gate
        The gate.
    of_pair
        Which of its blocks the features of a pair are multiplied by.
    """

    def __init__(self, gate: Gate, of_pair: int) -> None:
        self.gate, self.of_pair = gate, gate.blocks[of_pair]

    def forward(
        self, tables: tuple[Tensor, ...], pairs: Tensor, ends: Ends, weights: PairWeights | None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Return the sums, shape (size, 64), without weights the rows, shape (2, P, 64); and what the gradient needs.

        Parameters
        ----------
        tables
            Parts of the first layer's sum that belong to a row's own end, to its partner's and to the third.
        pairs
            Features of the pairs, shape (1, P, 64), or seen from either end, shape (2, P, 64).
        ends
            What the pairs join.
        weights
            Weights of the pairs.
        """
        hidden = ends.gather(*tables)
        views(hidden).add_(views(self.of_pair(pairs.flatten(0, 1)), len(pairs)))
        rows, saved = self.gate.forward(hidden)
        messages = views(rows)
        if weights is None:
            return messages, (None, saved)
        return ends.sum_near((messages * weights.of_pairs).flatten(0, 1)), (messages, saved)

    def backward(
        self,
        gradient: Tensor,
        g_pairs: Tensor,
        saved: tuple[Any, ...],
        ends: Ends,
        weights: PairWeights | None,
        *,
        tables: bool = True,
    ) -> tuple[Tensor, ...]:
        """Return the gradients of the tables for that of what :meth:`forward` returned; none unless asked for.

        Those of the pairs, in their shape, are added to ``g_pairs``, those of the weights to theirs.
        """
        messages, saved_gate = saved
        if weights is not None:
            gradient = gradient.index_select(0, ends.near).view_as(messages)
            weights.add_gradient((gradient * messages).sum(0))
            gradient = gradient.mul_(weights.of_pairs)
        g_hidden = self.gate.backward(gradient.flatten(0, 1), saved_gate)
        of_views = g_hidden if len(g_pairs) == 2 else views(g_hidden).sum(0)
        g_pairs.flatten(0, 1).addmm_(of_views, self.of_pair.back)
        sums = [ends.sum_near, ends.sum_far, *([] if ends.third is None else [ends.sum_third])] if tables else []
        return tuple(one(g_hidden) for one in sums)


class _Gate(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("pair", "pair_back")),
        *((name, ctypes.c_void_p * 2) for name in ("forward", "bias", "back", "weight", "shift")),
        ("deep", ctypes.c_int64),
    ]


class _Ends(ctypes.Structure):
    _fields_ = [*((name, ctypes.c_void_p) for name in ("first", "second", "third")), ("n_pairs", ctypes.c_int64)]


class _Tables(ctypes.Structure):
    _fields_ = [*((name, ctypes.c_void_p) for name in ("near", "far", "third", "pair")), ("views", ctypes.c_int64)]


class _Weights(ctypes.Structure):
    _fields_ = [("values", ctypes.c_void_p), ("of_ends", ctypes.c_int64)]


class CompiledMessages(Messages):
    """The same by the compiled kernel: a few pairs at a time go through everything, and nothing between is kept.

    Parameters
    ----------
    gate
        The gate, in single precision on the CPU.
    of_pair
        Which of its blocks the features of a pair are multiplied by.
    library
        The compiled kernels.
    """

    def __init__(self, gate: Gate, of_pair: int, library: ctypes.CDLL) -> None:
        super().__init__(gate, of_pair)
        self._library = library
        layers = [(layer.weight, layer.bias, layer.back) for layer in gate.last] if gate.deep else [(None,) * 3] * 2
        parts = [*zip(*layers, strict=True), *zip(*((norm.weight, norm.bias) for norm in gate.norms), strict=True)]
        blocks = (pointer(self.of_pair.weight), pointer(self.of_pair.back))
        self._structure = _Gate(*blocks, *((ctypes.c_void_p * 2)(*map(pointer, two)) for two in parts), int(gate.deep))

    def forward(
        self, tables: tuple[Tensor, ...], pairs: Tensor, ends: Ends, weights: PairWeights | None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """See :meth:`Messages.forward`."""
        pairs = pairs.contiguous()
        if weights is None:
            out = pairs.new_empty(2, *pairs.shape[1:])
            self._call(self._library.gate_forward, tables, pairs, ends, weights, out)
        else:
            out = pairs.new_zeros(ends.size, pairs.shape[-1])
            self._call(self._library.gate_forward, tables, pairs, ends, weights, Summed(out))
        return out, (tables, pairs)

    def backward(
        self,
        gradient: Tensor,
        g_pairs: Tensor,
        saved: tuple[Any, ...],
        ends: Ends,
        weights: PairWeights | None,
        *,
        tables: bool = True,
    ) -> tuple[Tensor, ...]:
        """See :meth:`Messages.backward`."""
        given, pairs = saved
        g_tables = [torch.zeros_like(item) for item in given] if tables else []
        g_weights = None if weights is None else Summed(weights.gradient) if weights.ends else weights.gradient
        to_tables = [*map(Summed, g_tables), *[None] * (3 - len(g_tables))]
        arrays = (gradient.contiguous(), g_weights, g_pairs, *to_tables)
        self._call(self._library.gate_backward, given, pairs, ends, weights, *arrays)
        return tuple(g_tables)

    def _call(
        self,
        kernel: Any,
        tables: tuple[Tensor, ...],
        pairs: Tensor,
        ends: Ends,
        weights: PairWeights | None,
        *arrays: Tensor | Summed | None,
    ) -> None:
        near, far, *third = tables
        structures = (
            self._structure,
            _Ends(*map(pointer, (ends.first, ends.second, ends.third)), ends.n_pairs),
            _Tables(*map(pointer, (near, far, third[0] if third else None, pairs)), len(pairs)),
            _Weights(None, 0) if weights is None else _Weights(pointer(weights.values), weights.ends is not None),
        )
        call_kernel(kernel, ends.n_pairs, structures, arrays, rounds_per_thread=_PAIRS_PER_THREAD)
