"""The wetting curve: measured voltages, identities, finite supply, uncertainty, calibration; and its page."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import amalgamics
from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.dilute import DiluteSolution
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.wetting.contact_angle import Drop, SurfaceTension, wenzel_angle_deg
from amalgamics.thermodynamics.wetting.curve import Limit, WettingCurve, composition_grid
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters, calibrated
from amalgamics.thermodynamics.wetting.panel_errors import AdhesionErrors

PAGE = Path(amalgamics.__file__).parent / "docs" / "wetting-model.md"
GAMMA = 0.4855
HG = SurfaceTension(GAMMA, slope_J_m2_K=-2.049e-4, source="experiment")
GAS = LatticeGas.from_series(59.0, [-1.3, -1.8], [4, 2])
BARE = WettingParameters("bare", 0.35, GAS)


@dataclasses.dataclass(frozen=True)
class Moved:
    """Lithium in mercury with another zero of its chemical potential, eV: a solution that a user might write."""

    zero: float
    x_saturation: float = LI_IN_HG.x_saturation
    temperature_K: float = LI_IN_HG.temperature_K
    electrons_per_ion: int = 1
    source: str = "test"

    def chemical_potential(self, x, /):
        return LI_IN_HG.chemical_potential(x) + self.zero


energies = st.floats(-1.5, 0.5)
works = st.floats(0.0, 1.0)


def model(*members: WettingParameters, **settings: object) -> WettingModel:
    return WettingModel(LI_IN_HG, HG, members or (BARE,), **({"n_draws": 100} | settings))  # type: ignore[arg-type]


@st.composite
def parameters(draw: st.DrawFn, vapour: bool = False) -> WettingParameters:
    series = draw(st.lists(energies, min_size=1, max_size=4))
    free = LatticeGas.from_series(60.0, [draw(st.floats(-0.3, 0.3))]) if vapour else None
    return WettingParameters("drawn", draw(works), LatticeGas.from_series(60.0, series), free)


class TestCurve:
    def test_grid_holds_the_compositions_of_interest(self) -> None:
        curve = model().curve()
        x = curve.column("x")
        assert {0.0, 0.0133} < set(x)
        assert (x[1], x[-1]) == (1e-7, pytest.approx(0.0266))
        assert np.all(np.diff(x) > 0.0)

    def test_measured_voltages(self) -> None:
        curve = model().curve([3e-5, 0.0133])
        assert curve.at(3e-5).fresh.voltage_V == pytest.approx(1.111, abs=5e-4)
        assert curve.at(0.0133).fresh.voltage_V == pytest.approx(0.943, abs=5e-4)
        assert curve.at(0.0).fresh.voltage_V is None

    def test_pure_solvent_is_young_dupre(self) -> None:
        point = model().curve().at(0.0)
        assert np.cos(np.radians(point.fresh.theta_deg)) == pytest.approx(0.35 / GAMMA - 1.0)
        assert (point.fresh.gamma_SL_change_J_m2, point.fresh.coverage_per_nm2) == (0.0, 0.0)
        assert point.fresh.spreading_coefficient_J_m2 == pytest.approx(0.35 - 2.0 * GAMMA)

    @settings(max_examples=25, deadline=None)
    @given(parameters(vapour=True), st.floats(-8.0, -2.0))
    def test_angle_is_that_of_the_three_tensions(self, member: WettingParameters, log_x: float) -> None:
        """cos theta = (gamma_SV - gamma_SL) / gamma_LV, each tension followed on its own."""
        x = 10.0**log_x
        point = model(member).curve([x]).at(x)
        delta_mu = float(LI_IN_HG.chemical_potential(x)) + LI_IN_HG.E0_V
        assert member.vapour is not None
        gamma_LV = GAMMA + float(member.vapour.gamma_change_J_m2(delta_mu, 298.15))
        solid_minus_interface = member.work_of_adhesion_J_m2 - GAMMA - float(
            member.interface.gamma_change_J_m2(delta_mu, 298.15)
        )  # fmt: skip
        cosine = np.clip(solid_minus_interface / gamma_LV, -1.0, 1.0)
        assert np.cos(np.radians(point.fresh.theta_deg)) == pytest.approx(cosine, abs=1e-9)
        assert point.fresh.coverage_per_nm2 == pytest.approx(member.interface.coverage_per_nm2(delta_mu, 298.15))

    @settings(max_examples=25, deadline=None)
    @given(parameters())
    def test_angle_never_rises_with_composition(self, member: WettingParameters) -> None:
        theta = model(member).curve().column("theta_deg")
        assert np.all(np.diff(theta) <= 1e-9)

    @settings(max_examples=25, deadline=None)
    @given(parameters(vapour=True))
    def test_pinned_above_saturation(self, member: WettingParameters) -> None:
        curve = model(member).curve([0.0133, 0.02, 0.5])
        saturated, *above = curve.points[1:]
        assert saturated.fresh.saturated
        for point in above:
            assert point.fresh == saturated.fresh

    @settings(max_examples=25, deadline=None)
    @given(parameters(), st.floats(-3.0, 3.0))
    def test_zero_of_the_solution_changes_nothing(self, member: WettingParameters, zero: float) -> None:
        moved = Moved(zero)
        here = model(member).curve([1e-5, 1e-3])
        there = WettingModel(moved, HG, (member,)).curve([1e-5, 1e-3])
        # Rounding of cos theta near 0 and 180 degrees is felt as its square root.
        assert there.column("theta_deg") == pytest.approx(here.column("theta_deg"), abs=1e-4)

    @settings(max_examples=25, deadline=None)
    @given(parameters(), st.floats(-3.0, 3.0))
    def test_zero_of_the_interface_energies_changes_nothing(self, member: WettingParameters, zero: float) -> None:
        moved = dataclasses.replace(
            member, interface=member.interface.corrected(-zero, "other reference"), reference_mu=-LI_IN_HG.E0_V + zero
        )
        here, there = (model(which).curve([1e-5, 1e-3]).column("theta_deg") for which in (member, moved))
        assert there == pytest.approx(here, abs=1e-4)

    def test_clipping_reports_the_spreading_coefficient(self) -> None:
        strong = WettingParameters("strong", 0.9, LatticeGas.from_series(59.0, [-3.0]))
        point = model(strong).curve().at(0.0133)
        assert point.fresh.theta_deg == 0.0
        assert point.fresh.spreading_coefficient_J_m2 > 0.0
        repelled = WettingParameters("repelled", -0.1, LatticeGas.from_series(59.0, [2.0]))
        assert model(repelled).curve().at(0.0133).fresh.theta_deg == 180.0

    def test_roughness_is_wenzel(self) -> None:
        smooth, rough = model().curve().column("theta_deg"), model(roughness=1.2).curve().column("theta_deg")
        assert rough == pytest.approx(wenzel_angle_deg(smooth, 1.2))

    def test_temperature_needs_a_solution_that_holds_there(self) -> None:
        with pytest.raises(InputError, match="from_emf"):
            model(temperature_K=350.0)
        warm = WettingModel(DiluteSolution.from_emf(LI_IN_HG, 350.0), HG, (BARE,)).curve()
        assert warm.at(0.0).fresh.gamma_LV_J_m2 == pytest.approx(GAMMA - 2.049e-4 * (350.0 - 298.15))

    def test_json(self) -> None:
        data = json.loads(json.dumps(model().curve().as_dict(), allow_nan=False))
        assert data["curve"][0]["voltage_V"] is None
        assert len(data["curve"]) == len(data["member_theta_deg"]["fresh"]["bare"])
        assert data["curve"][0]["theta_equilibrated_deg"] is None
        assert "theta_deg" not in data["curve"][0]
        assert data["mode"] == "predicted"


class TestFiniteSupply:
    @settings(max_examples=20, deadline=None)
    @given(parameters(vapour=True), st.floats(0.02, 3.0), st.floats(-8.0, -0.5), st.floats(1.0, 1.5))
    def test_solute_is_conserved(self, member: WettingParameters, radius: float, log_x: float, rough: float) -> None:
        # A solid not much larger than the drop: on a huge one the area is ill-conditioned in the angle near 0.
        x, drop = 10.0**log_x, Drop(radius, substrate_area_mm2=50.0 * radius**2)
        point = model(member, drop=drop, n_draws=2, roughness=rough).curve([x]).at(x)
        contact, free = drop.areas(point.fresh.theta_deg)
        assert member.vapour is not None
        delta_mu = float(LI_IN_HG.chemical_potential(point.fresh.x_effective)) + LI_IN_HG.E0_V
        on_surfaces = (
            contact * rough * point.fresh.coverage_per_nm2 + free * member.vapour.coverage_per_nm2(delta_mu, 298.15)
        ) / 100.0
        dissolved = point.fresh.x_effective / (1.0 - point.fresh.x_effective) * drop.n_atoms
        supplied = x / (1.0 - x) * drop.n_atoms
        if point.fresh.saturated:
            assert dissolved + on_surfaces <= supplied * (1.0 + 1e-9)
        else:
            assert dissolved + on_surfaces == pytest.approx(supplied, rel=1e-6)

    @settings(max_examples=20, deadline=None)
    @given(parameters())
    def test_less_supply_never_wets_more(self, member: WettingParameters) -> None:
        small, large, endless = (
            model(member, drop=drop, n_draws=2).curve([1e-7, 1e-5, 1e-2]).column("theta_deg")
            for drop in (Drop(0.1), Drop(3.0), None)
        )
        assert np.all(small >= large - 1e-4)
        assert np.all(large >= endless - 1e-4)

    def test_a_small_dilute_drop_runs_dry(self) -> None:
        point = model(drop=Drop(0.05)).curve([1e-7]).at(1e-7)
        assert point.fresh.x_effective < 1e-15
        assert point.fresh.theta_deg > model().curve([1e-7]).at(1e-7).fresh.theta_deg + 10.0

    def test_a_large_concentrated_drop_does_not_notice(self) -> None:
        assert model(drop=Drop(3.0)).curve([1e-3]).at(1e-3).fresh.x_effective == pytest.approx(1e-3, rel=1e-3)

    def test_solubility_may_have_no_limit(self) -> None:
        """Nothing is divided by the solvent that a saturated liquid would not have."""
        mixed = Moved(0.0, x_saturation=1.0)
        with np.errstate(all="raise", under="ignore"):
            found = WettingModel(mixed, HG, (BARE,), n_draws=20, drop=Drop(0.05)).curve([1e-6, 1e-3])
        assert found.at(1e-6).fresh.x_effective < found.at(1e-3).fresh.x_effective < 1e-3

    def test_heavy_tails_leave_a_band(self) -> None:
        """Draws of one degree of freedom go astray by thousands of errors; the drop still has an angle."""
        gas = LatticeGas.from_series(59.0, [-1.3, -1.8], [4, 2], standard_errors=[0.1, 0.1], degrees_of_freedom=1)
        member = dataclasses.replace(
            BARE, interface=gas, vapour=gas.corrected(2.0, "weak"), work_of_adhesion_standard_error_J_m2=0.05,
            work_of_adhesion_degrees_of_freedom=1,
        )  # fmt: skip
        curve = model(member, drop=Drop(0.1)).curve()
        for name in ("theta_low_deg", "theta_high_deg", "x_effective"):
            assert np.all(np.isfinite(curve.column(name)))

    def test_a_surface_that_takes_everything_leaves_a_finite_angle(self) -> None:
        greedy = dataclasses.replace(BARE, interface=LatticeGas.from_series(59.0, [-60.0]))
        point = model(greedy, drop=Drop(0.05)).curve([1e-7]).at(1e-7)
        assert 0.0 < point.fresh.x_effective < 1e-100
        assert np.isfinite(point.fresh.theta_deg)

    def test_the_band_of_a_set_does_not_depend_on_its_place(self) -> None:
        noisy = dataclasses.replace(BARE, work_of_adhesion_standard_error_J_m2=0.02)
        other = dataclasses.replace(noisy, name="other", work_of_adhesion_J_m2=0.2)
        one, both, turned = (model(*sets).curve([1e-4]).at(1e-4) for sets in ([noisy], [noisy, other], [other, noisy]))
        assert both.fresh.theta_low_deg == one.fresh.theta_low_deg == turned.fresh.theta_low_deg

    def test_solid_feeds_the_surfaces(self) -> None:
        point = model(drop=Drop(0.1)).curve([0.05]).at(0.05)
        assert point.fresh.x_effective == LI_IN_HG.x_saturation


class TestUncertainty:
    NOISY = dataclasses.replace(
        BARE,
        name="noisy",
        interface=LatticeGas.from_series(59.0, [-1.3, -1.8], [4, 2], standard_errors=[0.08, 0.1]),
        work_of_adhesion_standard_error_J_m2=0.03,
    )

    def band(self, curve: WettingCurve) -> np.ndarray:
        return curve.column("theta_high_deg") - curve.column("theta_low_deg")

    def test_no_error_no_band(self) -> None:
        assert np.all(self.band(model().curve()) == pytest.approx(0.0, abs=1e-9))

    def test_band_holds_the_curve_and_is_the_same_for_the_same_seed(self) -> None:
        curve = model(self.NOISY).curve()
        assert np.all(curve.column("theta_low_deg") < curve.column("theta_deg"))
        assert np.all(curve.column("theta_deg") < curve.column("theta_high_deg"))
        assert curve == model(self.NOISY).curve()
        assert curve != model(self.NOISY, seed=1).curve()

    def test_band_of_the_pure_solvent_is_that_of_its_work_of_adhesion(self) -> None:
        point = model(self.NOISY, n_draws=4000, confidence=0.6827).curve([]).at(0.0)
        low, high = (np.degrees(np.arccos((0.35 + sign * 0.03) / GAMMA - 1.0)) for sign in (1, -1))
        assert (point.fresh.theta_low_deg, point.fresh.theta_high_deg) == pytest.approx((low, high), abs=0.3)

    def test_higher_confidence_is_wider(self) -> None:
        assert np.all(
            self.band(model(self.NOISY).curve()) > self.band(model(self.NOISY, confidence=0.5).curve())
        )  # fmt: skip

    def test_every_member_lies_in_the_band(self) -> None:
        other = WettingParameters("other", 0.45, LatticeGas.from_series(59.0, [-0.8, -1.1], [4, 2]))
        curve = model(self.NOISY, other).curve()
        for theta in curve.member_theta_deg[Limit.FRESH].values():
            assert np.all(np.array(theta) >= curve.column("theta_low_deg"))
            assert np.all(np.array(theta) <= curve.column("theta_high_deg"))
        assert curve.member_theta_deg[Limit.FRESH]["noisy"] == tuple(curve.column("theta_deg"))

    def test_errors_of_the_method_widen_the_model_band_alone(self) -> None:
        """The line and the statistical band stay as they are; a mean error of one sign moves the band to one side."""
        tried = dataclasses.replace(self.NOISY, method_errors=AdhesionErrors(4, 0.2, 0.2, 0.0, -30.0, 30.0))
        one, other = (model(item, n_draws=1000).curve([3e-5]).at(3e-5).fresh for item in (self.NOISY, tried))
        assert other.theta_deg == one.theta_deg
        assert other.statistical_low_deg == one.statistical_low_deg == one.theta_low_deg
        assert other.statistical_high_deg == one.statistical_high_deg == one.theta_high_deg
        assert other.theta_low_deg > one.theta_low_deg
        assert other.theta_high_deg > one.theta_high_deg + 5.0

    def test_errors_left_out_or_calibrated_away_are_those_of_the_method_too(self) -> None:
        tried = dataclasses.replace(self.NOISY, method_errors=AdhesionErrors(4, 0.2, 0.2, 0.0, -30.0, 30.0))
        assert tried.exact().method_errors is None
        assert calibrated(tried, 100.0, GAMMA).method_errors is None

    def test_the_fall_of_the_angle_is_surer_than_the_angles(self) -> None:
        noisy = model(dataclasses.replace(self.NOISY, work_of_adhesion_standard_error_J_m2=0.1))
        fall = noisy.fall(0.0, 3e-5)
        start, end = noisy.curve([3e-5]).points
        assert fall.value_deg == pytest.approx(start.fresh.theta_deg - end.fresh.theta_deg)
        assert fall.significant
        assert fall.high_deg - fall.low_deg < start.fresh.theta_high_deg - start.fresh.theta_low_deg
        back = noisy.fall(3e-5, 0.0)
        assert (back.value_deg, back.low_deg, back.high_deg) == pytest.approx(
            (-fall.value_deg, -fall.high_deg, -fall.low_deg)
        )

    def test_no_fall_without_segregation(self) -> None:
        inert = WettingParameters("inert", 0.35, LatticeGas.from_series(59.0, [2.0], standard_errors=[0.1]))
        assert not model(inert).fall(0.0, 3e-5).value_deg > 0.01


class TestLabels:
    def test_calibrated_says_so_everywhere(self) -> None:
        member = calibrated(BARE, 140.0, GAMMA)
        curve = model(member).curve()
        assert curve.mode == "calibrated"
        assert curve.as_dict()["mode"] == "calibrated"
        assert "calibrated" in next(iter(curve.member_theta_deg[Limit.FRESH]))
        assert curve.at(0.0).fresh.theta_deg == pytest.approx(140.0)
        assert curve.at(0.0).fresh.work_of_adhesion_J_m2 == pytest.approx(0.114, abs=5e-4)
        assert model().curve().mode == "predicted"

    def test_calibrated_on_a_rough_solid(self) -> None:
        member = calibrated(BARE, 120.0, GAMMA, roughness=1.3)
        assert model(member, roughness=1.3).curve().at(0.0).fresh.theta_deg == pytest.approx(120.0)

    def test_calibrated_and_predicted_do_not_mix(self) -> None:
        with pytest.raises(InputError, match="mixed"):
            model(BARE, calibrated(BARE, 140.0, GAMMA))

    def test_corrections_reach_the_curve(self) -> None:
        member = dataclasses.replace(BARE, interface=GAS.corrected(-0.5, "PBE single points"))
        curve = model(member).curve([3e-5])
        assert curve.corrections == ("PBE single points",)
        assert curve.at(3e-5).fresh.theta_deg < model().curve([3e-5]).at(3e-5).fresh.theta_deg


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WettingModel(LI_IN_HG, HG, ()), "at least one"),
        (lambda: model(BARE, BARE), "its own name"),
        (lambda: model(confidence=1.0), "confidence"),
        (lambda: model(n_draws=1), "n_draws"),
        (lambda: model(roughness=0.5), "roughness"),
        (lambda: model(dataclasses.replace(BARE, vapour=LatticeGas.from_series(5.0, [-3.0]))), "gamma_LV"),
        (lambda: model().curve([-1e-3]), "mole fractions"),
        (lambda: model().curve([1.0]), "mole fractions"),
        (lambda: model().curve().at(0.5), "not among its points"),
        (lambda: model().curve().column("angle"), "theta_deg"),
        (lambda: WettingParameters("", 0.1, GAS), "name"),
        (lambda: WettingParameters("a", float("nan"), GAS), "work_of_adhesion"),
        (lambda: WettingParameters("a", 0.1, GAS, work_of_adhesion_standard_error_J_m2=-0.1), "standard_error"),
        (lambda: WettingParameters("a", 0.1, GAS, work_of_adhesion_degrees_of_freedom=0), "degrees_of_freedom"),
        (lambda: model(WettingParameters("a", 0.1, GAS, work_of_adhesion_standard_error_J_m2=None)), "more seeds"),
        (lambda: model(dataclasses.replace(BARE, interface=dataclasses.replace(GAS, error_known=False))), "unknown"),
        (lambda: BARE.assuming(work_of_adhesion_J_m2=-1.0, per_solute=0.1), "assumed"),
        (lambda: LatticeGas.from_series(59.0, [-1.0], degrees_of_freedom=0.0), "degrees_of_freedom"),
        (lambda: WettingParameters("a", 0.1, GAS, mode="fitted"), "mode"),  # type: ignore[arg-type]
        (lambda: calibrated(BARE, 200.0, GAMMA), "theta_deg"),
        (lambda: composition_grid(1e-8), "lowest"),
        (lambda: composition_grid(0.01, include=[2.0]), "include"),
        (lambda: composition_grid(0.01, points_per_decade=0), "points_per_decade"),
    ],
)
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]


def test_snippets_run_and_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(snippets) == 9
    exec("\n".join(snippets), {})
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"print\(.*\)  # (.*)", "\n".join(snippets))
    assert promised
    assert [line for line in promised if line not in printed] == []


def test_a_set_alone_says_what_a_model_of_it_says() -> None:
    """To the last digit, with what the model of all worked out, and the other way round."""
    dry = dataclasses.replace(BARE, name="dry", dry_face=LatticeGas.from_series(BARE.interface.area, [-0.2, -0.3]))
    sets = (BARE, dry)
    for drop in (None, Drop(0.5, volume_per_atom=24.6)):
        together = model(*sets, drop=drop)
        alone = [together.alone(one.name).curve([1e-4, 1e-2]) for one in sets]
        assert alone == [model(one, drop=drop).curve([1e-4, 1e-2]) for one in sets]
        assert together.curve([1e-4, 1e-2]) == model(*sets, drop=drop).curve([1e-4, 1e-2])


def test_a_surface_is_evaluated_once_for_both_limits_and_all_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated = []
    evaluate = LatticeGas.evaluate

    def watched(gas: LatticeGas, delta_mu: np.ndarray, temperature_K: float, energies: np.ndarray) -> object:
        evaluated.append(len(energies))
        return evaluate(gas, delta_mu, temperature_K, energies)

    both = model(dataclasses.replace(BARE, dry_face=BARE.interface))
    monkeypatch.setattr(LatticeGas, "evaluate", watched)
    both.curve([1e-3])
    both.alone(both.members[0].name).curve([1e-3])
    assert evaluated.count(both.n_draws) == 2  # interface and dry face
