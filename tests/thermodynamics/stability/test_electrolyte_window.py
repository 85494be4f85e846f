"""Voltages at which an electrolyte is reduced and oxidised."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.structures.compositions import parse_formula
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull
from amalgamics.thermodynamics.hulls.voltage import voltage_profile
from amalgamics.thermodynamics.stability.electrolyte_window import ElectrolyteWindow, electrolyte_window

SULFIDES = {"Li": 0.0, "P": 0.0, "S": 0.0, "Li2S": -1.4, "Li3P": -0.7, "Li3PS4": -0.9}
SIZES = {name: sum(parse_formula(name).values()) for name in SULFIDES}


def hull_of(energies: dict[str, float], **more: tuple[str, float]) -> Hull:
    """Phases by formula and formation energy per atom; ``more`` names phases apart from their formula."""
    named = {name: (name, energy) for name, energy in energies.items()} | more
    entries = [PhaseEntry(name, f, parse_formula(f), energy, 10.0) for name, (f, energy) in named.items()]
    elements = dict.fromkeys(element for entry in entries for element in entry.composition)
    return build_hull("-".join(elements), entries)


def total(name: str) -> float:
    return SULFIDES[name] * SIZES[name]


def test_the_thiophosphate_is_reduced_to_sulfide_and_phosphorus_then_phosphide() -> None:
    window = electrolyte_window(hull_of(SULFIDES), "Li3PS4")
    first, second = window.reduction
    # Li3PS4 + 5 Li -> 4 Li2S + P, then P + 3 Li -> Li3P
    assert (first.ions_from, first.ions_to) == (0.0, pytest.approx(5.0))
    assert first.phases_to == {"Li2S": pytest.approx(4.0), "P": pytest.approx(1.0)}
    assert first.voltage_V == pytest.approx(-(4 * total("Li2S") - total("Li3PS4")) / 5)
    assert window.reduction_onset_V == first.voltage_V
    assert (second.ions_from, second.ions_to) == (pytest.approx(5.0), pytest.approx(8.0))
    assert second.voltage_V == pytest.approx(-total("Li3P") / 3)
    # Li3PS4 -> 3 Li + P + 4 S
    assert window.oxidation_onset_V == pytest.approx(-total("Li3PS4") / 3)
    assert window.decomposition == {"Li3PS4": pytest.approx(1.0)}


def test_brackets_in_a_formula_count_its_atoms() -> None:
    plain = electrolyte_window(hull_of(SULFIDES), "Li3PS4")
    bracketed = {("Li3(PS4)1" if name == "Li3PS4" else name): energy for name, energy in SULFIDES.items()}
    window = electrolyte_window(hull_of(bracketed), "Li3(PS4)1")
    assert [item.ions_to for item in window.reduction] == pytest.approx([item.ions_to for item in plain.reduction])
    assert window.reduction[0].phases_to == pytest.approx(plain.reduction[0].phases_to)


def test_within_the_window_it_is_stable_and_outside_it_gains_energy() -> None:
    window = electrolyte_window(hull_of(SULFIDES), "Li3PS4")
    low, high = window.reduction_onset_V, window.oxidation_onset_V
    assert high is not None
    middle = 0.5 * (low + high)
    assert window.decomposition_energy(middle) == pytest.approx(0.0, abs=1e-12)
    assert window.phases_at(middle) == {"Li3PS4": pytest.approx(1.0)}
    assert window.uptake_at(middle) == 0.0
    # 0.1 V below the onset 5 Li go in, at 0.1 eV each.
    assert window.decomposition_energy(low - 0.1) == pytest.approx(-5 * 0.1 / 8)
    assert window.uptake_at(low - 0.1) == pytest.approx(5.0)
    assert set(window.phases_at(0.0)) == {"Li2S", "Li3P"}
    assert set(window.phases_at(high + 1.0)) == {"P", "S"}


def test_a_model_above_the_hull_has_the_onset_of_its_decomposition_products() -> None:
    stable = electrolyte_window(hull_of(SULFIDES), "Li3PS4")
    window = electrolyte_window(hull_of(SULFIDES, model=("Li3PS4", -0.85)), "model")
    assert window.e_above_hull == pytest.approx(0.05)
    assert window.reduction_onset_V == pytest.approx(stable.reduction_onset_V)
    assert window.decomposition == {"Li3PS4": pytest.approx(1.0)}
    for voltage in (0.0, 0.5, 1.5, 3.0):
        gap = window.decomposition_energy(voltage) - stable.decomposition_energy(voltage)
        assert gap == pytest.approx(-0.05)


def test_without_a_window_reduction_and_oxidation_begin_together() -> None:
    # LiX2 above the line from X to LiX: Li goes in and out between X and LiX.
    window = electrolyte_window(hull_of({"Li": 0.0, "S": 0.0, "LiS": -1.0, "LiS2": -0.5}), "LiS2")
    assert window.decomposition == {"LiS": pytest.approx(1.0), "S": pytest.approx(1.0)}
    assert window.reduction_onset_V == window.oxidation_onset_V == pytest.approx(2.0)
    assert window.plateaus[0].ions_from == pytest.approx(-1.0)


def test_phases_without_ions_have_no_oxidation_onset_and_inert_ones_no_reduction() -> None:
    window = electrolyte_window(hull_of(SULFIDES), "P")
    assert window.oxidation_onset_V is None
    assert window.reduction_onset_V == pytest.approx(-total("Li3P") / 3)
    inert = electrolyte_window(hull_of({"Li": 0.0, "P": 0.0}), "P")
    assert (inert.plateaus, inert.reduction_onset_V, inert.oxidation_onset_V) == ((), 0.0, None)
    assert inert.phases_at(0.3) == {"P": pytest.approx(1.0)}
    assert inert.uptake_at(0.3) == 0.0
    assert inert.decomposition_energy(0.3) == 0.0


def test_further_elements_do_not_matter() -> None:
    extended = hull_of(SULFIDES | {"Hg": 0.0, "HgS": -0.1, "Li3Hg": -0.5})
    assert electrolyte_window(extended, "Li3PS4") == electrolyte_window(hull_of(SULFIDES), "Li3PS4")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-2.0, 0.2), min_size=4, max_size=4), st.integers(1, 2))
def test_a_binary_has_the_plateaus_of_its_voltage_profile(energies, charge) -> None:
    hull = hull_of({"Li": 0.0, "Hg": 0.0} | dict(zip(("LiHg3", "LiHg", "Li2Hg", "Li3Hg"), energies, strict=True)))
    steps = voltage_profile(hull, "Li", electrons_per_ion=charge).steps
    window = electrolyte_window(hull, "Hg", "Li", electrons_per_ion=charge)
    stairs = [(p.voltage_V, p.ions_from, p.ions_to) for p in window.plateaus]
    profile = [(s.voltage_V, s.x_from, s.x_to) for s in steps]
    # By charge: of phases on a common line the two may list a different selection.
    for x in np.linspace(0.01, 2.99, 38):
        ours, theirs = (next((v for v, start, end in side if start < x < end), 0.0) for side in (stairs, profile))
        assert ours == pytest.approx(theirs, abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[st.floats(-2.0, 0.2)] * 3), st.floats(0, 4), st.floats(0, 4))
def test_plateaus_fall_atoms_are_kept_and_lower_voltages_put_more_in(energies, v1, v2) -> None:
    hull = hull_of(SULFIDES | dict(zip(("Li2S", "Li3P", "Li3PS4"), energies, strict=True)))
    window = electrolyte_window(hull, "Li3PS4")
    assert all(a.voltage_V >= b.voltage_V - 1e-9 for a, b in pairwise(window.plateaus))
    for plateau in window.plateaus:
        for ions, phases in ((plateau.ions_from, plateau.phases_from), (plateau.ions_to, plateau.phases_to)):
            assert held(phases) == pytest.approx({"Li": 3 + ions, "P": 1, "S": 4}, abs=1e-6)
    low, high = sorted((v1, v2))
    assert window.uptake_at(low) >= window.uptake_at(high)
    for voltage in (low, high):
        assert window.decomposition_energy(voltage) <= -window.e_above_hull + 1e-9


def held(phases) -> dict[str, float]:
    amounts = {"Li": 0.0, "P": 0.0, "S": 0.0}
    for name, units in phases.items():
        for element, n in parse_formula(name).items():
            amounts[element] += n * units
    return amounts


@given(st.lists(st.floats(-1000, 1000), min_size=3, max_size=3))
@settings(max_examples=20, deadline=None)
def test_energy_zeros_of_the_elements_cancel(zeros) -> None:
    def shifted(name: str) -> float:
        amounts = parse_formula(name)
        zero = sum(n * dict(zip(("Li", "P", "S"), zeros, strict=True))[element] for element, n in amounts.items())
        return SULFIDES[name] + zero / SIZES[name]

    window = electrolyte_window(hull_of({name: shifted(name) for name in SULFIDES}), "Li3PS4")
    plain: ElectrolyteWindow = electrolyte_window(hull_of(SULFIDES), "Li3PS4")
    assert [p.voltage_V for p in window.plateaus] == pytest.approx([p.voltage_V for p in plain.plateaus], abs=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Li3PS5",), "Did you mean 'Li3PS4'"),
        (("Li",), "nothing to reduce"),
        (("Li3PS4", "Na"), "unknown ion"),
    ],
)
def test_bad_arguments_are_refused(arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        electrolyte_window(hull_of(SULFIDES), *arguments)
    with pytest.raises(InputError, match="positive integer"):
        electrolyte_window(hull_of(SULFIDES), "Li3PS4", electrons_per_ion=True)
    with pytest.raises(InputError, match="not negative"):
        electrolyte_window(hull_of(SULFIDES), "Li3PS4").phases_at(-1.0)
