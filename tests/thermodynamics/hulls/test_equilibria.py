"""Chemical potentials at which a phase exists: its neighbours on the hull, or the elements."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.hulls.equilibria import phase_equilibria
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull, chemical_potential


def entry(name: str, energy: float, **composition: float) -> PhaseEntry:
    return PhaseEntry(name, name, composition, energy, 20.0)


LI_HG = build_hull(
    "Li-Hg",
    [
        entry("Li", -1.9, Li=1),
        entry("Hg", -0.6, Hg=1),
        entry("LiHg", -1.65, Li=1, Hg=1),
        entry("LiHg3", -1.15, Li=1, Hg=3),
        entry("Li3Hg", -1.80, Li=3, Hg=1),
        entry("LiHg2", -1.10, Li=1, Hg=2),
    ],
)
TERNARY = build_hull(
    "Li-Ti-O",
    [
        entry("Li", 0.0, Li=1),
        entry("Ti", 0.0, Ti=1),
        entry("O2", 0.0, O=1),
        entry("Li2O", -2.0, Li=2, O=1),
        entry("TiO2", -3.3, Ti=1, O=2),
        entry("Li2TiO3", -2.95, Li=2, Ti=1, O=3),
    ],
)


def holds(hull: Hull, name: str, within: str = "neighbours") -> None:
    phase = hull.phase(name)
    for each in phase_equilibria(hull, name, within=within):
        mu = each.chemical_potentials
        total = sum(phase.fraction(element) * value for element, value in mu.items())
        assert total == pytest.approx(phase.formation_energy_per_atom, abs=1e-9)
        if within == "neighbours":
            for other in hull.phases:
                if set(other.composition) <= set(mu):
                    plane = sum(other.fraction(element) * mu[element] for element in mu)
                    assert plane <= other.formation_energy_per_atom + 1e-8


def test_the_neighbours_of_a_binary_phase_are_its_tie_lines() -> None:
    poor, middle, rich = phase_equilibria(LI_HG, "LiHg")
    assert (poor.label, poor.beside) == ("beside LiHg3", ("LiHg3",))
    assert (rich.label, rich.beside) == ("beside Li3Hg", ("Li3Hg",))
    for each, pair in ((poor, ("LiHg3", "LiHg")), (rich, ("LiHg", "Li3Hg"))):
        for element in ("Li", "Hg"):
            assert each.chemical_potentials[element] == pytest.approx(chemical_potential(LI_HG, element, pair))
    assert middle.chemical_potentials["Li"] == pytest.approx(
        0.5 * (poor.chemical_potentials["Li"] + rich.chemical_potentials["Li"])
    )


@pytest.mark.parametrize("name", ["LiHg", "LiHg3", "Li3Hg"])
@pytest.mark.parametrize("within", ["neighbours", "elements"])
def test_the_crystal_fixes_the_sum_over_its_elements(name: str, within: str) -> None:
    holds(LI_HG, name, within)


@pytest.mark.parametrize("name", ["Li2TiO3", "TiO2", "Li2O"])
def test_corners_of_a_ternary_phase(name: str) -> None:
    holds(TERNARY, name)
    corners = [each for each in phase_equilibria(TERNARY, name) if each.beside]
    assert all(len(each.beside) == len(each.chemical_potentials) - 1 for each in corners)
    if name == "Li2TiO3":
        assert {"beside O2 and Li2O", "beside Li2O and O2"} & {each.label for each in corners}


def test_the_elements_give_the_wider_range() -> None:
    inner = [each.chemical_potentials["Li"] for each in phase_equilibria(LI_HG, "LiHg")]
    outer = [each.chemical_potentials["Li"] for each in phase_equilibria(LI_HG, "LiHg", within="elements")]
    assert min(outer) < min(inner)
    assert max(inner) < max(outer) == 0.0


@given(energies=st.lists(st.floats(-1.0, -0.01), min_size=3, max_size=3), shift=st.floats(-5.0, 5.0))
@settings(max_examples=50, deadline=None)
def test_every_stable_phase_of_any_hull_has_its_range(energies: list[float], shift: float) -> None:
    counts = [(1, 3), (1, 1), (3, 1)]
    compounds = [
        entry(f"A{a}B{b}", energy + shift * a / (a + b), Cu=a, Au=b)
        for (a, b), energy in zip(counts, energies, strict=True)
    ]
    hull = build_hull("Cu-Au", [entry("A", shift, Cu=1), entry("B", 0.0, Au=1), *compounds])
    for phase in hull.stable:
        if not phase.is_element:
            holds(hull, phase.name)


@pytest.mark.parametrize(
    ("name", "within", "told"),
    [
        ("Li", "neighbours", "is an element"),
        ("LiHg2", "neighbours", "above the hull"),
        ("LiHg", "hull", "neighbours or elements"),
        ("LiHg9", "neighbours", "LiHg"),
    ],
)
def test_what_has_no_range_says_why(name: str, within: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        phase_equilibria(LI_HG, name, within=within)


def test_a_phase_above_the_elements_exists_nowhere() -> None:
    hull = build_hull("Cu-Au", [entry("A", 0.0, Cu=1), entry("B", 0.0, Au=1), entry("AB", 0.1, Cu=1, Au=1)])
    with pytest.raises(InputError, match=r"0\.100 eV/atom above the elements"):
        phase_equilibria(hull, "AB", within="elements")
