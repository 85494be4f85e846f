"""Calculators as a user could have them."""

from __future__ import annotations

from typing import Any

from ase.calculators.emt import EMT


class WithDevice(EMT):
    """Takes a device."""

    def __init__(self, device: str = "cpu") -> None:
        super().__init__()
        self.device = device


def hiding(**_: Any) -> EMT:
    """Take anything and keep nothing of it."""
    return EMT()


ready = EMT()
