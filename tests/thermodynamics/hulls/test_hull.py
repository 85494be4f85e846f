"""The convex hull: identities, agreement with pymatgen, refusals."""

from __future__ import annotations

import dataclasses
import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull, chemical_potential

ELEMENTS = ("Li", "Na", "Mg", "Hg")


def entry(name: str, energy: float, volume: float = 20.0, **composition: float) -> PhaseEntry:
    formula = "".join(f"{symbol}{amount:g}" for symbol, amount in composition.items())
    return PhaseEntry(name, formula, composition, energy, volume)


@st.composite
def systems(draw: st.DrawFn, min_elements: int = 2, max_elements: int = 4) -> tuple[str, list[PhaseEntry]]:
    """A system and random entries: one reference per element, then anything, polymorphs included."""
    elements = ELEMENTS[: draw(st.integers(min_elements, max_elements))]
    energy = st.floats(-5.0, 1.0, allow_nan=False).map(lambda value: round(value, 6))
    entries = [entry(element, draw(energy), **{element: 1}) for element in elements]
    counts = st.lists(st.integers(0, 4), min_size=len(elements), max_size=len(elements)).filter(any)
    for i in range(draw(st.integers(0, 12))):
        composition = {symbol: n for symbol, n in zip(elements, draw(counts), strict=True) if n}
        entries.append(entry(f"phase-{i}", draw(energy), **composition))
    return "-".join(elements), entries


def distances(hull: Hull) -> dict[str, float]:
    return {phase.name: phase.e_above_hull for phase in hull.phases}


LI_HG = [
    entry("Hg-alpha", -0.30, Hg=1),
    entry("Hg-beta", -0.31, Hg=2),
    entry("LiHg3", -0.94, Li=2, Hg=6),
    entry("LiHg", -1.50, Li=1, Hg=1),
    entry("LiHg-metastable", -1.45, Li=2, Hg=2),
    entry("Li2Hg", -1.50, Li=2, Hg=1),
    entry("Li3Hg", -1.80, Li=3, Hg=1),
    entry("Li", -1.90, Li=2),
]


class TestKnownBinary:
    def test_stable_phases_run_from_the_last_element_to_the_first(self) -> None:
        hull = build_hull("Li-Hg", LI_HG)
        assert [phase.name for phase in hull.stable] == ["Hg-beta", "LiHg3", "LiHg", "Li3Hg", "Li"]
        assert hull.tie_lines == (("Hg-beta", "LiHg3"), ("LiHg3", "LiHg"), ("LiHg", "Li3Hg"), ("Li3Hg", "Li"))

    def test_polymorphs_keep_their_distance(self) -> None:
        hull = build_hull("Li-Hg", LI_HG)
        assert hull.phase("LiHg-metastable").e_above_hull == pytest.approx(0.05)
        assert hull.phase("Hg-alpha").e_above_hull == pytest.approx(0.01)
        assert hull.phase("Hg-alpha").formation_energy_per_atom == pytest.approx(0.01)

    def test_formation_energy_by_hand(self) -> None:
        phase = build_hull("Li-Hg", LI_HG).phase("LiHg3")
        assert phase.formation_energy_per_atom == pytest.approx(-0.94 - (0.25 * -1.90 + 0.75 * -0.31))

    def test_distance_above_a_tie_line_by_hand(self) -> None:
        # Li2Hg at x_Li = 2/3 lies a third of the way to Li3Hg in mole fraction: 1/2 + (1/4)(2/3).
        phase = build_hull("Li-Hg", LI_HG).phase("Li2Hg")
        assert phase.e_above_hull == pytest.approx(-1.50 - (-1.50 / 3 + -1.80 * 2 / 3))

    def test_labels_survive(self) -> None:
        entries = [dataclasses.replace(item, entry_id=i, source="somewhere") for i, item in enumerate(LI_HG)]
        hull = build_hull("Li-Hg", entries, temperature_K=298.15)
        assert hull.phase("Li3Hg").entry_id == 6
        assert hull.phase("Li3Hg").source == "somewhere"
        assert (hull.system, hull.elements, hull.temperature_K) == ("Li-Hg", ("Li", "Hg"), 298.15)

    def test_order_of_the_symbols_turns_the_hull_round(self) -> None:
        forward, backward = build_hull("Li-Hg", LI_HG), build_hull("Hg-Li", LI_HG)
        assert [phase.name for phase in backward.stable] == [phase.name for phase in reversed(forward.stable)]
        assert distances(forward) == pytest.approx(distances(backward), abs=1e-12)

    def test_phase_diagram_is_pymatgens_own(self) -> None:
        hull = build_hull("Li-Hg", LI_HG)
        assert {item.name for item in hull.phase_diagram.stable_entries} == {phase.name for phase in hull.stable}
        assert hull.phase_diagram is hull.phase_diagram


