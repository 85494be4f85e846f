"""Which part of an interface cell an atom belongs to, kept in ASE's tags so that files and databases carry it."""

from __future__ import annotations

SOLID = 0
LIQUID = 1
SOLUTE = 2
