"""GPAW behind its name: what is asked of it, with a stand-in; and that the real one, where installed, answers."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from importlib.metadata import PackageNotFoundError

import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.calculator import SCFError

from amalgamics.calculators.potentials import gpaw as gpaw_module
from amalgamics.calculators.potentials.dispersion import get_dispersion_calculator
from amalgamics.calculators.potentials.gpaw import GPAW_DEFAULTS, choose_kpoints
from amalgamics.calculators.potentials.names import UnsupportedElementError, get_calculator, get_potential
from amalgamics.errors import InputError

real_gpaw = pytest.mark.skipif(
    importlib.util.find_spec("gpaw") is None, reason="GPAW is not installed: real DFT is not tested"
)


class StandIn:
    """Takes some of GPAW's keywords, counts what is asked of it and fails as told."""

    made: list[StandIn]
    failures: list[Exception]

    def __init__(self, *, mode=None, xc=None, kpts=None, occupations=None, convergence=None, maxiter=None, txt=None):
        self.options = {"mode": mode, "xc": xc, "occupations": occupations}
        self.options |= {"convergence": convergence, "maxiter": maxiter, "txt": txt}
        self.kpts = kpts
        self.asked: list[str] = []
        self.made.append(self)

    def get_property(self, name, atoms):
        self.asked.append(name)
        if self.failures:
            raise self.failures.pop(0)
        return {"energy": -1.0, "free_energy": -1.5, "forces": 0 * atoms.positions}[name]


class KohnShamConvergenceError(Exception):
    """Named as GPAW's own."""


class SymmetryBrokenError(Exception):
    """Named as GPAW's own."""


@pytest.fixture
def stand_in(monkeypatch):
    """Put the stand-in in the place of GPAW."""
    gpaw, dft, symmetry = (types.ModuleType(name) for name in ("gpaw", "gpaw.dft", "gpaw.new.symmetry"))
    gpaw.GPAW = dft.GPAW = StandIn
    gpaw.KohnShamConvergenceError = KohnShamConvergenceError
    symmetry.SymmetryBrokenError = SymmetryBrokenError
    modules = {"gpaw": gpaw, "gpaw.dft": dft, "gpaw.new": types.ModuleType("gpaw.new"), "gpaw.new.symmetry": symmetry}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(gpaw_module, "check_gpaw", lambda: None)
    monkeypatch.setattr(StandIn, "made", [], raising=False)
    monkeypatch.setattr(StandIn, "failures", [], raising=False)
    return StandIn


def hydrogen() -> Atoms:
    atoms = molecule("H2", vacuum=3.0)
    atoms.pbc = True
    return atoms


def test_gpaw_missing_is_told(monkeypatch):
    monkeypatch.setattr(gpaw_module.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r"pip install \"amalgamics\[gpaw\]\".*libxc-dev"):
        get_calculator("gpaw")
    with pytest.raises(InputError, match="not installed"):
        get_potential("gpaw+d3").check_available()


def test_datasets_missing_are_told(monkeypatch):
    def no_package(_name):
        raise PackageNotFoundError

    monkeypatch.setattr(gpaw_module.importlib.util, "find_spec", lambda _name: True)
    monkeypatch.setattr(gpaw_module, "version", no_package)
    monkeypatch.delenv("GPAW_SETUP_PATH", raising=False)
    with pytest.raises(InputError, match="pip install gpaw-data"):
        get_potential("gpaw").check_available()
    assert get_potential("gpaw").provenance()["settings"]["paw_datasets"] is None
    monkeypatch.setenv("GPAW_SETUP_PATH", "/opt/gpaw-setups-24.11.0:/elsewhere")
    get_potential("gpaw").check_available()
    assert get_potential("gpaw").provenance()["settings"]["paw_datasets"] == "gpaw-setups-24.11.0"


def test_an_energy_asks_for_energies_only(stand_in):
    atoms = hydrogen()
    atoms.calc = get_calculator("gpaw+d3")
    d3 = get_dispersion_calculator("d3", "pbe").get_property("energy", hydrogen())
    assert atoms.get_potential_energy() == pytest.approx(-1.0 + d3)
    assert set(stand_in.made[0].asked) == {"energy", "free_energy"}
    atoms.get_forces()
    assert "forces" in stand_in.made[0].asked
    assert "stress" not in stand_in.made[0].asked
    assert len(stand_in.made) == 1


def test_energy_at_zero_smearing_and_free_energy(stand_in):
    atoms = hydrogen()
    atoms.calc = get_calculator("gpaw")
    assert atoms.get_potential_energy() == -1.0
    assert atoms.get_potential_energy(force_consistent=True) == -1.5
    assert stand_in.made[0].options == GPAW_DEFAULTS


def test_options_go_to_gpaw(stand_in):
    atoms = hydrogen()
    atoms.calc = get_calculator("gpaw", kpts=(2, 2, 2), txt="log.txt")
    atoms.get_potential_energy()
    assert stand_in.made[0].kpts == (2, 2, 2)
    assert stand_in.made[0].options == {**GPAW_DEFAULTS, "txt": "log.txt"}
    with pytest.raises(InputError, match=r"unknown option 'ktps'.*Did you mean 'kpts'"):
        get_calculator("gpaw", ktps=(2, 2, 2))


def test_another_grid_needs_another_gpaw(stand_in):
    calculator = get_calculator("gpaw")
    calculator.get_property("energy", bulk("Cu"))
    moved = bulk("Cu")
    moved.positions += 0.1
    calculator.get_property("energy", moved)
    assert len(stand_in.made) == 1
    calculator.get_property("energy", bulk("Cu") * (2, 2, 2))
    assert len(stand_in.made) == 2
    assert stand_in.made[0].kpts != stand_in.made[1].kpts


