"""Calling a compiled kernel on torch tensors, its outer loop shared out among threads."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

# Waking a thread for fewer rounds of the outer loop takes longer than the work, where each has many neighbours.
ROUNDS_PER_THREAD = 8


class Summed(NamedTuple):
    """A tensor to which any round may add: each thread gets one of its own, and they are added up at the end."""

    array: Tensor


def call_kernel(
    kernel: Any,
    rounds: int,
    structures: Sequence[ctypes.Structure],
    arrays: Sequence[Tensor | Summed | None],
    *,
    rounds_per_thread: int = ROUNDS_PER_THREAD,
) -> None:
    """Call ``kernel(start, stop, *structures, *arrays)`` for all rounds, by as many threads as torch would use.

    Parameters
    ----------
    kernel
        Function of the compiled library. Its rounds write apart, but for what they add to sums.
    rounds
        How often its outer loop goes round.
    structures
        Handed on by their addresses.
    arrays
        Contiguous tensors on the CPU, handed on by the addresses of their numbers; None as a null.
    rounds_per_thread
        No thread is woken for fewer rounds.
    """
    handed = [*map(ctypes.byref, structures)]

    def part(start: int, stop: int, own: Sequence[Tensor | None]) -> None:
        kernel(ctypes.c_int64(start), ctypes.c_int64(stop), *handed, *map(pointer, own))

    threads = max(1, min(torch.get_num_threads(), rounds // rounds_per_thread))
    first = [item.array if isinstance(item, Summed) else item for item in arrays]
    if threads == 1:
        part(0, rounds, first)
        return
    others = [
        [torch.zeros_like(item.array) if isinstance(item, Summed) else item for item in arrays]
        for _ in range(threads - 1)
    ]
    bounds = [rounds * k // threads for k in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, bounds[:-1], bounds[1:], [first, *others]))
    for other in others:
        for item, more in zip(arrays, other, strict=True):
            if isinstance(item, Summed):
                item.array.add_(more)


def pointer(array: Tensor | None) -> ctypes.c_void_p:
    """Return the address of a contiguous tensor's numbers; null for None."""
    if array is None:
        return ctypes.c_void_p(None)
    if not array.is_contiguous():
        raise ValueError("a kernel was given a tensor that is not contiguous")
    return ctypes.c_void_p(array.data_ptr())
