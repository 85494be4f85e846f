"""Voltage profiles: identities of charge, energy and volume, and numbers from the molar masses."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull, chemical_potential
from amalgamics.thermodynamics.hulls.voltage import theoretical_capacity, voltage_profile

FARADAY_MAH_PER_MOL = 96485.33212 / 3.6


def hull_of(ion: str = "Li", host: str = "Hg", **formation: float) -> Hull:
    """Hull over ``ion`` + ``host`` from formation energies per atom, keyed ``a_b`` for a ions to b hosts."""
    entries = [
        PhaseEntry(host, host, {host: 1}, 0.0, 24.0),
        PhaseEntry(ion, ion, {ion: 2}, 0.0, 20.0),
    ]
    for key, energy in formation.items():
        n_ion, n_host = (int(part) for part in key.strip("n").split("_"))
        name = f"{ion}{n_ion}{host}{n_host}".replace("1", "")
        volume = (24.0 * n_host + 15.0 * n_ion) / (n_ion + n_host)
        entries.append(PhaseEntry(name, name, {ion: n_ion, host: n_host}, energy, volume))
    return build_hull(f"{ion}-{host}", entries)


LI_HG = hull_of(n1_3=-0.24, n1_1=-0.44, n3_1=-0.35)


class TestKnownProfile:
    def test_capacities_of_the_lithium_amalgams(self) -> None:
        """LiHg3, LiHg and Li3Hg hold 1/3, 1 and 3 Li per Hg: n F / M(Hg)."""
        steps = voltage_profile(LI_HG, "Li").steps
        assert [step.to_formula for step in steps] == ["LiHg3", "LiHg", "Li3Hg"]
        assert [round(step.cumulative_mAh_per_g, 1) for step in steps] == [44.5, 133.6, 400.8]
        assert steps[2].cumulative_mAh_per_g == pytest.approx(3 * FARADAY_MAH_PER_MOL / 200.592)
        alloy = [x * FARADAY_MAH_PER_MOL / (200.592 + x * 6.94) for x in (1 / 3, 1, 3)]
        assert [step.cumulative_mAh_per_g_alloy for step in steps] == pytest.approx(alloy)

    def test_first_voltage_by_hand(self) -> None:
        first = voltage_profile(LI_HG, "Li").steps[0]
        assert (first.from_formula, first.to_formula) == ("Hg", "LiHg3")
        assert first.voltage_V == pytest.approx(4 * 0.24)

    def test_voltage_is_minus_the_chemical_potential(self) -> None:
        steps = voltage_profile(LI_HG, "Li").steps
        for step, pair in zip(steps, LI_HG.tie_lines, strict=False):
            assert step.voltage_V == pytest.approx(-chemical_potential(LI_HG, "Li", pair))

    def test_volumes(self) -> None:
        """Every lithium adds 15 Å^3 to 24 Å^3 of mercury in this made-up series."""
        steps = voltage_profile(LI_HG, "Li").steps
        assert [step.partial_volume for step in steps] == pytest.approx([15.0] * 3)
        assert steps[0].volume_from == pytest.approx(24.0)
        assert steps[-1].volume_to == pytest.approx(24.0 + 3 * 15.0)
        assert steps[-1].cumulative_volume_change_percent == pytest.approx(100 * 45 / 24)
        growth = 1.0
        for step in steps:
            growth *= 1.0 + step.volume_change_percent / 100.0
        assert growth == pytest.approx(1.0 + steps[-1].cumulative_volume_change_percent / 100.0)

    def test_order_of_the_system_does_not_matter(self) -> None:
        turned = build_hull("Hg-Li", LI_HG.phases)
        for step, other in zip(voltage_profile(LI_HG, "Li").steps, voltage_profile(turned, "Li").steps, strict=True):
            assert dataclasses.astuple(step)[0] == pytest.approx(dataclasses.astuple(other)[0])
            assert step.to_formula == other.to_formula

    def test_other_side_of_the_same_hull(self) -> None:
        """With the roles exchanged, mercury is inserted into lithium."""
        profile = voltage_profile(LI_HG, "Hg")
        assert profile.host == "Li"
        assert [step.to_formula for step in profile.steps] == ["Li3Hg", "LiHg", "LiHg3"]

    def test_divalent_ion_halves_the_voltage_and_doubles_the_capacity(self) -> None:
        hull = hull_of("Mg", n1_2=-0.15, n1_1=-0.20)
        one, two = (voltage_profile(hull, "Mg", electrons_per_ion=n) for n in (1, 2))
        for single, double in zip(one.steps, two.steps, strict=True):
            assert double.voltage_V == pytest.approx(single.voltage_V / 2)
            assert double.capacity_mAh_per_g == pytest.approx(single.capacity_mAh_per_g * 2)

    def test_sodium(self) -> None:
        profile = voltage_profile(hull_of("Na", n1_2=-0.2), "Na")
        assert [step.voltage_V for step in profile.steps] == pytest.approx([0.6])
        assert profile.capacity_mAh_per_g == pytest.approx(0.5 * FARADAY_MAH_PER_MOL / 200.592)

    def test_no_compound_no_steps(self) -> None:
        profile = voltage_profile(hull_of("Al", n1_1=0.1), "Al", electrons_per_ion=3)
        assert profile.steps == ()
        assert profile.mean_voltage_V is None
        assert profile.capacity_mAh_per_g == 0.0


@st.composite
def hulls(draw: st.DrawFn) -> Hull:
    amounts = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=8, unique=True))
    energies = {f"n{a}_{b}": round(draw(st.floats(-2.0, 0.2)), 4) for a, b in amounts if (a, b) != (1, 0)}
    entries = [PhaseEntry("Hg", "Hg", {"Hg": 1}, -0.3, 24.0), PhaseEntry("Li", "Li", {"Li": 1}, -1.9, 20.0)]
    for key, formation in energies.items():
        a, b = (int(part) for part in key[1:].split("_"))
        energy = formation + (a * -1.9 + b * -0.3) / (a + b)
        volume = draw(st.floats(10.0, 30.0))
        entries.append(PhaseEntry(key, f"Li{a}Hg{b}", {"Li": a, "Hg": b}, energy, volume))
    return build_hull("Li-Hg", entries)


class TestIdentities:
    @settings(max_examples=80, deadline=None)
    @given(hulls())
    def test_voltage_falls_and_capacity_rises(self, hull: Hull) -> None:
        steps = voltage_profile(hull, "Li").steps
        for earlier, later in itertools.pairwise(steps):
            assert later.voltage_V <= earlier.voltage_V + 1e-6
            assert later.cumulative_mAh_per_g > earlier.cumulative_mAh_per_g
            assert later.cumulative_mAh_per_g_alloy > earlier.cumulative_mAh_per_g_alloy
            assert (later.x_from, later.volume_from) == (earlier.x_to, earlier.volume_to)
        for step in steps:
            assert step.voltage_V >= -1e-6
            assert step.capacity_mAh_per_g > 0

    @settings(max_examples=80, deadline=None)
    @given(hulls(), st.integers(1, 3))
    def test_mean_voltage_times_charge_is_the_free_energy(self, hull: Hull, n: int) -> None:
        profile = voltage_profile(hull, "Li", electrons_per_ion=n)
        if not profile.steps:
            return
        last = max((p for p in hull.stable if not p.is_element), key=lambda p: p.fraction("Li"))
        per_host = last.formation_energy_per_atom / last.fraction("Hg")
        assert profile.mean_voltage_V is not None
        assert profile.mean_voltage_V * n * profile.steps[-1].x_to == pytest.approx(-per_host, abs=1e-6)

    @settings(max_examples=80, deadline=None)
    @given(hulls())
    def test_steps_add_up(self, hull: Hull) -> None:
        profile = voltage_profile(hull, "Li")
        assert sum(step.capacity_mAh_per_g for step in profile.steps) == pytest.approx(profile.capacity_mAh_per_g)
        inserted = sum(step.partial_volume * (step.x_to - step.x_from) for step in profile.steps)
        end = profile.steps[-1].volume_to if profile.steps else 24.0
        assert inserted == pytest.approx(end - 24.0, abs=1e-9)

    @settings(max_examples=80, deadline=None)
    @given(hulls())
    def test_alloy_capacity_stays_below_the_pure_metal(self, hull: Hull) -> None:
        for step in voltage_profile(hull, "Li").steps:
            assert step.cumulative_mAh_per_g_alloy < theoretical_capacity("Li")
            # The masses of host and metal in the alloy add up: 1/c_alloy = 1/c_host + 1/c_metal.
            expected = 1 / step.cumulative_mAh_per_g + 1 / theoretical_capacity("Li")
            assert 1 / step.cumulative_mAh_per_g_alloy == pytest.approx(expected)


class TestTheoreticalCapacity:
    def test_lithium(self) -> None:
        """3861 mAh/g with the older mass 6.941, 3862 with 6.94."""
        assert theoretical_capacity("Li") == pytest.approx(3861.3, abs=1.0)

    def test_magnesium(self) -> None:
        assert theoretical_capacity("Mg", 2) == pytest.approx(2 * FARADAY_MAH_PER_MOL / 24.305)

    def test_unknown_element(self) -> None:
        with pytest.raises(InputError, match="unknown element 'Lx'"):
            theoretical_capacity("Lx")


class TestRefusals:
    def test_ion_outside_the_hull(self) -> None:
        with pytest.raises(InputError, match="'Na'"):
            voltage_profile(LI_HG, "Na")

    @pytest.mark.parametrize("electrons", [0, -1, 1.5, True, None])
    def test_electrons(self, electrons: int) -> None:
        with pytest.raises(InputError, match="electrons_per_ion"):
            voltage_profile(LI_HG, "Li", electrons_per_ion=electrons)

    def test_ternary_hull(self) -> None:
        entries = [PhaseEntry(el, el, {el: 1}, 0.0, 20.0) for el in ("Li", "Na", "Hg")]
        hull = build_hull("Li-Na-Hg", entries)
        with pytest.raises(InputError, match="two elements"):
            voltage_profile(hull, "Li")
        assert voltage_profile(hull.subsystem("Li-Hg"), "Li").host == "Hg"

    def test_single_element(self) -> None:
        hull = build_hull("Li", [PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 20.0)])
        with pytest.raises(InputError, match="two elements"):
            voltage_profile(hull, "Li")
