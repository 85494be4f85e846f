"""The table of what a wrong energy does to the angle."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.wetting.contact_angle import Drop, SurfaceTension
from amalgamics.thermodynamics.wetting.curve import Limit
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters
from amalgamics.thermodynamics.wetting.sensitivity import sensitivity

GAMMA = 0.4855
MEMBER = WettingParameters("oxide", 0.3, LatticeGas.from_series(59.0, [-1.0, -1.2], [4, 2]))
MODEL = WettingModel(LI_IN_HG, SurfaceTension(GAMMA), (MEMBER,))


def test_rows_are_by_energy_and_composition() -> None:
    rows = sensitivity(MODEL, (0.0, 3e-5))
    assert [row.x for row in rows] == [0.0, 3e-5] * 3
    assert len({row.quantity for row in rows}) == 3
    nominal = MODEL.curve([3e-5])
    for row in rows:
        assert row.theta_deg == nominal.at(row.x).fresh.theta_deg


def test_pure_solvent_answers_as_young_dupre_says() -> None:
    adsorbed, work, tension = sensitivity(MODEL, (0.0,), work_of_adhesion_J_m2=0.05, gamma_LV_J_m2=0.01)
    assert adsorbed.theta_minus_deg == adsorbed.theta_deg == adsorbed.theta_plus_deg

    def angle(work_J_m2: float, gamma_J_m2: float) -> float:
        return math.degrees(math.acos(work_J_m2 / gamma_J_m2 - 1.0))

    assert work.theta_minus_deg == pytest.approx(angle(0.25, GAMMA))
    assert work.theta_plus_deg == pytest.approx(angle(0.35, GAMMA))
    assert tension.theta_minus_deg == pytest.approx(angle(0.3, GAMMA - 0.01))
    assert tension.theta_plus_deg == pytest.approx(angle(0.3, GAMMA + 0.01))


def test_directions() -> None:
    for row in sensitivity(MODEL, (3e-5,)):
        low, high = sorted((row.theta_minus_deg, row.theta_plus_deg))
        assert low <= row.theta_deg <= high
    adsorbed, work, tension = sensitivity(MODEL, (3e-5,))
    assert adsorbed.theta_minus_deg < adsorbed.theta_plus_deg
    assert work.theta_minus_deg > work.theta_plus_deg
    assert tension.theta_minus_deg < tension.theta_plus_deg


def test_the_energy_of_a_solute_is_a_shift_of_its_chemical_potential() -> None:
    """Delta E_n + n d at mu is Delta E_n at mu - d."""
    gas, rows = MEMBER.interface, sensitivity(MODEL, (1e-4,), energy_per_solute=0.1)
    mu = float(LI_IN_HG.chemical_potential(1e-4)) + LI_IN_HG.E0_V
    work = 0.3 - float(gas.gamma_change_J_m2(mu - 0.1, 298.15))
    assert np.cos(np.radians(rows[0].theta_plus_deg)) == pytest.approx(work / GAMMA - 1.0)


def test_finite_supply_stays() -> None:
    small = WettingModel(LI_IN_HG, SurfaceTension(GAMMA), (MEMBER,), drop=Drop(0.05))
    here, there = (sensitivity(model, (1e-7,))[0] for model in (MODEL, small))
    assert there.theta_deg > here.theta_deg


def test_the_dry_face_answers_in_its_limit() -> None:
    """The same shift of both faces changes the angle by what it does in neither: opposite signs, near cancellation."""
    dry = replace(MODEL, members=(replace(MEMBER, dry_face=MEMBER.interface),))
    wet, bare, *_ = (row for row in sensitivity(dry, (1e-4,), limit=Limit.EQUILIBRATED))
    assert (wet.limit, bare.quantity) == (Limit.EQUILIBRATED, "energy of a solute atom on the dry face")
    assert wet.theta_plus_deg > wet.theta_deg > wet.theta_minus_deg
    assert bare.theta_plus_deg < bare.theta_deg < bare.theta_minus_deg


def test_refusals() -> None:
    with pytest.raises(InputError, match="energy_per_solute"):
        sensitivity(MODEL, (0.0,), energy_per_solute=0.0)
    with pytest.raises(InputError, match="no dry face"):
        sensitivity(MODEL, (0.0,), limit=Limit.EQUILIBRATED)
    with pytest.raises(InputError, match="value_J_m2"):
        sensitivity(MODEL, (0.0,), gamma_LV_J_m2=0.6)
