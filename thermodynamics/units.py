"""Two conversions that the surface thermodynamics shares."""

from __future__ import annotations

from scipy.constants import e, k

EV_PER_A2 = float(e / 1e-20)
"""1 eV/Å^2 in J/m^2: 16.02."""

BOLTZMANN_EV_PER_K = float(k / e)
"""Boltzmann's constant, eV/K."""