class TestIdentities:
    @settings(max_examples=60, deadline=None)
    @given(systems(), st.lists(st.floats(-3000.0, 3000.0), min_size=4, max_size=4))
    def test_constant_per_element_changes_nothing(
        self, system: tuple[str, list[PhaseEntry]], constants: list[float]
    ) -> None:
        label, entries = system
        shift = dict(zip(ELEMENTS, constants, strict=True))
        moved = [
            dataclasses.replace(
                item,
                energy_per_atom=item.energy_per_atom + sum(item.fraction(el) * shift[el] for el in item.composition),
            )
            for item in entries
        ]
        before, after = build_hull(label, entries), build_hull(label, moved)
        assert distances(after) == pytest.approx(distances(before), abs=1e-7)
        for phase in before.phases:
            other = after.phase(phase.name)
            assert other.formation_energy_per_atom == pytest.approx(phase.formation_energy_per_atom, abs=1e-9)

    @settings(max_examples=60, deadline=None)
    @given(systems(), st.randoms(use_true_random=False))
    def test_order_of_entries_changes_nothing(
        self, system: tuple[str, list[PhaseEntry]], shuffler: random.Random
    ) -> None:
        label, entries = system
        shuffled = list(entries)
        shuffler.shuffle(shuffled)
        before, after = build_hull(label, entries), build_hull(label, shuffled)
        assert [phase.name for phase in after.phases] == [phase.name for phase in before.phases]
        assert distances(after) == pytest.approx(distances(before), abs=1e-9)

    @settings(max_examples=60, deadline=None)
    @given(systems(), st.integers(2, 7))
    def test_size_of_the_cell_changes_nothing(self, system: tuple[str, list[PhaseEntry]], factor: int) -> None:
        label, entries = system
        larger = [
            dataclasses.replace(item, composition={el: n * factor for el, n in item.composition.items()})
            for item in entries
        ]
        before, after = build_hull(label, entries), build_hull(label, larger)
        assert distances(after) == pytest.approx(distances(before), abs=1e-9)
        assert [phase.name for phase in after.phases] == [phase.name for phase in before.phases]

    @settings(max_examples=60, deadline=None)
    @given(systems())
    def test_distances_are_never_negative_and_zero_on_the_hull(self, system: tuple[str, list[PhaseEntry]]) -> None:
        hull = build_hull(*system)
        for phase in hull.phases:
            assert phase.e_above_hull >= 0.0
            assert str(phase.e_above_hull) != "-0.0"
            assert phase.stable == (phase.e_above_hull == 0.0)
        for element in hull.elements:
            pure = [phase for phase in hull.phases if phase.is_element and element in phase.composition]
            assert min(phase.formation_energy_per_atom for phase in pure) == 0.0
            assert any(phase.stable for phase in pure)

    @settings(max_examples=60, deadline=None)
    @given(systems(2, 2), st.floats(0.0, 1.0))
    def test_mixture_of_two_phases_is_never_below_the_hull(
        self, system: tuple[str, list[PhaseEntry]], share: float
    ) -> None:
        """Of any two phases the hull at the mixture's composition lies at or below the mixture's energy."""
        hull = build_hull(*system)
        x = {phase.name: phase.fraction(hull.elements[0]) for phase in hull.phases}
        stable = sorted((x[p.name], p.formation_energy_per_atom) for p in hull.stable)
        for a, b in itertools.combinations(hull.phases, 2):
            mixed_x = share * x[a.name] + (1 - share) * x[b.name]
            mixed = share * a.formation_energy_per_atom + (1 - share) * b.formation_energy_per_atom
            assert np.interp(mixed_x, *zip(*stable, strict=True)) <= mixed + 1e-7  # type: ignore[call-overload]

    @settings(max_examples=60, deadline=None)
    @given(systems(), st.integers(0, 100), st.floats(0.001, 2.0))
    def test_phase_above_the_hull_changes_nothing(
        self, system: tuple[str, list[PhaseEntry]], pick: int, extra: float
    ) -> None:
        label, entries = system
        before = build_hull(label, entries)
        twin = entries[pick % len(entries)]
        added = dataclasses.replace(twin, name="added", energy_per_atom=twin.energy_per_atom + extra)
        after = build_hull(label, [*entries, added])
        assert after.phase("added").e_above_hull == pytest.approx(before.phase(twin.name).e_above_hull + extra)
        others = {name: value for name, value in distances(after).items() if name != "added"}
        assert others == pytest.approx(distances(before), abs=1e-9)
        assert after.tie_lines == before.tie_lines

    @settings(max_examples=60, deadline=None)
    @given(systems(1, 4))
    def test_equals_pymatgen(self, system: tuple[str, list[PhaseEntry]]) -> None:
        hull = build_hull(*system)
        diagram = hull.phase_diagram
        for item in diagram.all_entries:
            phase = hull.phase(item.name)
            assert phase.e_above_hull == pytest.approx(diagram.get_e_above_hull(item), abs=1e-7)
            expected = diagram.get_form_energy_per_atom(item)
            assert phase.formation_energy_per_atom == pytest.approx(expected, abs=1e-9)

    @settings(max_examples=40, deadline=None)
    @given(systems(3, 4))
    def test_subsystem_keeps_the_distances(self, system: tuple[str, list[PhaseEntry]]) -> None:
        hull = build_hull(*system)
        for pair in itertools.combinations(hull.elements, 2):
            part = hull.subsystem("-".join(pair))
            for phase in part.phases:
                assert phase.e_above_hull == pytest.approx(hull.phase(phase.name).e_above_hull, abs=1e-7)

    def test_thousands_of_phases_equal_pymatgen(self) -> None:
        """Many facets and more phases than one chunk compares, against pymatgen one phase at a time."""
        rng = np.random.default_rng(5)
        entries = [entry(element, 0.0, **{element: 1}) for element in ELEMENTS]
        while len(entries) < 1500:
            counts = rng.integers(0, 6, 4)
            if np.count_nonzero(counts) > 1:
                mixing = 1.0 - np.sum((counts / counts.sum()) ** 2)
                composition = {el: int(n) for el, n in zip(ELEMENTS, counts, strict=True) if n}
                entries.append(entry(str(len(entries)), mixing * rng.normal(-0.5, 0.15), **composition))
        hull = build_hull("-".join(ELEMENTS), entries)
        diagram = hull.phase_diagram
        for item in diagram.all_entries[::25]:
            assert hull.phase(item.name).e_above_hull == pytest.approx(diagram.get_e_above_hull(item), abs=1e-8)
        assert {item.name for item in diagram.stable_entries} == {phase.name for phase in hull.stable}


