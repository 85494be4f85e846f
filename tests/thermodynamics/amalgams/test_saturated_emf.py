"""The voltage of saturated liquid mercury: from solid to liquid with the free energy of fusion at the temperature."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.solubility import saturated_emf
from amalgamics.thermodynamics.hulls.fusion import get_fusion
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull
from amalgamics.thermodynamics.hulls.voltage import voltage_profile

ROOM_K = 298.15
COMPOUNDS = {"LiHg3": {"Li": 1, "Hg": 3}, "LiHg": {"Li": 1, "Hg": 1}, "Li3Hg": {"Li": 3, "Hg": 1}}
energies = st.fixed_dictionaries({name: st.floats(-0.5, 0.05) for name in COMPOUNDS})


def li_hg(formation: dict[str, float], mercury: float = 0.0) -> Hull:
    """Li-Hg with energies per atom from solid mercury, and mercury itself at an energy of its own."""
    pure = [PhaseEntry("Hg", "Hg", {"Hg": 1}, mercury, 23.3), PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 21.6)]
    return build_hull(
        "Li-Hg", [*pure, *(PhaseEntry(name, name, COMPOUNDS[name], e, 18.0) for name, e in formation.items())]
    )


def first_plateau_V(hull: Hull, charge: int = 1) -> float:
    steps = voltage_profile(hull, "Li", electrons_per_ion=charge).steps
    return steps[0].voltage_V if steps else 0.0


@settings(deadline=None)  # the first hull imports pymatgen
@given(energies, st.floats(235.0, 600.0), st.integers(1, 3))
def test_it_is_the_first_plateau_of_a_hull_whose_mercury_is_liquid(
    formation: dict[str, float], kelvin: float, charge: int
) -> None:
    """The thermodynamic cycle: build the compound from mercury that was melted before."""
    liquid = li_hg(formation, get_fusion("Hg").free_energy(kelvin))
    _, emf_V = saturated_emf(li_hg(formation), "Li", kelvin, electrons_per_ion=charge)
    assert emf_V == pytest.approx(first_plateau_V(liquid, charge), abs=1e-7)


@settings(deadline=None)  # the first hull imports pymatgen
@given(energies, st.floats(235.0, 600.0))
def test_above_its_melting_point_liquid_mercury_lowers_the_voltage(formation: dict[str, float], kelvin: float) -> None:
    hull = li_hg(formation)
    assert saturated_emf(hull, "Li", kelvin)[1] <= first_plateau_V(hull) + 1e-7


@settings(deadline=None)  # the first hull imports pymatgen
@given(energies)
def test_at_the_melting_point_solid_and_liquid_are_the_same(formation: dict[str, float]) -> None:
    hull = li_hg(formation)
    _, emf_V = saturated_emf(hull, "Li", get_fusion("Hg").melting_point_K)
    assert emf_V == pytest.approx(first_plateau_V(hull), abs=1e-7)


@pytest.mark.parametrize("charge", [1, 2])
def test_three_mercury_atoms_of_lihg3_lower_it_by_20_mV_at_room_temperature(charge: int) -> None:
    """dG_fus = 2.295 kJ/mol (1 - 298.15/234.32) = -0.00648 eV: 0.979 V become 0.960 V."""
    hull = li_hg({"LiHg3": -0.979 / 4})
    assert first_plateau_V(hull) == pytest.approx(0.979)
    solid, emf_V = saturated_emf(hull, "Li", ROOM_K, electrons_per_ion=charge)
    assert solid.formula == "LiHg3"
    assert emf_V == pytest.approx((0.979 + 3 * 2.295 / 96.48533 * (1 - ROOM_K / 234.32)) / charge, abs=1e-6)
    assert emf_V == pytest.approx(0.960 / charge, abs=1e-3)


def test_without_a_compound_the_metal_saturates_at_zero() -> None:
    # -2 meV/atom are not enough beside liquid mercury.
    for formation in ({"LiHg3": 0.01}, {"LiHg3": -0.002}):
        solid, emf_V = saturated_emf(li_hg(formation), "Li", ROOM_K)
        assert (solid.formula, emf_V) == ("Li", 0.0)


def test_refusals() -> None:
    with pytest.raises(InputError, match="electrons_per_ion"):
        saturated_emf(li_hg({}), "Li", ROOM_K, electrons_per_ion=0)
    with pytest.raises(InputError, match="temperature_K"):
        saturated_emf(li_hg({}), "Li", -1.0)
