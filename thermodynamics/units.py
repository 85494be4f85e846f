"""Conversions that several parts share."""

from __future__ import annotations

from scipy.constants import N_A, e, k

EV_PER_A2 = float(e / 1e-20)
"""1 eV/Å^2 in J/m^2: 16.02."""

BOLTZMANN_EV_PER_K = float(k / e)
"""Boltzmann's constant, eV/K."""

KJ_PER_MOL = float(1e3 / (N_A * e))
"""1 kJ/mol in eV per particle."""