class TestTies:
    def test_two_polymorphs_of_one_energy_are_both_stable_but_share_a_tie_line(self) -> None:
        hull = build_hull("Li-Hg", [*LI_HG, entry("LiHg-twin", -1.50, Li=2, Hg=2)])
        assert hull.phase("LiHg").stable
        assert hull.phase("LiHg-twin").stable
        assert hull.tie_lines == build_hull("Li-Hg", LI_HG).tie_lines

    def test_phase_exactly_on_a_tie_line_is_stable(self) -> None:
        entries = [entry("Li", 0.0, Li=1), entry("Hg", 0.0, Hg=1), entry("LiHg", 0.0, Li=1, Hg=1)]
        hull = build_hull("Li-Hg", entries)
        assert hull.tie_lines == (("Hg", "LiHg"), ("LiHg", "Li"))

    def test_rounding_noise_is_not_instability(self) -> None:
        hull = build_hull("Li-Hg", [*LI_HG, entry("LiHg-twin", -1.50 + 1e-12, Li=2, Hg=2)])
        assert hull.phase("LiHg-twin").e_above_hull == 0.0


class TestManyElements:
    def test_ternary_edges(self) -> None:
        entries = [entry(element, 0.0, **{element: 1}) for element in ("Li", "Na", "Hg")]
        hull = build_hull("Li-Na-Hg", [*entries, entry("LiNaHg", -1.0, Li=1, Na=1, Hg=1)])
        edges = {frozenset(pair) for pair in hull.tie_lines}
        assert edges == {frozenset(pair) for pair in itertools.combinations(["Li", "Na", "Hg", "LiNaHg"], 2)}

    def test_one_element(self) -> None:
        hull = build_hull("Hg", [entry("alpha", -0.1, Hg=1), entry("beta", -0.2, Hg=2)])
        assert distances(hull) == pytest.approx({"alpha": 0.1, "beta": 0.0})
        assert hull.tie_lines == ()


