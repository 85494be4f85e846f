"""Both limits of the face beside the drop: identities of the solid-vapour lattice gas in the wetting model."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.uncertainty import Estimate
from amalgamics.thermodynamics.wetting.contact_angle import Drop, SurfaceTension
from amalgamics.thermodynamics.wetting.curve import Limit, LimitPoint, WettingPoint
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters
from amalgamics.thermodynamics.wetting.samples import dry_face_gas

GAMMA, AREA, T = 0.4855, 60.0, 298.15
HG = SurfaceTension(GAMMA, source="experiment")
UNREACHABLE = LatticeGas.from_series(AREA, [1e3])

series = st.lists(st.floats(-3.0, 0.5), min_size=1, max_size=4)
fractions = st.floats(-8.0, -2.0).map(lambda exponent: 10.0**exponent)


def member(wet: list[float], dry: LatticeGas | None, work: float = 0.4) -> WettingParameters:
    return WettingParameters("set", work, LatticeGas.from_series(AREA, wet), None, dry)


def model(one: WettingParameters, **more: object) -> WettingModel:
    return WettingModel(LI_IN_HG, HG, (one,), **({"n_draws": 50} | more))  # type: ignore[arg-type]


def equilibrated(point: WettingPoint) -> LimitPoint:
    assert point.equilibrated is not None
    return point.equilibrated


def delta_mu(x: float) -> float:
    return float(LI_IN_HG.chemical_potential(x)) + LI_IN_HG.E0_V


class TestIdentities:
    @settings(max_examples=30, deadline=None)
    @given(series)
    def test_equal_energies_on_both_faces_leave_the_angle_alone(self, energies: list[float]) -> None:
        curve = model(member(energies, LatticeGas.from_series(AREA, energies))).curve()
        assert np.ptp(curve.column("theta_deg", Limit.EQUILIBRATED)) < 1e-5
        assert curve.column("work_of_adhesion_J_m2", Limit.EQUILIBRATED) == pytest.approx(0.4)

    @settings(max_examples=30, deadline=None)
    @given(series)
    def test_nothing_on_the_dry_face_is_the_fresh_limit(self, energies: list[float]) -> None:
        curve = model(member(energies, UNREACHABLE)).curve()
        for point in curve.points:
            assert equilibrated(point) == point.fresh

    @settings(max_examples=30, deadline=None)
    @given(series, series)
    def test_solute_on_the_dry_face_never_helps_the_liquid(self, wet: list[float], dry: list[float]) -> None:
        curve = model(member(wet, LatticeGas.from_series(AREA, dry))).curve()
        fresh, equal = (curve.column("theta_deg", limit) for limit in Limit)
        assert np.all(equal >= fresh - 1e-9)
        assert equal[0] == fresh[0]

    @settings(max_examples=30, deadline=None)
    @given(series, series, fractions)
    def test_angle_is_that_of_three_tensions_followed_on_their_own(
        self, wet: list[float], dry: list[float], x: float
    ) -> None:
        one = member(wet, LatticeGas.from_series(AREA, dry))
        assert one.dry_face is not None
        point = equilibrated(model(one).curve([x]).at(x))
        # Any gamma_SV will do: W_ad(0) = gamma_SV + gamma_LV - gamma_SL.
        gamma_SV = 1.0 + float(one.dry_face.gamma_change_J_m2(delta_mu(x), T))
        gamma_SL = 1.0 + GAMMA - 0.4 + float(one.interface.gamma_change_J_m2(delta_mu(x), T))
        young = math.degrees(math.acos(min(1.0, max(-1.0, (gamma_SV - gamma_SL) / GAMMA))))
        assert point.theta_deg == pytest.approx(young, abs=1e-4)
        assert point.gamma_SV_change_J_m2 == pytest.approx(gamma_SV - 1.0)

    @settings(max_examples=30, deadline=None)
    @given(series, series, fractions)
    def test_gibbs_on_each_face(self, wet: list[float], dry: list[float], x: float) -> None:
        one = member(wet, LatticeGas.from_series(AREA, dry))
        point = equilibrated(model(one).curve([x]).at(x))
        step = 1e-5
        for gas, coverage in ((one.interface, point.coverage_per_nm2), (one.dry_face, point.dry_coverage_per_nm2)):
            assert gas is not None
            high, low = (float(gas.gamma_change_J_m2(delta_mu(x) + sign * step, T)) for sign in (1, -1))
            per_nm2 = -(high - low) / (2 * step) / 16.0217663 * 100.0
            assert per_nm2 == pytest.approx(coverage, abs=1e-4)

    @settings(max_examples=30, deadline=None)
    @given(series, series, st.floats(-2.0, 2.0), fractions)
    def test_zero_of_the_reference_changes_neither_limit(
        self, wet: list[float], dry: list[float], zero: float, x: float
    ) -> None:
        one = member(wet, LatticeGas.from_series(AREA, dry))
        assert one.dry_face is not None
        moved = replace(
            one,
            interface=one.interface.corrected(-zero, "other zero"),
            dry_face=one.dry_face.corrected(-zero, "other zero"),
            reference_mu=-LI_IN_HG.E0_V + zero,
        )
        here, there = (model(which).curve([x]).at(x) for which in (one, moved))
        assert there.fresh.theta_deg == pytest.approx(here.fresh.theta_deg, abs=1e-4)
        assert equilibrated(there).theta_deg == pytest.approx(equilibrated(here).theta_deg, abs=1e-4)

    def test_full_faces_have_the_work_at_that_coverage(self) -> None:
        """Where both faces hold n atoms whatever mu is, the equilibrated limit is W(n)."""
        one = member([-4.0, -8.0], LatticeGas.from_series(AREA, [-4.2, -8.1]))
        works = one.work_at_coverage_J_m2()
        assert works[0] == 0.4
        assert works[2] == pytest.approx(0.4 + (-8.1 + 8.0) / AREA * 16.0217663)
        point = equilibrated(model(one).curve([1e-2]).at(1e-2))
        assert point.work_of_adhesion_J_m2 == pytest.approx(works[2], abs=1e-4)
        assert point.dry_coverage_per_nm2 == pytest.approx(2.0 / AREA * 100.0, abs=1e-4)


class TestUncertainty:
    def test_the_reference_cancels_between_the_faces(self) -> None:
        gas = LatticeGas.from_series(AREA, [-0.6, -1.0], standard_error_per_atom=0.1)
        one = WettingParameters("set", 0.4, gas, None, gas)
        point = model(one, n_draws=400).curve([1e-3]).at(1e-3)
        equal = equilibrated(point)
        assert point.fresh.theta_high_deg - point.fresh.theta_low_deg > 1.0
        assert equal.theta_high_deg - equal.theta_low_deg < 1e-4

    def test_own_errors_do_not_cancel(self) -> None:
        gas = LatticeGas.from_series(AREA, [-0.6, -1.0], standard_errors=[0.1, 0.1])
        point = model(WettingParameters("set", 0.4, gas, None, gas), n_draws=400).curve([1e-3]).at(1e-3)
        equal = equilibrated(point)
        assert equal.theta_high_deg - equal.theta_low_deg > 1.0

    def test_the_model_band_is_wider_than_the_statistical_one(self) -> None:
        noisy = replace(member([-0.6], UNREACHABLE), work_of_adhesion_standard_error_J_m2=0.01)
        other = replace(noisy, name="other potential", work_of_adhesion_J_m2=0.2)
        alone, both = (WettingModel(LI_IN_HG, HG, sets).curve([]).at(0.0).fresh for sets in ((noisy,), (noisy, other)))
        assert (both.statistical_low_deg, both.statistical_high_deg) == (alone.theta_low_deg, alone.theta_high_deg)
        assert both.theta_high_deg > both.statistical_high_deg + 20.0

    def test_assumed_errors_reach_the_dry_face(self) -> None:
        gas = dry_face_gas({0: -10.0, 1: -12.0}, Estimate(-1.0), area=AREA, degeneracies={1: 2})
        assert not gas.error_known
        one = replace(member([-0.6], gas), work_of_adhesion_standard_error_J_m2=None)
        assert one.unknown_errors == ("W_ad(0)", "the energies on the dry face")
        assumed = one.assuming(work_of_adhesion_J_m2=0.02, per_solute=0.1)
        assert assumed.dry_face is not None
        assert assumed.dry_face.reference_error == pytest.approx(0.05)


class TestFiniteSupply:
    @settings(max_examples=20, deadline=None)
    @given(series, series, st.floats(0.02, 1.0), fractions, st.floats(1.0, 1.4), st.floats(0.0, 50.0))
    def test_solute_is_conserved(
        self, wet: list[float], dry: list[float], radius: float, x: float, rough: float, absorbed: float
    ) -> None:
        drop = Drop(radius, substrate_area_mm2=50.0 * radius**2, absorbed_per_nm2=absorbed)
        one = member(wet, LatticeGas.from_series(AREA, dry))
        point = equilibrated(model(one, drop=drop, n_draws=2, roughness=rough).curve([x]).at(x))
        contact, _ = drop.areas(point.theta_deg)
        on_solid = contact * (point.coverage_per_nm2 + absorbed) + drop.dry_area(contact) * point.dry_coverage_per_nm2
        held = point.x_effective / (1.0 - point.x_effective) * drop.n_atoms + rough * float(on_solid) / 100.0
        supplied = x / (1.0 - x) * drop.n_atoms
        if point.x_effective < 1e-200:  # the solid takes all there is, and more
            assert held >= supplied
        elif point.saturated:
            assert held <= supplied * (1.0 + 1e-9)
        else:
            assert held == pytest.approx(supplied, rel=1e-6)

    def test_a_wide_dry_face_empties_the_drop(self) -> None:
        one = member([-1.5], LatticeGas.from_series(AREA, [-1.5]))
        small, large = (
            equilibrated(model(one, drop=Drop(0.05, substrate_area_mm2=area)).curve([1e-5]).at(1e-5))
            for area in (0.05, 78.0)
        )
        assert large.x_effective < small.x_effective

    def test_a_drop_without_an_atom_of_solute_has_no_voltage(self) -> None:
        drop = Drop(0.05, absorbed_per_nm2=100.0)
        point = model(member([-1.5], UNREACHABLE), drop=drop).curve([1e-7]).at(1e-7).fresh
        assert point.x_effective * drop.n_atoms < 1.0
        assert point.voltage_V is None

    def test_a_drop_smaller_than_a_drop_is_refused(self) -> None:
        with pytest.raises(InputError, match="radius_mm is 1e-09"):
            Drop(1e-9)

    def test_a_solid_that_reacts_takes_the_wetting_away(self) -> None:
        one = member([-1.5], UNREACHABLE)
        kept, lost = (model(one, drop=Drop(0.1, absorbed_per_nm2=n)).curve([1e-6]).at(1e-6).fresh for n in (0.0, 100.0))
        assert lost.theta_deg > kept.theta_deg
        assert lost.theta_deg == pytest.approx(model(one).curve([]).at(0.0).fresh.theta_deg)


class TestEnergies:
    @given(series, st.floats(-3.0, 3.0), st.floats(-900.0, 900.0))
    def test_the_gas_of_a_slab(self, energies: list[float], reference: float, zero: float) -> None:
        raw = {0: zero} | {n: zero + e + n * reference for n, e in enumerate(energies, start=1)}
        gas = dry_face_gas(
            raw, Estimate(reference, 0.02, 3), area=AREA, degeneracies=dict.fromkeys(range(1, len(energies) + 1), 2.0)
        )
        assert gas.delta_energies[1:] == pytest.approx(energies, abs=1e-9)
        assert gas.standard_errors[-1] == pytest.approx(0.02 * len(energies))
        assert gas.degrees_of_freedom == 2

    @pytest.mark.parametrize(
        ("energies", "degeneracies", "message"),
        [
            ({1: -1.0}, {1: 1}, "give those of 0"),
            ({0: 1.0}, {}, "give those of 0"),
            ({0: 1.0, 2: 0.0}, {1: 1}, "no deg"),
        ],
    )
    def test_refusals(self, energies: dict[int, float], degeneracies: dict[int, float], message: str) -> None:
        with pytest.raises(InputError, match=message):
            dry_face_gas(energies, Estimate(0.0), area=AREA, degeneracies=degeneracies)

    def test_both_faces_are_of_one_cell(self) -> None:
        with pytest.raises(InputError, match="one cell"):
            member([-1.0], LatticeGas.from_series(2 * AREA, [-1.0]))

    def test_without_solute_both_limits_are_the_same_point(self) -> None:
        """Also where a set without a dry face widens the band of the fresh limit only."""
        other = replace(member([-0.6], None, work=0.2), name="no dry face")
        model_of_both = WettingModel(LI_IN_HG, HG, (member([-0.6], UNREACHABLE), other), n_draws=50)
        pure = model_of_both.curve([1e-4]).points[0]
        assert equilibrated(pure) == pure.fresh

    def test_no_equilibrated_limit_without_a_dry_face(self) -> None:
        curve = model(member([-1.0], None)).curve()
        assert curve.limits == (Limit.FRESH,)
        assert np.isnan(curve.column("theta_deg", Limit.EQUILIBRATED)).all()
        with pytest.raises(InputError, match="no dry face"):
            model(member([-1.0], None)).fall(0.0, 1e-4, Limit.EQUILIBRATED)
