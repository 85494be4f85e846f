"""From frames to parameters: identities of the means, errors from seeds, gaps, and what stays unknown."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.uncertainty import Estimate
from amalgamics.thermodynamics.wetting.adhesion import AdhesionSample
from amalgamics.thermodynamics.wetting.contact_angle import SurfaceTension
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters, calibrated
from amalgamics.thermodynamics.wetting.samples import interface_gas, paired_difference, parameters_from_samples

AREA = 59.0
Frames = dict[int, list[dict[int, float]]]

noise = st.floats(-0.3, 0.3)


def adhesion(n_seeds: int = 3, n_frames: int = 2) -> dict[int, list[AdhesionSample]]:
    rng = np.random.default_rng(1)
    return {
        seed: [
            AdhesionSample(-100.0, -20.0, -121.5 + 0.2 * rng.standard_normal(), AREA, "relaxed")
            for _ in range(n_frames)
        ]
        for seed in range(n_seeds)
    }


def frames(n_seeds: int = 3, n_frames: int = 2, n_solute: int = 3) -> Frames:
    rng = np.random.default_rng(2)
    result: Frames = {}
    for seed in range(n_seeds):
        result[seed] = []
        for _ in range(n_frames):
            empty = -120.0 + rng.standard_normal()
            energies = np.array([-3.3, -5.9, -7.7])[:n_solute] + 0.1 * rng.standard_normal(n_solute).cumsum()
            result[seed].append({0: empty} | {n: empty + energy for n, energy in enumerate(energies, 1)})
    return result


def reference(n_seeds: int = 3, n_frames: int = 2, mean: float = -2.0) -> dict[int, list[float]]:
    rng = np.random.default_rng(3)
    return {seed: list(mean + 0.05 * rng.standard_normal(n_frames)) for seed in range(n_seeds)}


def parameters(n_seeds: int = 3, n_frames: int = 2, **changes: object) -> WettingParameters:
    arguments = {
        "adhesion": adhesion(n_seeds, n_frames),
        "interface": frames(n_seeds, n_frames),
        "reference": reference(n_seeds, n_frames),
        "area": AREA,
        "degeneracies": [4, 2, 4],
    } | changes
    return parameters_from_samples("oxide", **arguments)  # type: ignore[arg-type]


class TestMeans:
    def test_by_hand(self) -> None:
        """Two seeds of unequal length count the same: seed means -1.0 and -1.4 give -1.2 +- 0.2."""
        gas, assumptions = interface_gas(
            {"a": [{0: 10.0, 1: 7.0}, {0: 0.0, 1: -3.0}], "b": [{0: 5.0, 1: 1.6}]},
            Estimate(-2.0, 0.1, 5),
            area=AREA,
            degeneracies=[4],
        )
        assert gas.delta_energies == pytest.approx((0.0, -1.2))
        assert gas.standard_errors == pytest.approx((0.0, math.hypot(0.2, 0.1)))
        assert (gas.degrees_of_freedom, gas.degeneracies, assumptions) == (1, (1.0, 4.0), ())

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.lists(noise, min_size=3, max_size=3), min_size=2, max_size=5), noise)
    def test_without_gaps_means_and_their_covariance(self, energies: list[list[float]], e_ref: float) -> None:
        counts = np.arange(1, 4)
        grouped = {seed: [{0: 1.0} | {n: 1.0 + row[n - 1] for n in range(1, 4)}] for seed, row in enumerate(energies)}
        gas, _ = interface_gas(grouped, Estimate(e_ref, 0.03, 9), area=AREA, degeneracies=[3, 3, 1])
        means = np.mean(energies, axis=0) - e_ref * counts
        covariance = np.cov(energies, rowvar=False) / len(energies) + np.outer(counts, counts) * 0.03**2
        assert gas.delta_energies[1:] == pytest.approx(means, abs=1e-12)
        assert gas.total_covariance()[1:, 1:] == pytest.approx(covariance, abs=1e-12)
        assert gas.degrees_of_freedom == min(len(energies) - 1, 8)

    @settings(max_examples=20, deadline=None)
    @given(st.floats(-50.0, 50.0), st.floats(-3.0, 3.0))
    def test_zeros_of_energy_drop_out(self, shift: float, per_solute: float) -> None:
        """A constant in every cell, and one in every solute atom, leave all energies as they are."""
        moved = {
            seed: [{n: energy + shift + n * per_solute for n, energy in frame.items()} for frame in group]
            for seed, group in frames().items()
        }
        inside = {seed: [value + per_solute for value in group] for seed, group in reference().items()}
        here, there = parameters(), parameters(interface=moved, reference=inside)
        assert there.interface.delta_energies == pytest.approx(here.interface.delta_energies, abs=1e-9)
        assert there.interface.total_covariance() == pytest.approx(here.interface.total_covariance(), abs=1e-9)

    def test_noise_of_the_liquid_cancels(self) -> None:
        """Frames whose energies differ by eV, but whose differences do not, leave no error but that of e_ref."""
        exact = {seed: [{0: 10.0 * seed, 1: 10.0 * seed - 3.0}] for seed in range(3)}
        gas, _ = interface_gas(exact, Estimate(-2.0, 0.0, 3), area=AREA, degeneracies=[1])
        assert gas.standard_errors == pytest.approx((0.0, 0.0))

    def test_repeating_the_frames_of_every_seed_changes_nothing(self) -> None:
        doubled = {seed: group * 2 for seed, group in frames().items()}
        here, there = parameters(), parameters(interface=doubled)
        assert there.interface.total_covariance() == pytest.approx(here.interface.total_covariance(), abs=1e-12)
        assert there.interface.degrees_of_freedom == here.interface.degrees_of_freedom == 2

    def test_work_of_adhesion(self) -> None:
        result = parameters()
        means = [np.mean([sample.total_J_m2 for sample in group]) for group in adhesion().values()]
        assert result.work_of_adhesion_J_m2 == pytest.approx(np.mean(means))
        assert result.work_of_adhesion_standard_error_J_m2 == pytest.approx(np.std(means, ddof=1) / math.sqrt(3))
        assert result.work_of_adhesion_degrees_of_freedom == 2


class TestGaps:
    def test_a_state_missing_in_some_frames_uses_the_others(self) -> None:
        some = frames()
        for frame in some[0]:
            del frame[3]
        gas = parameters(interface=some).interface
        full = parameters().interface
        assert gas.delta_energies[:3] == pytest.approx(full.delta_energies[:3])
        assert gas.delta_energies[3] != pytest.approx(full.delta_energies[3])
        assert gas.degrees_of_freedom == 1

    def test_a_number_of_atoms_seen_nowhere_is_left_out(self) -> None:
        some = {seed: [{n: frame[n] for n in (0, 1, 3)} for frame in group] for seed, group in frames().items()}
        gas = parameters(interface=some).interface
        assert gas.counts == (0, 1, 3)
        assert gas.degeneracies == (1.0, 4.0, 4.0)

    def test_a_state_seen_once_takes_the_error_of_the_others_and_says_so(self) -> None:
        some = frames(n_frames=1)
        for seed in (1, 2):
            del some[seed][0][3]
        result = parameters(interface=some, reference={seed: [-2.0] for seed in range(3)})
        one, two, three = result.interface.standard_errors[1:]
        # One sample has sqrt(3) times the error of the mean of three, and grows with the number of atoms.
        assert three == pytest.approx(3.0 * math.sqrt(3.0) * max(one, two / 2.0))
        assert any("3 solute atoms" in label for label in result.assumptions)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.lists(st.none() | noise, min_size=3, max_size=3), min_size=3, max_size=6))
    def test_any_gaps_leave_a_covariance(self, table: list[list[float | None]]) -> None:
        grouped = {
            seed: [{0: 0.0} | {n: value for n, value in enumerate(row, 1) if value is not None}]
            for seed, row in enumerate(table)
        }
        if not any(len(group[0]) > 1 for group in grouped.values()):
            return
        gas, _ = interface_gas(grouped, Estimate(0.0, 0.0, 9), area=AREA, degeneracies=[1, 1, 1])
        if gas.covariance is not None:  # the constructor checks symmetry and eigenvalues
            assert np.all(np.isfinite(gas.covariance))
            assert gas.draw_energies(np.random.default_rng(0), 5).shape == (5, len(gas.counts))


class TestFewSamples:
    def test_one_seed_uses_its_frames_and_says_so(self) -> None:
        result = parameters(n_seeds=1, n_frames=5)
        assert result.interface.degrees_of_freedom == result.work_of_adhesion_degrees_of_freedom == 4
        assert any("one seed" in label for label in result.assumptions)

    def test_a_single_frame_leaves_the_errors_unknown(self) -> None:
        result = parameters(n_seeds=1, n_frames=1, vapour={0: [-2.1]})
        assert result.work_of_adhesion_standard_error_J_m2 is None
        assert result.unknown_errors == ("W_ad(0)", "the energies at the interface", "the energies at the free surface")
        with pytest.raises(InputError, match=r"'oxide'.*more seeds.*assuming"):
            WettingModel(LI_IN_HG, SurfaceTension(0.4855), (result,))

    def test_assumed_errors_are_used_and_labelled(self) -> None:
        result = parameters(n_seeds=1, n_frames=1).assuming(work_of_adhesion_J_m2=0.04, per_solute=0.1)
        assert result.work_of_adhesion_standard_error_J_m2 == 0.04
        assert result.interface.standard_errors == pytest.approx((0.0, 0.1, 0.2, 0.3))
        curve = WettingModel(LI_IN_HG, SurfaceTension(0.4855), (result,)).curve()
        assert any("assumed standard errors: 0.04 J/m2" in label for label in curve.assumptions)
        assert curve.as_dict()["assumptions"] == list(curve.assumptions)

    def test_errors_of_one_film_are_raised_to_what_films_differ_by(self) -> None:
        small = parameters(n_seeds=1, n_frames=5)
        raised = small.at_least(work_of_adhesion_J_m2=0.5, per_solute=3.0)
        assert raised.work_of_adhesion_standard_error_J_m2 == 0.5
        assert raised.interface.standard_errors == pytest.approx((0.0, 3.0, 6.0, 9.0))
        assert raised.work_of_adhesion_degrees_of_freedom is raised.interface.degrees_of_freedom is None
        assert raised.work_of_adhesion_J_m2 == small.work_of_adhesion_J_m2
        assert raised.interface.delta_energies == small.interface.delta_energies
        assert "at least 0.5 J/m2 for W_ad(0), 3 eV per solute atom" in raised.assumptions[-1]

    @given(work=st.floats(0, 0.1), per_solute=st.floats(0, 0.5))
    def test_no_error_becomes_smaller(self, work: float, per_solute: float) -> None:
        small = parameters(n_seeds=1, n_frames=5)
        raised = small.at_least(work_of_adhesion_J_m2=work, per_solute=per_solute)
        assert raised.work_of_adhesion_standard_error_J_m2 >= small.work_of_adhesion_standard_error_J_m2
        assert np.all(np.array(raised.interface.standard_errors) >= np.array(small.interface.standard_errors) - 1e-12)
        assert raised.at_least(work_of_adhesion_J_m2=work, per_solute=per_solute) is raised

    def test_unknown_errors_stay_unknown(self) -> None:
        single = parameters(n_seeds=1, n_frames=1)
        raised = single.at_least(work_of_adhesion_J_m2=0.5, per_solute=3.0)
        assert raised is single
        assumed = single.assuming(work_of_adhesion_J_m2=0.5, per_solute=3.0)
        assert assumed.at_least(work_of_adhesion_J_m2=0.5, per_solute=3.0) is assumed

    def test_known_errors_are_not_replaced(self) -> None:
        known = parameters()
        assert known.assuming(work_of_adhesion_J_m2=9.0, per_solute=9.0) is known
        work_known = dataclasses.replace(
            parameters(n_seeds=1, n_frames=1), work_of_adhesion_standard_error_J_m2=0.01
        ).assuming(work_of_adhesion_J_m2=9.0, per_solute=0.1)
        assert work_known.work_of_adhesion_standard_error_J_m2 == 0.01
        assert "9" not in work_known.assumptions[-1]

    def test_without_errors_there_is_a_line_and_no_band(self) -> None:
        result = parameters(n_seeds=1, n_frames=1).exact()
        curve = WettingModel(LI_IN_HG, SurfaceTension(0.4855), (result,)).curve()
        assert curve.column("theta_low_deg") == pytest.approx(curve.column("theta_high_deg"), abs=1e-9)
        assert "errors left out" in curve.assumptions

    def test_calibration_makes_the_work_of_adhesion_known_only(self) -> None:
        result = calibrated(parameters(n_seeds=1, n_frames=1), 130.0, 0.4855)
        assert result.unknown_errors == ("the energies at the interface",)

    def test_few_seeds_widen_the_band(self) -> None:
        """The same errors, held by 2 degrees of freedom and by none in question."""
        few = parameters()
        normal = dataclasses.replace(
            few,
            work_of_adhesion_degrees_of_freedom=None,
            interface=dataclasses.replace(few.interface, degrees_of_freedom=None),
        )
        bands = []
        for member in (few, normal):
            point = WettingModel(LI_IN_HG, SurfaceTension(0.4855), (member,), n_draws=4000).curve([]).at(0.0)
            cosines = np.cos(np.radians([point.fresh.theta_low_deg, point.fresh.theta_high_deg]))
            bands.append(float(cosines[0] - cosines[1]))
        assert bands[0] / bands[1] == pytest.approx(4.303 / 1.960, rel=0.15)


class TestVapour:
    def test_energy_is_relative_to_the_bulk_liquid(self) -> None:
        surface = {seed: [value - 0.04 for value in group] for seed, group in reference().items()}
        gas = parameters(vapour=surface, vapour_area=30.0, vapour_degeneracy=2.0).vapour
        assert gas is not None
        assert (gas.area, gas.degeneracies) == (30.0, (1.0, 2.0))
        assert gas.delta_energies == pytest.approx((0.0, -0.04))
        # Seed by seed the difference is the same: what the seeds do to both cancels.
        assert gas.standard_errors == pytest.approx((0.0, 0.0), abs=1e-12)

    def test_pairs_by_seed_then_by_frame_then_not_at_all(self) -> None:
        by_seed = paired_difference({1: [1.0, 3.0], 2: [5.0]}, {1: [1.0], 2: [3.0]})
        assert (by_seed.mean, by_seed.standard_error, by_seed.n_samples) == (1.5, 0.5, 2)
        by_frame = paired_difference({1: [1.0, 3.0]}, {1: [0.0, 2.0]})
        assert (by_frame.mean, by_frame.standard_error) == (1.0, 0.0)
        apart = paired_difference({1: [1.0], 2: [3.0]}, {3: [0.0], 4: [2.0]})
        assert (apart.mean, apart.standard_error) == (1.0, pytest.approx(math.sqrt(2.0)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interface": {0: [{1: -3.0}]}}, "without solute"),
        ({"interface": {0: [{0: -3.0}]}}, "no frame of the interface has a solute"),
        ({"interface": {0: [{0: -3.0, -1: 2.0}]}}, "counted"),
        ({"interface": {0: [{0: -3.0, 1: float("nan")}]}}, "finite"),
        ({"degeneracies": [4, 2]}, "degeneracies"),
        ({"reference": {}}, "no groups"),
        ({"adhesion": {}}, "no groups"),
        ({"area": 0.0}, "area"),
        ({"vapour": {}}, "no groups"),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parameters(**changes)
