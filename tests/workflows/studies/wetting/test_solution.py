"""What a wetting curve takes for the dissolved metal, and the angle that a calibration sets."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.reports.wetting.model import DiluteRecord
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.amalgams.solubility import get_solubility
from amalgamics.thermodynamics.hulls.fusion import get_fusion
from amalgamics.thermodynamics.uncertainty import Estimate
from amalgamics.thermodynamics.units import BOLTZMANN_EV_PER_K
from amalgamics.thermodynamics.wetting.contact_angle import SurfaceTension
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters
from amalgamics.workflows.studies.wetting.analysis import _calibrate, _grid, _solution
from amalgamics.workflows.studies.wetting.options import WettingOptions
from amalgamics.workflows.studies.wetting.records import dilute_records
from amalgamics.workflows.studies.wetting.stored import StoredStudy, get_study

GAMMA = SurfaceTension(0.4855, slope_J_m2_K=-2.049e-4)
BARE = WettingParameters("bare", 0.35, LatticeGas.from_series(59.0, [-1.3, -1.8], [4, 2]))


@pytest.fixture
def study(made_up_study) -> StoredStudy:
    """A study of lithium in mercury."""
    return get_study(made_up_study(filled=True).database)


def record(solubility: float) -> DiluteRecord:
    return DiluteRecord("emt", Estimate(-1.1, 0.02, 4), None, solubility, None, "KHg11")


@pytest.mark.parametrize("solute", ["K", "Mg", "Zn", "Al"])
@pytest.mark.parametrize("computed", [1e-6, 0.825, 1.0])
def test_a_metal_without_an_activity_model_is_pinned_at_its_measured_solubility(study, solute, computed) -> None:
    of_metal = replace(study, solute=solute)
    solution, cautions = _solution(of_metal, WettingOptions(), [record(computed)])
    limit = get_solubility(solute).x
    assert solution.x_saturation == limit
    assert float(solution.chemical_potential(min(2 * limit, 0.9))) == float(solution.chemical_potential(limit))
    text = " ".join(cautions)
    assert "computed with emt" in text
    assert f"measured solubility, {100 * limit:.3g} at.%" in text
    assert f"the computed one is {100 * computed:.3g} at.%" in text
    assert "computed insertion energy" in solution.source
    assert f"{100 * limit:.3g} at.% measured" in solution.source


def test_a_solubility_that_nobody_measured_is_the_computed_one_and_said_to_be(study) -> None:
    solution, cautions = _solution(replace(study, solute="Cu"), WettingOptions(), [record(1e-30)])
    assert solution.x_saturation == 1e-12
    assert any("no measured solubility of Cu in Hg" in text for text in cautions)
    assert "at.% computed" in solution.source


def test_the_computed_potential_of_lithium_is_pinned_as_well(study) -> None:
    solution, _ = _solution(study, WettingOptions(computed_solution=True), [record(0.9)])
    assert solution.x_saturation == 0.0133
    assert _solution(study, WettingOptions(), [record(0.9)]) == (LI_IN_HG, [])


@pytest.mark.parametrize(("solute", "not_its_own"), [("K", (3e-5, 0.0133)), ("Zn", (3e-5, 0.0133)), ("Li", ())])
def test_the_grid_holds_the_compositions_of_its_solute(study, solute, not_its_own) -> None:
    of_metal = replace(study, solute=solute)
    solution, _ = _solution(of_metal, WettingOptions(), [record(0.5)])
    grid = _grid(of_metal, solution, WettingOptions(x=(2.5e-4,)))
    assert {solution.x_saturation, 1e-5, 1e-4, 2.5e-4} <= set(grid)
    assert not set(not_its_own) & set(grid)
    assert min(high / low for low, high in pairwise(grid)) > 1.04


def test_the_solid_is_in_equilibrium_with_liquid_mercury(made_up_study) -> None:
    """LiHg at -0.4 eV/atom: mu = -0.8 - G_fus(Hg) = -0.7935 eV at 298 K, and -0.8 eV where mercury melts."""
    made_up = made_up_study()
    made_up.fill(reference=-0.7)
    made_up.add_crystals(compound=-0.4)
    found = get_study(made_up.database)
    fusion = get_fusion("Hg")
    for kelvin in (fusion.melting_point_K, 298.15, 400.0):
        (one,) = dilute_records(found, ["emt"], kelvin)
        mu = BOLTZMANN_EV_PER_K * kelvin * math.log(one.solubility) + one.mu_infinity.mean
        assert one.saturating_phase == "LiHg"
        assert mu == pytest.approx(-0.8 - fusion.free_energy(kelvin), abs=1e-9)
    assert fusion.free_energy(298.15) == pytest.approx(-0.00648, abs=1e-5)


def test_a_measured_solubility_stands_beside_the_computed_one(made_up_study) -> None:
    made_up = made_up_study(filled=True)
    made_up.add_crystals(compound=-0.4)
    (one,) = dilute_records(get_study(made_up.database), ["emt"], 298.15)
    assert one.measured_solubility == 0.0133


@given(st.floats(0.0, 180.0), st.floats(1.0, 3.0))
def test_a_calibrated_curve_starts_at_the_angle_that_was_set(theta_deg: float, roughness: float) -> None:
    options = WettingOptions(measured_angle_deg=theta_deg, roughness=roughness)
    member = _calibrate(BARE, options, GAMMA)
    curve = WettingModel(LI_IN_HG, GAMMA, (member,), roughness=roughness, n_draws=2).curve([])
    # The cosine is flat at both ends: rounding is felt as its square root.
    assert curve.points[0].fresh.theta_deg == pytest.approx(theta_deg, abs=1e-5)


@pytest.mark.parametrize("theta_deg", [-1.0, 180.1, float("nan")])
def test_an_angle_that_no_drop_has_is_refused(theta_deg: float) -> None:
    with pytest.raises(InputError, match=r"theta_(0_)?deg"):
        _calibrate(BARE, WettingOptions(measured_angle_deg=theta_deg, roughness=1.2), GAMMA)


def test_without_a_calibration_nothing_changes() -> None:
    assert _calibrate(BARE, WettingOptions(roughness=1.2), GAMMA) is BARE
    assert np.isclose(_calibrate(BARE, WettingOptions(measured_angle_deg=90.0), GAMMA).work_of_adhesion_J_m2, 0.4855)