class TestChemicalPotential:
    def test_is_the_intercept_of_the_tie_line(self) -> None:
        hull = build_hull("Li-Hg", LI_HG)
        formation = hull.phase("LiHg3").formation_energy_per_atom
        # Hg is the reference, so all of LiHg3's formation energy belongs to its lithium.
        assert chemical_potential(hull, "Li", ("Hg-beta", "LiHg3")) == pytest.approx(4 * formation)
        assert chemical_potential(hull, "Hg", ("Hg-beta", "LiHg3")) == pytest.approx(0.0)

    def test_lithium_potential_rises_towards_lithium(self) -> None:
        hull = build_hull("Li-Hg", LI_HG)
        potentials = [chemical_potential(hull, "Li", pair) for pair in hull.tie_lines]
        assert potentials == sorted(potentials)
        assert potentials[-1] == pytest.approx(0.0)

    def test_ternary_phase_energies_are_recovered(self) -> None:
        entries = [entry(element, 0.0, **{element: 1}) for element in ("Li", "Na", "Hg")]
        hull = build_hull("Li-Na-Hg", [*entries, entry("LiNaHg", -1.0, Li=1, Na=1, Hg=1)])
        mu = {el: chemical_potential(hull, el, ("LiNaHg", "Na", "Hg")) for el in hull.elements}
        assert mu == pytest.approx({"Li": -3.0, "Na": 0.0, "Hg": 0.0})

    @pytest.mark.parametrize(
        ("element", "between", "message"),
        [
            ("Na", ("Li", "Li3Hg"), "unknown element"),
            ("Li", ("Li", "Li3Hgg"), "Did you mean 'Li3Hg'"),
            ("Li", ("Li",), "2 coexisting phases"),
            ("Li", ("LiHg", "LiHg-metastable"), "not independent"),
            ("Li", ("Li", "LiHg"), "'Li3Hg' is more stable"),
            ("Li", ("LiHg-metastable", "Li3Hg"), "'LiHg' is more stable"),
        ],
    )
    def test_refusals(self, element: str, between: tuple[str, ...], message: str) -> None:
        with pytest.raises(InputError, match=message):
            chemical_potential(build_hull("Li-Hg", LI_HG), element, between)


