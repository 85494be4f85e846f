"""The constants are those of SciPy, which takes them from CODATA."""

from __future__ import annotations

import pytest
from ase import units as ase_units
from scipy import constants

from amalgamics.thermodynamics import units


@pytest.mark.parametrize("name", ["N_A", "R", "e", "h", "k"])
def test_constants_are_those_of_scipy(name: str) -> None:
    # CODATA prints what follows from exact constants with ten digits.
    assert getattr(units, name) == pytest.approx(getattr(constants, name), rel=1e-10)


def test_conversions_follow() -> None:
    assert pytest.approx(constants.physical_constants["Faraday constant"][0], rel=1e-10) == units.FARADAY
    assert pytest.approx(ase_units.kB, rel=1e-5) == units.BOLTZMANN_EV_PER_K
    assert pytest.approx(ase_units.kJ / ase_units.mol, rel=1e-5) == units.KJ_PER_MOL
    assert pytest.approx(ase_units.J / ase_units.m**2, rel=1e-5) == 1 / units.EV_PER_A2
