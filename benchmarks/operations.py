"""Counting what an evaluation does: floating-point operations of matrix products and kernels, and where time goes."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ..calculators.native import call
from ..calculators.native.library import compile_sources, find_compiler
from ..calculators.potentials.chgnet import messages
from ..calculators.potentials.sevennet import convolution

_PEAK = Path(__file__).with_name("peak.c")
_PRODUCTS = ("aten::mm", "aten::addmm", "aten::addmm_", "aten::bmm", "aten::baddbmm")
_IN_PLACE = {getattr(torch.ops.aten, f"{name}_"): getattr(torch.ops.aten, name) for name in ("addmm", "baddbmm")}
"""What adds to its first argument, of which torch's registry does not know that it is the same work."""
_LOOKUPS = ("embedding_bag", "index", "scatter", "gather", "sort", "cat", "copy_", "fill_", "zero_")


class CountedProducts(TorchDispatchMode):
    """Counts what torch's registry of operations has a formula for; its own counter fails on gradients of leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: int = 0

    def __torch_dispatch__(self, function: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation of torch, and count it."""
        kwargs = kwargs or {}
        formula = flop_registry.get(_IN_PLACE.get(function._overloadpacket, function._overloadpacket))
        if formula is None:
            with self:  # such as matmul, which in inference comes whole
                parts = function.decompose(*args, **kwargs)
            return function(*args, **kwargs) if parts is NotImplemented else parts
        result = function(*args, **kwargs)
        self.operations += int(formula(*args, **kwargs, out_val=result))
        return result


def matrix_products(run: Callable[[], Any]) -> int:
    """Return the floating-point operations of torch's matrix products in one call."""
    with CountedProducts() as counter:
        run()
    operations: int = counter.operations
    return operations


def convolution_operations(paths: Any, n_pairs: int) -> int:
    """Return the floating-point operations of a compiled convolution and its gradient.

    Parameters
    ----------
    paths
        Its table of paths.
    n_pairs
        Pairs of neighbours, each of which is two edges.
    """
    d1, d3, channels = (paths[name].astype(int) for name in ("d1", "d3", "channels"))
    forward, backward = (d1 + 1) * d3 * channels, (3 * d1 + 3) * d3 * channels
    return int(2 * 2 * n_pairs * (forward + backward).sum())


def peak_operations(repeats: int = 3, size: int = 1024) -> float:
    """Return the operations per second of CPU time of single-precision matrix products, torch's or NumPy's if faster.

    Their libraries differ: which one knows a processor better depends on who makes it.
    """
    matrix = torch.randn(size, size)
    best = float("inf")
    for one in (matrix, matrix.numpy()):
        one @ one
        for _ in range(repeats):
            start = time.process_time()
            one @ one
            best = min(best, time.process_time() - start)
    return 2 * size**3 / best


def peak_multiply_adds() -> float | None:
    """Return the operations per second of CPU time that a core does in registers alone; None without a compiler."""
    compiler = find_compiler()
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as directory:
        try:
            path = compile_sources(compiler, [_PEAK], Path(directory) / "peak.so")
        except subprocess.SubprocessError:
            return None
        multiply_and_add = ctypes.CDLL(str(path)).multiply_and_add
    multiply_and_add.restype, multiply_and_add.argtypes = ctypes.c_double, (ctypes.c_int64, ctypes.c_void_p)
    sums = (ctypes.c_float * 12)()
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        operations = multiply_and_add(10_000_000, sums)
        best = max(best, operations / (time.process_time() - start))
    return best


def time_by_kind(run: Callable[[], Any], neighbours: Callable[[], Any]) -> dict[str, float]:
    """Return the CPU seconds of one call by what they were spent on.

    Parameters
    ----------
    run
        The call.
    neighbours
        What of it finds the neighbours.
    """
    start = time.process_time()
    neighbours()
    found = {"neighbours": time.process_time() - start}
    with _timed_kernels() as kernels, profile(activities=[ProfilerActivity.CPU]) as recorded:
        run()
    for event in recorded.key_averages():
        kind = "products" if event.key in _PRODUCTS else "rest of torch"
        if kind != "products" and any(word in event.key for word in _LOOKUPS):
            kind = "look-ups and sums"
        found[kind] = found.get(kind, 0) + event.self_cpu_time_total / 1e6
    inside = ("_Convolve", "_ConvolveBackward")  # their own time is the kernels'
    found["rest of torch"] -= sum(e.self_cpu_time_total for e in recorded.key_averages() if e.key in inside) / 1e6
    return found | {"compiled": sum(kernels.values())}


@contextmanager
def _timed_kernels() -> Iterator[dict[str, float]]:
    seconds: dict[str, float] = defaultdict(float)
    original = call.call_kernel

    def timed(kernel: Any, *arguments: Any, **options: Any) -> None:
        start = time.process_time()
        original(kernel, *arguments, **options)
        seconds[kernel.__name__] += time.process_time() - start

    with patch.object(messages, "call_kernel", timed), patch.object(convolution, "call_kernel", timed):
        yield seconds
