"""Young, Dupré, Wenzel; surface tension; the shape of a drop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.wetting.contact_angle import (
    Drop,
    SurfaceTension,
    cassie_angle_deg,
    spreading_coefficient_J_m2,
    wenzel_angle_deg,
    work_from_angle_J_m2,
    young_dupre_angle_deg,
)

HG = SurfaceTension(0.4855, slope_J_m2_K=-2.049e-4)
gammas = st.floats(0.01, 3.0)
angles = st.floats(0.5, 179.5)


def test_mercury_on_an_oxide() -> None:
    """140 degrees and 0.114 J/m2 belong together."""
    assert work_from_angle_J_m2(140.0, 0.4855) == pytest.approx(0.114, abs=5e-4)
    assert young_dupre_angle_deg(0.114, 0.4855) == pytest.approx(140.0, abs=0.1)


@given(angles, gammas)
def test_angle_and_work_are_inverse(theta: float, gamma: float) -> None:
    assert young_dupre_angle_deg(work_from_angle_J_m2(theta, gamma), gamma) == pytest.approx(theta, abs=1e-5)


@given(gammas, gammas, gammas)
def test_young_and_young_dupre_agree(solid: float, interface: float, liquid: float) -> None:
    work = solid + liquid - interface
    young = math.degrees(math.acos(min(1.0, max(-1.0, (solid - interface) / liquid))))
    assert young == pytest.approx(young_dupre_angle_deg(work, liquid), abs=1e-4)


@given(st.floats(-1.0, 5.0), gammas)
def test_outside_the_range_there_is_no_angle(work: float, gamma: float) -> None:
    theta, spreading = young_dupre_angle_deg(work, gamma), spreading_coefficient_J_m2(work, gamma)
    assert (theta == 0.0) == (spreading >= 0.0) or abs(spreading) < 1e-9
    if work < 0.0:
        assert theta == 180.0


def test_self_interface_wets_itself() -> None:
    """W_ad = 2 gamma: the angle is 0 and the spreading coefficient vanishes."""
    assert young_dupre_angle_deg(2 * 0.4855, 0.4855) == 0.0
    assert spreading_coefficient_J_m2(2 * 0.4855, 0.4855) == 0.0


@given(gammas, gammas, gammas, st.floats(0.01, 0.99))
def test_lower_surface_tension_alone_wets_less_beyond_90_degrees(
    solid: float, more: float, liquid: float, factor: float
) -> None:
    before, after = (
        young_dupre_angle_deg(solid + gamma - (solid + more), gamma) for gamma in (liquid, factor * liquid)
    )
    assert after >= before > 90.0


@given(angles, st.floats(1.0, 3.0))
def test_roughness_moves_angles_away_from_90(theta: float, roughness: float) -> None:
    apparent = wenzel_angle_deg(theta, roughness)
    assert abs(apparent - 90.0) >= abs(theta - 90.0) - 1e-6
    assert wenzel_angle_deg(theta, 1.0) == pytest.approx(theta)


def test_surface_tension_is_linear() -> None:
    assert HG.at_J_m2(298.15) == 0.4855
    assert HG.at_J_m2(398.15) == pytest.approx(0.4855 - 0.02049)
    assert HG.internal_energy_J_m2 == pytest.approx(0.4855 + 298.15 * 2.049e-4)


@given(st.floats(200.0, 600.0))
def test_surface_energy_does_not_depend_on_where_the_line_starts(temperature: float) -> None:
    moved = SurfaceTension(HG.at_J_m2(temperature), HG.slope_J_m2_K, temperature)
    assert moved.internal_energy_J_m2 == pytest.approx(HG.internal_energy_J_m2)


class TestCassie:
    @given(angles)
    def test_one_kind_of_patch_is_the_pure_solid(self, theta: float) -> None:
        assert cassie_angle_deg([1.0], [theta]) == pytest.approx(theta)
        assert cassie_angle_deg([0.0, 1.0], [180.0, theta]) == pytest.approx(theta)

    @given(st.floats(0.0, 1.0), angles, angles)
    def test_lies_between_the_pure_solids_and_mixes_works_of_adhesion(self, f: float, one: float, other: float) -> None:
        mixed = float(cassie_angle_deg([f, 1.0 - f], [one, other]))
        assert min(one, other) - 1e-6 <= mixed <= max(one, other) + 1e-6
        work = f * work_from_angle_J_m2(one, 0.5) + (1.0 - f) * work_from_angle_J_m2(other, 0.5)
        assert young_dupre_angle_deg(work, 0.5) == pytest.approx(mixed, abs=1e-6)

    def test_curves_mix_point_by_point(self) -> None:
        curves = [[120.0, 90.0, 0.0], [60.0, 90.0, 180.0]]
        assert cassie_angle_deg([0.5, 0.5], curves) == pytest.approx([90.0, 90.0, 90.0])


class TestDrop:
    @given(st.floats(0.01, 4.0), st.floats(2.0, 179.0))
    def test_volume_of_the_cap(self, radius: float, theta: float) -> None:
        drop = Drop(radius, substrate_area_mm2=1e4)
        contact, free = drop.areas(theta)
        c, s = math.cos(math.radians(theta)), math.sin(math.radians(theta))
        a = math.sqrt(contact / math.pi) * 1e-7
        volume = math.pi * a**3 * (2.0 - 3.0 * c + c**3) / (3.0 * s**3)
        assert volume == pytest.approx(4.0 / 3.0 * math.pi * radius**3, rel=1e-6)
        assert free == pytest.approx(2.0 * contact / (1.0 + c), rel=1e-6)

    def test_limits(self) -> None:
        drop = Drop(1.0)
        contact, free = drop.areas([180.0, 90.0])
        assert contact[0] == pytest.approx(0.0, abs=1e-3)
        assert free[0] == pytest.approx(4.0 * math.pi * 1e14)
        assert free[1] == pytest.approx(2.0 * contact[1])

    def test_spreading_stops_at_the_edge(self) -> None:
        drop = Drop(1.0, substrate_area_mm2=50.0)
        contact, _ = drop.areas([0.0, 0.5 * drop.smallest_angle_deg, drop.smallest_angle_deg])
        assert contact == pytest.approx(50.0 * 1e14)
        assert drop.areas(drop.smallest_angle_deg + 1.0)[0] < 50.0 * 1e14

    def test_a_millimetre_of_mercury(self) -> None:
        assert Drop(1.0).n_atoms / 6.02214076e23 * 200.592 == pytest.approx(4.18879e-3 * 13.534, rel=1e-3)

    @given(st.floats(0.01, 1.0), st.lists(st.floats(0.0, 180.0), min_size=2, max_size=2))
    def test_contact_area_falls_with_the_angle(self, radius: float, pair: list[float]) -> None:
        large, small = Drop(radius).areas(np.sort(pair))[0]
        assert large >= small * (1.0 - 1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: young_dupre_angle_deg(0.1, 0.0), "gamma_LV_J_m2"),
        (lambda: young_dupre_angle_deg(float("nan"), 0.5), "work_of_adhesion"),
        (lambda: work_from_angle_J_m2(181.0, 0.5), "theta_deg"),
        (lambda: wenzel_angle_deg(90.0, 0.9), "roughness"),
        (lambda: cassie_angle_deg([0.5, 0.4], [90.0, 80.0]), "add up to 1"),
        (lambda: cassie_angle_deg([1.5, -0.5], [90.0, 80.0]), "0 or more"),
        (lambda: cassie_angle_deg([0.5, 0.5], [90.0]), "shape"),
        (lambda: cassie_angle_deg([1.0], 90.0), "shape"),
        (lambda: cassie_angle_deg([1.0], [190.0]), "theta_deg"),
        (lambda: SurfaceTension(-0.1), "value_J_m2"),
        (lambda: HG.at_J_m2(3000.0), "positive"),
        (lambda: Drop(0.0), "radius_mm"),
        (lambda: Drop(10.0), "does not fit"),
    ],
)
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
