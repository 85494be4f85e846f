"""Reactions of two phases in contact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from amalgamics.errors import InputError
from amalgamics.structures.compositions import parse_formula
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull
from amalgamics.thermodynamics.stability.reactivity import interface_reaction, reaction_hull


def entry(
    name: str, formation: float, formula: str | None = None, shifts: dict[str, float] | None = None
) -> PhaseEntry:
    """A phase with its formation energy per atom; ``shifts`` move the zero of each element."""
    amounts = parse_formula(formula or name)
    size = sum(amounts.values())
    zero = sum(amount * (shifts or {}).get(element, 0.0) for element, amount in amounts.items()) / size
    return PhaseEntry(name, formula or name, amounts, formation + zero, 10.0)


# Made up, with the signs of the real system.
TOY = {
    "Li": 0.0,
    "P": 0.0,
    "S": 0.0,
    "Hg": 0.0,
    "Li2S": -1.4,
    "Li3P": -0.7,
    "Li3PS4": -0.9,
    "HgS": -0.15,
    "Li3Hg": -0.3,
}
MIX = st.floats(0.02, 0.98)
ENERGY = st.floats(-2.0, 0.3)


def toy(shifts: dict[str, float] | None = None) -> Hull:
    return build_hull("Li-P-S-Hg", [entry(name, energy, shifts=shifts) for name, energy in TOY.items()])


def lowest_energy(hull: Hull, composition: dict[str, float]) -> float:
    """Energy of the best set of phases by linear programming."""
    fractions = np.array([[phase.fraction(element) for phase in hull.phases] for element in hull.elements])
    target = [composition.get(element, 0.0) for element in hull.elements]
    solution = linprog([phase.formation_energy_per_atom for phase in hull.phases], A_eq=fractions, b_eq=target)
    assert solution.success
    return float(solution.fun)


def mixture(hull: Hull, first: str, second: str, x: float) -> dict[str, float]:
    a, b = hull.phase(first), hull.phase(second)
    return {element: x * a.fraction(element) + (1 - x) * b.fraction(element) for element in hull.elements}


def test_lithium_and_sulfur_make_lithium_sulfide() -> None:
    reaction = interface_reaction(toy(), "Li", "S")
    best = reaction.most_exergonic
    assert best.mixing_ratio == pytest.approx(2 / 3)
    assert best.energy == pytest.approx(-1.4)
    assert best.products == {"Li2S": pytest.approx(1.0)}
    assert reaction.equation(best) == "S + 2 Li -> Li2S"
    assert reaction.energy(1 / 3) == pytest.approx(-0.7)
    assert [point.energy for point in (reaction.points[0], reaction.points[-1])] == [0.0, 0.0]


def test_brackets_in_a_formula_count_its_atoms() -> None:
    """Ca + 2 H2O -> Ca(OH)2 + H2, per formula unit of the first."""
    hull = build_hull(
        "Ca-O-H", [entry(name, e) for name, e in {"Ca": 0, "O": 0, "H": 0, "H2O": -0.9, "Ca(OH)2": -2.0}.items()]
    )
    reaction = interface_reaction(hull, "Ca", "H2O")
    assert reaction.equation(reaction.most_exergonic) == "H2O + 0.5 Ca -> 0.5 Ca(OH)2 + H"


def test_lithium_reduces_the_thiophosphate() -> None:
    reaction = interface_reaction(toy(), "Li", "Li3PS4")
    best = reaction.most_exergonic
    # 8 Li + Li3PS4 -> 4 Li2S + Li3P: 16 atoms on either side
    assert reaction.equation(best) == "Li3PS4 + 8 Li -> 4 Li2S + Li3P"
    assert best.mixing_ratio == pytest.approx(0.5)
    assert best.energy == pytest.approx((12 * -1.4 + 4 * -0.7 - 8 * -0.9) / 16)
    assert reaction.reacts


def test_mercury_does_not_reduce_it() -> None:
    reaction = interface_reaction(toy(), "Hg", "Li3PS4")
    assert not reaction.reacts
    assert all(point.energy == pytest.approx(0.0, abs=1e-12) for point in reaction.points)


def test_a_reactant_above_the_hull_decomposes_alone() -> None:
    entries = [entry(name, energy) for name, energy in TOY.items()] + [entry("model", -0.87, "Li3PS4")]
    hull = build_hull("Li-P-S-Hg", entries)
    stable, model = (interface_reaction(hull, "Hg", name) for name in ("Li3PS4", "model"))
    assert model.points[0].energy == pytest.approx(-hull.phase("model").e_above_hull) == pytest.approx(-0.03)
    assert model.e_above_hull == (0.0, pytest.approx(0.03))
    assert not model.reacts  # what it gains, it gains without mercury
    assert [p.mutual_energy for p in model.points] == pytest.approx([p.mutual_energy for p in stable.points])


@st.composite
def random_hulls(draw: st.DrawFn) -> Hull:
    formulas = draw(
        st.lists(
            st.tuples(*[st.integers(0, 4)] * 4).filter(lambda n: sum(map(bool, n)) > 1),
            min_size=3,
            max_size=9,
            unique=True,
        )
    )
    elements = ("Li", "P", "S", "Hg")
    entries = [entry(element, 0.0) for element in elements]
    for i, numbers in enumerate(formulas):
        composition = {element: float(n) for element, n in zip(elements, numbers, strict=True) if n}
        formula = "".join(f"{element}{n:g}" for element, n in composition.items())
        entries.append(PhaseEntry(f"phase {i}", formula, composition, draw(ENERGY), 10.0))
    return build_hull("Li-P-S-Hg", entries)


@settings(max_examples=60, deadline=None)
@given(random_hulls(), MIX, st.data())
def test_energies_equal_those_of_linear_programming_and_products_hold_the_same_atoms(hull, x, data) -> None:
    names = [phase.name for phase in hull.phases]
    first, second = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
    reaction = interface_reaction(hull, first, second)
    own = x * hull.phase(first).formation_energy_per_atom + (1 - x) * hull.phase(second).formation_energy_per_atom
    expected = lowest_energy(hull, mixture(hull, first, second, x)) - own
    assert reaction.energy(x) == pytest.approx(expected, abs=1e-6)
    for end, name in ((0, second), (-1, first)):
        assert reaction.points[end].energy == pytest.approx(-hull.phase(name).e_above_hull, abs=1e-9)
    for point in reaction.points:
        assert point.mutual_energy <= 1e-9
        target = mixture(hull, first, second, point.mixing_ratio)
        for element in hull.elements:
            held = math.fsum(n * hull.phase(name).fraction(element) for name, n in point.products.items())
            assert held == pytest.approx(target[element], abs=1e-7)


@given(st.lists(st.floats(-2000, 2000), min_size=4, max_size=4))
@settings(max_examples=20, deadline=None)
def test_energy_zeros_of_the_elements_cancel(values) -> None:
    shifted = toy(dict(zip(("Li", "P", "S", "Hg"), values, strict=True)))
    for first, second in (("Li", "Li3PS4"), ("Li3Hg", "Li3PS4")):
        plain, moved = (interface_reaction(hull, first, second) for hull in (toy(), shifted))
        assert [p.mixing_ratio for p in moved.points] == pytest.approx([p.mixing_ratio for p in plain.points])
        assert [p.energy for p in moved.points] == pytest.approx([p.energy for p in plain.points], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(random_hulls(), MIX, st.floats(0.0, 2.5))
def test_open_to_lithium_it_is_the_best_closed_mixture_with_any_amount_of_lithium(hull, x, voltage) -> None:
    reaction = interface_reaction(hull, "Hg", "S", open_element="Li", voltage_V=voltage)
    fractions = np.array([[phase.fraction(element) for phase in hull.phases] for element in ("P", "S", "Hg")])
    grand = [phase.formation_energy_per_atom + voltage * phase.fraction("Li") for phase in hull.phases]
    solution = linprog(grand, A_eq=fractions, b_eq=[0.0, 1 - x, x])
    assert reaction.energy(x) == pytest.approx(float(solution.fun), abs=1e-6)
    for point in reaction.points:
        lithium = math.fsum(n * hull.phase(name).fraction("Li") for name, n in point.products.items())
        assert point.uptake == pytest.approx(lithium, abs=1e-9)


def test_lithium_of_an_amalgam_is_counted_when_lithium_is_open() -> None:
    # At 0.5 V Li3Hg (plateau at 0.4 V) gives its lithium back: Hg + 3 Li at -0.5 eV each, 4 atoms.
    reaction = interface_reaction(toy(), "Li3Hg", "Li3PS4", open_element="Li", voltage_V=0.5)
    alone = reaction.points[-1]
    assert alone.energy == pytest.approx((-3 * 0.5 + 4 * 0.3) / 4)
    assert alone.uptake == pytest.approx(-0.75)
    assert reaction.equation(alone) == "Li3Hg -> Hg + 3 Li"
    assert not reaction.reacts


def test_against_pymatgen() -> None:
    from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity, InterfacialReactivity
    from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram
    from pymatgen.core import Composition, Element

    diagram = toy().phase_diagram
    lithium, sulfide = Composition("Li3Hg"), Composition("Li3PS4")
    theirs = sorted(kink[1:3] for kink in InterfacialReactivity(lithium, sulfide, diagram).get_kinks())
    ours = [(p.mixing_ratio, p.energy) for p in interface_reaction(toy(), "Li3Hg", "Li3PS4").points]
    assert np.array(ours) == pytest.approx(np.array(theirs), abs=1e-9)
    grand = GrandPotentialPhaseDiagram(diagram.all_entries, {Element("Li"): -1.0})
    open_kinks = GrandPotentialInterfacialReactivity(Composition("Hg"), sulfide, grand, diagram).get_kinks()
    open_points = interface_reaction(toy(), "Hg", "Li3PS4", open_element="Li", voltage_V=1.0).points
    assert [p.mixing_ratio for p in open_points] == pytest.approx(sorted(kink[1] for kink in open_kinks))


def test_entries_that_give_no_reaction_are_refused() -> None:
    entries = [entry(name, energy) for name, energy in TOY.items()]
    with pytest.raises(InputError, match=r"unknown reactant 'Li3PS5'\. Did you mean 'Li3PS4'"):
        reaction_hull(entries, ["Hg", "Li3PS5"])
    with pytest.raises(InputError, match="no entry of pure P;"):
        reaction_hull([e for e in entries if e.name != "P"], ["Hg", "Li3PS4"])
    potentials = dict.fromkeys(TOY, "chgnet+d3")
    with pytest.raises(InputError, match="'Li2S' was computed with '7net-0' and 'Li' with 'chgnet"):
        reaction_hull(entries, ["Hg", "Li3PS4"], potentials=potentials | {"Li2S": "7net-0"})
    # HgS is no product of Li and P, so that its potential does not matter.
    assert reaction_hull(entries, ["Li", "P"], potentials=potentials | {"HgS": "7net-0"}).system == "Li-P"
    del potentials["Li2S"]
    with pytest.raises(InputError, match="'Li2S': potentials does not say"):
        reaction_hull(entries, ["Hg", "Li3PS4"], potentials=potentials)


@pytest.mark.parametrize(
    ("first", "arguments", "message"),
    [
        ("Lii", {}, "Did you mean 'Li'"),
        ("Li3PS4", {}, "two different phases"),
        ("Hg", {"voltage_V": 1.0}, "without an open_element"),
        ("Hg", {"open_element": "Li"}, "voltage_V is None"),
        ("Hg", {"open_element": "Li", "voltage_V": -0.1}, "not negative"),
        ("Hg", {"open_element": "Na", "voltage_V": 1.0}, "unknown open_element"),
        ("Li", {"open_element": "Li", "voltage_V": 1.0}, "pure Li"),
        ("Hg", {"open_element": "Li", "voltage_V": 1.0, "electrons_per_ion": 0}, "positive integer"),
    ],
)
def test_impossible_reactions_are_refused(first, arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        interface_reaction(toy(), first, "Li3PS4", **arguments)
    with pytest.raises(InputError, match="from 0 to 1"):
        interface_reaction(toy(), "Hg", "Li3PS4").energy(1.1)
