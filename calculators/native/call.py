"""Calling a compiled kernel on torch tensors, its outer loop shared out among threads."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor

# Waking a thread for fewer rounds of the outer loop takes longer than the work.
_ROUNDS_PER_THREAD = 8


def call_kernel(
    kernel: Any, rounds: int, structures: Sequence[ctypes.Structure], arrays: Sequence[Tensor | None]
) -> None:
    """Call ``kernel(start, stop, *structures, *arrays)`` for all rounds, by as many threads as torch would use.

    Parameters
    ----------
    kernel
        Function of the compiled library, whose rounds write apart.
    rounds
        How often its outer loop goes round.
    structures
        Handed on by their addresses.
    arrays
        Contiguous tensors on the CPU, handed on by the addresses of their numbers; None as a null.
    """
    pointers = [*map(ctypes.byref, structures), *(pointer(array) for array in arrays)]

    def part(start: int, stop: int) -> None:
        kernel(ctypes.c_int64(start), ctypes.c_int64(stop), *pointers)

    threads = max(1, min(torch.get_num_threads(), rounds // _ROUNDS_PER_THREAD))
    if threads == 1:
        part(0, rounds)
        return
    bounds = [rounds * k // threads for k in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, bounds[:-1], bounds[1:]))


def pointer(array: Tensor | None) -> ctypes.c_void_p:
    """Return the address of a contiguous tensor's numbers; null for None."""
    if array is None:
        return ctypes.c_void_p(None)
    if not array.is_contiguous():
        raise ValueError("a kernel was given a tensor that is not contiguous")
    return ctypes.c_void_p(array.data_ptr())
