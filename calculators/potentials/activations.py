"""Activations of the networks, with their derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def silu_(x: Tensor) -> tuple[Tensor, Tensor]:
    """Turn x into silu(x) = x sigmoid(x) in place; return it and its derivative.

    torch's own silu is slower than sigmoid and product, and its gradient computes the sigmoid again.
    """
    sigmoid = torch.sigmoid(x)
    value = x.mul_(sigmoid)
    derivative = torch.lerp(value, value.new_ones(()), sigmoid)  # s (1 + x (1 - s)) = v + s (1 - v)
    return value, derivative
