"""Surface energies as lines in the chemical potentials, against the energy of each slab by itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.surfaces.energies import OpenSurface, fit_thickness
from amalgamics.thermodynamics.surfaces.open_surfaces import SurfaceLine, fit_surface_line
from amalgamics.thermodynamics.surfaces.wulff import wulff_shape
from amalgamics.thermodynamics.units import EV_PER_A2

BULK = {"Sr": 1, "Ti": 1, "O": 3}
ELEMENTS = {"Sr": -1.7, "Ti": -7.8, "O": -4.9}
AREA = 15.2
excesses = st.fixed_dictionaries({"Sr": st.integers(-2, 2), "Ti": st.integers(-2, 2), "O": st.integers(-3, 3)})
numbers = st.floats(-4.0, 4.0)


def series(excess: Mapping[str, int], bulk_energy: float, face: float) -> tuple[list[float], list[dict[str, int]]]:
    """Slabs of 4, 5 and 6 units: E = N E_bulk + face energy, with some atoms more."""
    counts = [{symbol: n * units + excess[symbol] for symbol, n in BULK.items()} for units in (4, 5, 6)]
    return [units * bulk_energy + face for units in (4, 5, 6)], counts


@given(excess=excesses, bulk_energy=st.floats(-40.0, -30.0), face=numbers, mu=st.tuples(numbers, numbers))
def test_the_line_is_the_energy_of_each_slab(
    excess: dict[str, int], bulk_energy: float, face: float, mu: tuple[float, float]
) -> None:
    energies, counts = series(excess, bulk_energy, face)
    line = fit_surface_line(energies, counts, AREA, ELEMENTS)
    # The crystal fixes the third chemical potential.
    formation = bulk_energy - sum(n * ELEMENTS[symbol] for symbol, n in BULK.items())
    potentials = {"Sr": mu[0], "O": mu[1], "Ti": formation - mu[0] - 3 * mu[1]}
    expected = [
        (energy - sum(n * (ELEMENTS[symbol] + potentials[symbol]) for symbol, n in count.items())) / (2 * AREA)
        for energy, count in zip(energies, counts, strict=True)
    ]
    found = line.surface_energy_J_m2(potentials)
    assert found == pytest.approx(expected[0] * EV_PER_A2, abs=1e-6)
    assert found == pytest.approx(expected[-1] * EV_PER_A2, abs=1e-6)
    # As OpenSurface has it, whatever the element that is counted from.
    for reference in BULK:
        own = fit_surface_line(energies, counts, AREA, ELEMENTS, reference=reference)
        assert own.surface_energy_J_m2(potentials) == pytest.approx(found, abs=1e-6)
        absolute = {symbol: ELEMENTS[symbol] + value for symbol, value in potentials.items()}
        kept = {symbol: n for symbol, n in counts[0].items() if n}
        slab = OpenSurface(energies[0], kept, BULK, bulk_energy, AREA, reference)
        assert float(slab.surface_energy_J_m2(absolute)) == pytest.approx(found, abs=1e-6)


@given(excess=excesses, face=numbers, step=st.floats(0.1, 1.0))
def test_the_slope_is_minus_the_excess(excess: dict[str, int], face: float, step: float) -> None:
    energies, counts = series(excess, -35.0, face)
    line = fit_surface_line(energies, counts, AREA, ELEMENTS, reference="Ti")
    for element in line.excess:
        low = dict.fromkeys(line.excess, 0.0)
        rise = line.surface_energy_J_m2({**low, element: step}) - line.surface_energy_J_m2(low)
        assert rise == pytest.approx(-line.excess[element] / (2 * AREA) * EV_PER_A2 * step, abs=1e-9)
        assert line.slope_J_m2_per_eV(element) == pytest.approx(rise / step, abs=1e-6)


def test_without_an_excess_it_is_the_plain_surface_energy() -> None:
    energies, counts = series({"Sr": 0, "Ti": 0, "O": 0}, -35.0, 1.4)
    line = fit_surface_line(energies, counts, AREA, {})
    assert line.excess == {}
    plain = fit_thickness(energies, [sum(count.values()) for count in counts], AREA)
    assert line.surface_energy_J_m2({}) == pytest.approx(plain.surface_energy_J_m2)


@given(mu=numbers, one=numbers, other=numbers)
def test_complementary_faces_average_to_the_slab_with_both(mu: float, one: float, other: float) -> None:
    """SrO and TiO2 faces together make whole crystals: their mean does not depend on chemical potentials."""
    strontium = fit_surface_line(*series({"Sr": 1, "Ti": 0, "O": 1}, -35.0, one), AREA, ELEMENTS, reference="Ti")
    titanium = fit_surface_line(*series({"Sr": -1, "Ti": 0, "O": -1}, -35.0, other), AREA, ELEMENTS, reference="Ti")
    potentials = {"Sr": mu, "O": -0.3 * mu}
    mean = 0.5 * (strontium.surface_energy_J_m2(potentials) + titanium.surface_energy_J_m2(potentials))
    both, counts = series({"Sr": 0, "Ti": 0, "O": 0}, -35.0, 0.5 * (one + other))
    assert mean == pytest.approx(fit_surface_line(both, counts, AREA, {}).surface_energy_J_m2({}), abs=1e-6)


def test_the_shape_at_fixed_potentials_is_the_plain_one() -> None:
    lines = {
        plane: SurfaceLine(fit_thickness([e, e - 3.0, e - 6.0], [4, 5, 6], 10.0), {"Cu": excess}, 10.0)
        for plane, e, excess in (((1, 1, 1), -11.0, 1.0), ((1, 0, 0), -10.9, -1.0))
    }
    for mu in (-0.2, 0.0, 0.2):
        at_mu = {plane: line.surface_energy_J_m2({"Cu": mu}) for plane, line in lines.items()}
        shape = wulff_shape(bulk("Cu", cubic=True), at_mu)
        by_hand = {
            plane: lines[plane].fit.surface_energy_J_m2 - sign * mu / 20.0 * EV_PER_A2
            for plane, sign in (((1, 1, 1), 1), ((1, 0, 0), -1))
        }
        same = wulff_shape(bulk("Cu", cubic=True), by_hand)
        assert shape.area_fractions == pytest.approx(same.area_fractions)


@pytest.mark.parametrize(
    ("counts", "elements", "reference", "told"),
    [
        ([{"Sr": 4, "O": 4}], ELEMENTS, "", "1 slabs"),
        ([{"Sr": 4, "O": 5}, {"Sr": 5, "O": 6}], {"Sr": -1.0}, "Sr", "elemental O"),
        ([{"Sr": 4, "O": 5}, {"Sr": 5, "O": 6}], ELEMENTS, "Ti", "reference 'Ti'"),
        ([{"Sr": 4, "O": 5}, {"Sr": 5, "O": 5}, {"Sr": 6, "O": 6}], ELEMENTS, "", "different excesses"),
        ([{"Sr": 4, "O": 5}, {"Sr": 4, "O": 5}], ELEMENTS, "", "whole layers"),
    ],
)
def test_what_is_no_series_is_refused(
    counts: list[dict[str, int]], elements: dict[str, float], reference: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        fit_surface_line([-1.0 * k for k in range(len(counts))], counts, 10.0, elements, reference=reference)


def test_a_chemical_potential_is_asked_for() -> None:
    energies, counts = series({"Sr": 0, "Ti": 0, "O": 2}, -35.0, 1.0)
    line = fit_surface_line(energies, counts, AREA, ELEMENTS, reference="Ti")
    with pytest.raises(InputError, match="excess of O"):
        line.surface_energy_J_m2({"Sr": 0.0})
