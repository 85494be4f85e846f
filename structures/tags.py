"""Which part of an interface cell an atom belongs to, kept in ASE's tags so that files and databases carry it."""

from __future__ import annotations

SOLID = 0
LIQUID = 1  # the film on the solid, also where it is a crystal
SOLUTE = 2
