"""The defining constants of the SI, and conversions that several parts share.

The constants are exact since 2019 (SI Brochure, 9th edition). They stand here, under the names of ``scipy.constants``,
because that takes longer to import than most commands take.
"""

from __future__ import annotations

e = 1.602176634e-19
"""Elementary charge, C."""

h = 6.62607015e-34
"""Planck's constant, J s."""

k = 1.380649e-23
"""Boltzmann's constant, J/K."""

N_A = 6.02214076e23
"""Avogadro's constant, 1/mol."""

R = N_A * k
"""Gas constant, J/mol/K."""

FARADAY = N_A * e
"""Faraday's constant, C/mol."""

EV_PER_A2 = e / 1e-20
"""1 eV/Å^2 in J/m^2: 16.02."""

BOLTZMANN_EV_PER_K = k / e
"""Boltzmann's constant, eV/K."""

KJ_PER_MOL = 1e3 / (N_A * e)
"""1 kJ/mol in eV per particle."""
