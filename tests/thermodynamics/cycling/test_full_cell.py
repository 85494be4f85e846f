"""Full cells from a film and a measured cathode."""

import numpy as np
import pytest

from amalgamics.errors import InputError
from amalgamics.reference.cathodes import Cathode, cathode, list_cathodes
from amalgamics.tests.thermodynamics.cycling.conftest import make_chain
from amalgamics.thermodynamics.cycling.cell import cycling_steps
from amalgamics.thermodynamics.cycling.cycle import run_steps
from amalgamics.thermodynamics.cycling.full_cell import full_cell
from amalgamics.thermodynamics.cycling.initial_films import applied_film

pytest.importorskip("pybamm")

FLAT = {"points": [[0.0, 3.0], [1.0, 3.0]], "source": "made up", "confidence": "low"}
HOST = {"value": 100.0, "unit": "mAh/g", "source": "made up", "confidence": "low"}


@pytest.fixture(scope="module")
def run():
    chain = make_chain(D_solid=1e-17)
    return run_steps(chain, applied_film(chain, 70e-6, metal_m=100e-6), cycling_steps(20.0, 36000.0, 1))


def test_voltage_and_energy_are_those_of_both_sides(run):
    cell = full_cell(run, 0, Cathode(ion="Li", capacity=HOST, voltages=FLAT))

    assert cell.anode_V == pytest.approx(0.95, abs=2e-3)  # liquid beside its compound
    assert cell.voltage_V == pytest.approx(3.0 - cell.anode_V)
    assert cell.energy_Wh_m2 == pytest.approx(cell.voltage_V * 10.0)  # 1 mAh/cm2 is 10 Ah/m2
    assert cell.cathode_kg_m2 == pytest.approx(0.1)
    assert cell.host_kg_m2 == pytest.approx(run.films[0].host * 0.20059, rel=1e-4)
    total = cell.cathode_kg_m2 + cell.metal_kg_m2 + cell.host_kg_m2
    assert cell.energy_Wh_kg * total == pytest.approx(cell.energy_Wh_m2)


def test_the_curves_have_the_mean_of_their_plateaus():
    for name, mean in (("LiFePO4", 3.42), ("V2O5", 3.3)):
        shares, volts = zip(*cathode(name).voltages.points, strict=True)
        assert np.trapezoid(volts, shares) == pytest.approx(mean, abs=0.03)
    assert list(list_cathodes("Li")) == ["LiFePO4", "V2O5"]
    assert list_cathodes("Na") == {}


def test_what_makes_no_cell_is_named(run):
    with pytest.raises(InputError, match="takes Na, the film gives Li"):
        full_cell(run, 0, Cathode(ion="Na", capacity=HOST, voltages=FLAT))
    with pytest.raises(InputError, match="not stripped to the end in step 1"):
        full_cell(run, 1, Cathode(ion="Li", capacity=HOST, voltages=FLAT))
    with pytest.raises(InputError, match="'NMC'"):
        cathode("NMC")
    with pytest.raises(ValueError, match="rise from 0 to 1"):
        Cathode(ion="Li", capacity=HOST, voltages={**FLAT, "points": [[0.1, 3.0], [1.0, 3.0]]})
    with pytest.raises(ValueError, match="does not rise"):
        Cathode(ion="Li", capacity=HOST, voltages={**FLAT, "points": [[0.0, 3.0], [1.0, 3.1]]})
