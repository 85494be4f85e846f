"""Corrections of the Materials Project: what they are for oxides, and that metals have none."""

from __future__ import annotations

from itertools import combinations

import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.imported.calculation import CalculationFileError, ImportedCalculation
from amalgamics.calculators.imported.corrections import correction_of

METALS = ["Li", "Na", "K", "Mg", "Cd", "Zn", "Sn", "Ag", "Au", "Hg"]
PER_OXYGEN = -0.687
"""eV, for oxides (doi 10.1038/s41598-021-94550-5)."""


def calculation(atoms: Atoms, **settings) -> ImportedCalculation:
    return ImportedCalculation(atoms, -10.0, "any", "file", "", **{"functional": "PBE", **settings})


@given(st.sampled_from(list(combinations(METALS, 2))))
def test_alloys_of_metals_are_left_as_they_are(pair):
    found = correction_of(calculation(bulk("".join(pair), "cesiumchloride", a=3.5)), "mp2020")
    assert (found.energy, dict(found.parts)) == (0.0, {})


def test_each_oxygen_of_an_oxide_counts():
    oxide = bulk("MgO", "rocksalt", a=4.21)
    one = correction_of(calculation(oxide), "mp2020")
    eight = correction_of(calculation(oxide.repeat(2)), "mp2020")
    assert one.energy == pytest.approx(PER_OXYGEN)
    assert eight.energy == pytest.approx(8 * one.energy)
    assert list(one.parts) == ["anion correction (oxide)"]
    assert one.record()["source"].endswith("10.1038/s41598-021-94550-5")


def test_without_a_scheme_nothing_is_added():
    assert correction_of(calculation(bulk("MgO", "rocksalt", a=4.21)), "none").energy == 0.0


@pytest.mark.parametrize(
    ("atoms", "settings", "told"),
    [
        (bulk("MgO", "rocksalt", a=4.2), {"functional": "PBEsol"}, "functional is PBEsol"),
        (bulk("MgO", "rocksalt", a=4.2), {"functional": None}, "functional is not told"),
        (bulk("MgO", "rocksalt", a=4.2), {"dispersion": "DFT-D3"}, "PBE with DFT-D3"),
        (bulk("FeO", "rocksalt", a=4.3), {}, "Invalid U value of 0.0 on Fe, expected 5.3"),
    ],
)
def test_what_the_scheme_was_not_made_for_is_refused(atoms, settings, told):
    with pytest.raises(CalculationFileError, match=told):
        correction_of(calculation(atoms, **settings), "mp2020")


def test_an_oxide_with_the_u_of_the_project_is_corrected():
    found = correction_of(calculation(bulk("FeO", "rocksalt", a=4.3), hubbard_U={"Fe": 5.3}), "mp2020")
    assert len(found.parts) == 2
    assert found.energy < PER_OXYGEN
