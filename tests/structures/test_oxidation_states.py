"""Oxidation states from compositions: those of pymatgen where its search ends, and soon where it would not."""

from __future__ import annotations

import time

import pytest
from pymatgen.core import Composition

from amalgamics.structures.library.phases import list_phases
from amalgamics.structures.oxidation_states import oxidation_states

FORMULAS = sorted({phase.formula for phase in list_phases(buildable=True) if phase.formula})


@pytest.mark.parametrize("formula", [*FORMULAS, "Fe3O4", "FeS2", "Mn3O4", "LiFePO4", "Li6PS5Cl", "TiH2"])
def test_they_are_the_first_guess_of_pymatgen(formula: str) -> None:
    composition = Composition(formula)
    guesses = composition.oxi_state_guesses()
    expected = pytest.approx(guesses[0]) if guesses else None
    assert oxidation_states(composition.get_el_amt_dict()) == expected


@pytest.mark.parametrize(
    ("formula", "states"),
    [
        ("Li7La3Zr2O12", {"Li": 1, "La": 3, "Zr": 4, "O": -2}),
        ("Li26La12Zr6Ta2O48", {"Li": 1, "La": 3, "Zr": 4, "Ta": 5, "O": -2}),
        # A search over the states of each site takes minutes here.
        ("Li54P11S49Cl10Br", {"Li": 1, "P": 5, "S": -2, "Cl": -1, "Br": -1}),
        ("Li29P9S32N2", None),
    ],
)
def test_large_formula_units_take_no_time(formula: str, states: dict[str, float] | None) -> None:
    start = time.process_time()
    assert oxidation_states(Composition(formula).get_el_amt_dict()) == states
    assert time.process_time() - start < 2.0


def test_an_element_has_no_charge() -> None:
    assert oxidation_states({"Li": 4}) == {"Li": 0.0}