class TestRefusals:
    def test_missing_reference_names_the_element(self) -> None:
        with pytest.raises(InputError, match="no reference energy for Hg"):
            build_hull("Li-Hg", [entry("Li", 0.0, Li=1), entry("LiHg", -1.0, Li=1, Hg=1)])

    def test_no_entries_at_all(self) -> None:
        with pytest.raises(InputError, match="no reference energy for Li, Hg"):
            build_hull("Li-Hg", [])

    def test_duplicate_name(self) -> None:
        with pytest.raises(InputError, match="two phases are called 'LiHg'"):
            build_hull("Li-Hg", [*LI_HG, entry("LiHg", -1.0, Li=1, Hg=1)])

    def test_phase_outside_the_system(self) -> None:
        with pytest.raises(InputError, match="'NaHg' holds Na"):
            build_hull("Li-Hg", [*LI_HG, entry("NaHg", -1.0, Na=1, Hg=1)])

    @pytest.mark.parametrize("temperature", [-1.0, float("nan"), float("inf")])
    def test_temperature(self, temperature: float) -> None:
        with pytest.raises(InputError, match="temperature_K"):
            build_hull("Li-Hg", LI_HG, temperature_K=temperature)

    def test_unknown_element_in_the_system(self) -> None:
        with pytest.raises(InputError):
            build_hull("Li-Xx", LI_HG)

    def test_subsystem_outside(self) -> None:
        with pytest.raises(InputError, match="Na"):
            build_hull("Li-Hg", LI_HG).subsystem("Na-Hg")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"energy_per_atom": float("nan")}, "'LiHg': energy_per_atom is nan"),
            ({"energy_per_atom": float("-inf")}, "energy_per_atom"),
            ({"energy_per_atom": None}, "energy_per_atom is None"),
            ({"volume_per_atom": 0.0}, "volume_per_atom"),
            ({"volume_per_atom": float("nan")}, "volume_per_atom"),
            ({"composition": {}}, "composition is empty"),
            ({"composition": {"Li": 1, "Hg": 0}}, r"composition\['Hg'\] is 0"),
            ({"composition": {"Li": -1, "Hg": 2}}, r"composition\['Li'\] is -1"),
            ({"name": ""}, "name is empty"),
        ],
    )
    def test_entry(self, change: dict[str, object], message: str) -> None:
        with pytest.raises(InputError, match=message):
            dataclasses.replace(LI_HG[3], **change)


@given(systems())
def test_the_lowest_of_a_composition(system: tuple[str, list[PhaseEntry]]) -> None:
    hull = build_hull(*system)
    for phase in hull.phases:
        lowest = hull.lowest({symbol: 3.0 * amount for symbol, amount in phase.composition.items()})
        assert lowest is not None
        assert lowest.energy_per_atom <= phase.energy_per_atom
        assert all(lowest.fraction(symbol) == pytest.approx(phase.fraction(symbol)) for symbol in hull.elements)
    assert hull.lowest({"Xe": 1.0}) is None


def test_the_lowest_of_a_space_group() -> None:
    bcc = dataclasses.replace(entry("bcc", -1.0, Li=1), space_group="Im-3m")
    fcc = dataclasses.replace(entry("fcc", -2.0, Li=1), space_group="Fm-3m")
    compound = [entry("low", -2.5, Li=1, Hg=3), entry("high", -2.4, Li=2, Hg=6), entry("other", -9.0, Li=1, Hg=1)]
    hull = build_hull("Li-Hg", [bcc, fcc, entry("Hg", -1.0, Hg=1), *compound])
    names = [hull.lowest({"Li": 1}), hull.lowest({"Li": 1}, "Im-3m"), hull.lowest({"Hg": 0.75, "Li": 0.25})]
    assert [phase.name for phase in names if phase] == ["fcc", "bcc", "low"]
    assert hull.lowest({"Li": 1}, "P1") is None
