"""The published values, their conversion, and the comparison."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import physical_constants

from amalgamics.reference.metals import metal
from amalgamics.reference.published import published_values
from amalgamics.reports.benchmarks.reference import (
    compare_with_reference,
    enthalpy_to_solid_mercury,
    formation_energy,
    free_energy_to_solid_mercury,
)

FARADAY = physical_constants["Faraday constant"][0]
R = physical_constants["molar gas constant"][0]

energies = st.floats(-100, 100)
fractions = st.floats(0, 1)


def value(subject: str, quantity: str, **more):
    found = [
        v
        for v in published_values()
        if v.subject == subject and v.quantity == quantity and all(getattr(v, k) == x for k, x in more.items())
    ]
    assert len(found) == 1
    return found[0]


def test_enthalpy_of_lihg3_against_solid_mercury():
    # -26.5 + 0.75 * 2.295 = -24.77875 kJ/mol; 1 eV = 96.485 kJ/mol
    assert enthalpy_to_solid_mercury(-26.5, 0.75) == pytest.approx(-24.77875 / 96.48533, rel=1e-6)


@given(energies, fractions)
def test_solid_reference_makes_enthalpies_less_negative(energy, x_hg):
    shift = enthalpy_to_solid_mercury(energy, x_hg) - enthalpy_to_solid_mercury(energy, 0.0)
    assert shift == pytest.approx(x_hg * metal("Hg").heat_of_fusion_kJ_mol / 96.48533, abs=1e-9)
    assert shift >= -1e-12


@given(energies, fractions)
def test_free_energies_need_no_shift_at_the_melting_point_and_the_full_enthalpy_at_zero(energy, x_hg):
    at_melting = free_energy_to_solid_mercury(energy, x_hg, metal("Hg").melting_point_K)
    assert at_melting == pytest.approx(enthalpy_to_solid_mercury(energy, 0.0), abs=1e-12)
    at_zero = free_energy_to_solid_mercury(energy, x_hg, 0.0)
    assert at_zero == pytest.approx(enthalpy_to_solid_mercury(energy, x_hg), abs=1e-12)


def test_lithium_emfs_follow_the_activity_model():
    e0, slope = value("Li", "standard_emf").value, value("Li", "activity_slope").value
    x_saturated = value("Li", "solubility_in_mercury").value / 100.0

    def emf(x: float) -> float:
        return e0 - R * 298.15 / FARADAY * (math.log(x) + math.log(10.0) * slope * x)

    assert value("Li", "saturated_emf").value == pytest.approx(emf(x_saturated), abs=5e-4)
    assert value("Li", "emf", mole_fraction=3e-5).value == pytest.approx(emf(3e-5), abs=5e-4)


def test_free_energy_of_lihg3_follows_from_the_saturated_emf():
    emf = value("Li", "saturated_emf").value
    per_formula = -FARADAY * emf + 3 * R * 298.15 * math.log(1 - 0.0133)
    reference = value("LiHg3", "formation_free_energy")
    assert reference.value == pytest.approx(per_formula / 4 / 1000, abs=reference.uncertainty)


def test_energies_per_formula_unit_are_divided_by_its_atoms():
    energy, uncertainty = formation_energy(value("Li2O", "formation_enthalpy"))
    assert energy == pytest.approx(-597.9 / 3 / 96.48533, rel=1e-6)
    assert uncertainty == pytest.approx(0.4 / 3 / 96.48533, rel=1e-6)


def test_comparison_takes_numbers_from_the_report(examples):
    system = examples.li_hg.systems[0]
    rows = {(row.formula, row.quantity): row for row in compare_with_reference(system)}
    assert set(rows) == {
        ("LiHg3", "formation_enthalpy"),
        ("LiHg", "formation_enthalpy"),
        ("Li3Hg", "formation_enthalpy"),
        ("LiHg3", "formation_free_energy"),
        ("LiHg3", "saturated_emf"),
        ("LiHg3", "pbe_formation_energy"),
        ("LiHg", "pbe_formation_energy"),
        ("Li3Hg", "pbe_formation_energy"),
    }
    assert rows["LiHg", "pbe_formation_energy"].reference == -0.3689
    for row in rows.values():
        assert row.delta == pytest.approx(row.computed - row.reference)
    # The lowest structure of a formula counts, not one of the prototypes above it.
    assert rows["LiHg", "formation_enthalpy"].computed == system.record("LiHg").formation_energy_per_atom
    liquid = 3 * free_energy_to_solid_mercury(0.0, 1.0, 298.15)
    assert liquid == pytest.approx(3 * -0.00648, abs=1e-4)
    assert rows["LiHg3", "saturated_emf"].computed == pytest.approx(system.voltage.steps[0].voltage_V + liquid)
    assert rows["LiHg3", "saturated_emf"].phase == "Hg → LiHg3"


def test_polymorphs_are_compared_by_space_group(examples):
    fcc = examples.entry("Hg-fcc", "Hg", 0.015, 27.0, "Fm-3m")
    others = [examples.entry("Hg", "Hg", 0.0, 24.9, "R-3m"), examples.entry("Li", "Li", 0.0, 20.0, "Im-3m")]
    system = examples.make_system("Li-Hg", [(entry, {}) for entry in (fcc, *others)], "Li")
    (row,) = compare_with_reference(system)
    assert (row.phase, row.quantity, row.computed) == ("Hg-fcc", "e_above_hull", pytest.approx(0.015))