def test_broken_symmetry_starts_anew(stand_in):
    stand_in.failures[:] = [SymmetryBrokenError()]
    assert get_calculator("gpaw").get_property("energy", hydrogen()) == -1.0
    assert len(stand_in.made) == 2


def test_a_density_that_does_not_converge_is_told(stand_in):
    stand_in.failures[:] = [KohnShamConvergenceError()]
    calculator = get_calculator("gpaw", maxiter=7)
    with pytest.raises(SCFError, match="H2 did not converge in 7 steps"):
        calculator.get_property("energy", hydrogen())
    assert calculator.get_property("energy", hydrogen()) == -1.0
    assert len(stand_in.made) == 2


def test_kpoints_of_crystals_and_slabs():
    def cell(*sides, angle=90.0):
        return Atoms("Hg", cell=[*sides, 90, 90, angle], pbc=True)

    def interface(a, c, angle=90.0):
        return cell(a, a, c, angle=angle) + Atoms("Hg4", [[0, 0, z] for z in (3, 6, 9, c - 10)])

    assert choose_kpoints(cell(3.3, 3.3, 3.3)) == {"size": [8, 8, 8], "gamma": True}
    assert choose_kpoints(cell(3.3, 3.3, 6.6)) == {"size": [8, 8, 4], "gamma": True}
    assert choose_kpoints(interface(5.47, 30.0)) == {"size": [2, 2, 1]}
    assert choose_kpoints(interface(5.47, 20.0)) == {"size": [2, 2, 1]}
    assert choose_kpoints(interface(6.3, 30.0, angle=120.0)) == {"size": [2, 2, 1], "gamma": True}
    assert choose_kpoints(hydrogen())["size"][2] == 4  # 6 Å between the molecules is no vacuum
    slab = fcc111("Cu", (1, 1, 4), vacuum=6.0)  # periodic in its plane only, as ASE builds it
    assert choose_kpoints(slab)["size"][2] == 1
    turned = interface(5.47, 30.0)
    turned.set_cell(turned.cell.array[[2, 0, 1]], scale_atoms=False)
    assert choose_kpoints(turned)["size"] == [1, 2, 2]


def test_provenance_says_what_fixes_the_energies():
    record = get_potential("gpaw+d3").provenance()
    assert json.loads(json.dumps(record)) == record
    settings = record["settings"]
    assert settings["mode"] == {"name": "pw", "ecut": 350.0}
    assert settings["xc"] == "PBE"
    assert settings["kpts"] == {"density": 4.0, "density_with_vacuum": 1.7}
    assert "paw_datasets" in settings
    assert "txt" not in settings


def test_elements_without_a_dataset_are_refused():
    get_potential("gpaw+d3").check_elements(["La", "Li", "Ti", "O", "Hg", "Rn"])
    with pytest.raises(UnsupportedElementError, match="does not cover Tc, U"):
        get_potential("gpaw").check_elements(["Tc", "U", "O"])


@real_gpaw
def test_gpaw_has_the_datasets_we_say():
    gpaw_data = pytest.importorskip("gpaw_data")
    from pathlib import Path

    found = {path.name.partition(".")[0] for path in Path(gpaw_data.datapath()).glob("*.PBE.gz")}
    assert get_potential("gpaw").elements == found
    record = get_potential("gpaw").provenance()
    assert {"gpaw", "gpaw-data", "ase"} == set(record["packages"])
    assert record["settings"]["paw_datasets"].startswith("gpaw-data ")


@real_gpaw
@pytest.mark.slow
def test_real_forces_are_the_slope_of_the_free_energy():
    atoms, step = hydrogen(), 0.02
    atoms.positions[1] += [0.0, 0.1, 0.05]
    atoms.calc = get_calculator("gpaw", kpts=(1, 1, 1))
    force = atoms.get_forces()[1, 2]
    energies = []
    for shift in (step, -step):
        moved = atoms.copy()
        moved.positions[1, 2] += shift
        moved.calc = get_calculator("gpaw", kpts=(1, 1, 1))
        energies.append(moved.get_potential_energy(force_consistent=True))
    assert abs(force) > 0.5
    assert force == pytest.approx((energies[1] - energies[0]) / (2 * step), abs=0.05)


@real_gpaw
@pytest.mark.slow
def test_real_symmetry_may_be_left():
    calculator = get_calculator("gpaw+d3", kpts=(2, 1, 1))
    calculator.get_property("energy", hydrogen())
    bent = hydrogen()
    bent.positions[1] += [0.1, 0.05, 0.0]
    fresh = get_calculator("gpaw+d3", kpts=(2, 1, 1)).get_property("energy", bent)
    assert calculator.get_property("energy", bent) == pytest.approx(fresh, abs=1e-3)


@real_gpaw
@pytest.mark.slow
def test_real_formation_energy_of_lihg():
    """PBE, on one grid of 2.5 k-points per Å^-1: -0.385 eV/atom (converged -0.409; CHGNet has -0.402)."""
    cells = {
        "LiHg": Atoms("LiHg", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[3.29] * 3, pbc=True),
        "Li": bulk("Li", "bcc", a=3.44),
        "Hg": bulk("Hg", "rhombohedral", a=3.005, alpha=70.53),
    }
    energy = {}
    for name, atoms in cells.items():
        atoms.calc = get_calculator("gpaw", kpts={"density": 2.5, "gamma": True})
        energy[name] = atoms.get_potential_energy()
    assert (energy["LiHg"] - energy["Li"] - energy["Hg"]) / 2 == pytest.approx(-0.385, abs=0.005)
