"""``amalgamics check-dft``: the phases of a hull with another method, at the geometries that are stored."""

from __future__ import annotations

import csv
import io
import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.errors import InputError
from amalgamics.tests.corpus.runner import run
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.dft_check import check_with_dft
from amalgamics.workflows.studies.hulls.analysis import rows_for_system

CRYSTALS = {
    "Cu_fcc": bulk("Cu", a=3.6),
    "Au_fcc": bulk("Au", a=4.06),
    "CuAu-l10": Atoms("CuAu", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[2.75, 2.75, 3.66], pbc=True),
    "CuAu-zincblende": bulk("CuAu", "zincblende", a=5.6),
}

# EMT, its energy times a factor and with a constant for each atom of an element; it fails where it is told to.
METHOD = """
from ase.calculators.calculator import SCFError
from ase.calculators.emt import EMT

class Other(EMT):
    factor, shift, fails = 1.0, 0.0, ""

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        if self.atoms_fail(atoms):
            raise SCFError("the density did not converge")
        super().calculate(atoms, properties, system_changes)
        count = atoms.get_chemical_symbols().count("Cu")
        self.results["energy"] = self.factor * self.results["energy"] + self.shift * count

    def atoms_fail(self, atoms):
        return self.fails and atoms.get_chemical_formula() == self.fails
"""


@pytest.fixture
def store(tmp_path: Path) -> StructureDatabase:
    found = StructureDatabase(tmp_path / "structures.db")
    for name, atoms in CRYSTALS.items():
        final = atoms.copy()
        final.calc = EMT()
        energy = final.get_potential_energy()
        final.calc = SinglePointCalculator(final, energy=energy, forces=[[0, 0, 0]] * len(final))
        result = RelaxationResult(final, energy, 0.0, 1, 1, 0.1)
        found.add(Candidate(name, "library", atoms, "made up"), result, get_potential("emt"), RelaxationSettings())
    return found


def method(tmp_path: Path, **changed: object) -> str:
    file = tmp_path / f"other_{len(list(tmp_path.glob('other_*.py')))}.py"
    lines = "".join(f"    {key} = {value!r}\n" for key, value in changed.items())
    file.write_text(f"{METHOD}\n\nclass Changed(Other):\n{lines or '    pass'}\n", encoding="utf-8")
    return f"{file}:Changed"


def test_the_same_method_at_the_same_geometry_differs_by_nothing(store):
    found = check_with_dft(store, "Cu-Au", method="emt", above_hull=9.0)
    assert [one.name for one in found.phases] == ["Au_fcc", "CuAu-l10", "CuAu-zincblende", "Cu_fcc"]
    assert found.mean_absolute_difference == pytest.approx(0.0, abs=1e-10)
    for one in found.phases:
        assert one.e_above_hull == pytest.approx(one.e_above_hull_dft, abs=1e-10)


def test_energies_of_elements_cancel_and_a_factor_does_not(store, tmp_path):
    found = check_with_dft(store, "Cu-Au", method=method(tmp_path, factor=2.0, shift=-7.0), above_hull=9.0)
    assert len(found.compounds) == 2
    for one in found.phases:
        assert one.formation_energy_per_atom_dft == pytest.approx(2 * one.formation_energy_per_atom, abs=1e-9)
        assert one.difference == pytest.approx(-one.formation_energy_per_atom, abs=1e-9)
    mean = sum(abs(one.formation_energy_per_atom) for one in found.compounds) / 2
    assert found.mean_absolute_difference == pytest.approx(mean)


def test_only_phases_near_the_hull_are_computed_and_each_once(store, monkeypatch):
    told = []
    check_with_dft(store, "Cu-Au", method="emt", on_phase=lambda *one: told.append(one))
    stable = [one.name for one in rows_for_system(store, "Cu-Au") if one.name != "CuAu-zincblende"]
    assert sorted(name for _, _, name in told) == sorted(stable)
    assert [(done, total) for done, total, _ in told] == [(n, len(stable)) for n in range(len(stable))]
    monkeypatch.setattr(Calculations, "energy", lambda *_: pytest.fail("it is stored"))
    assert len(check_with_dft(store, "Cu-Au", method="emt").phases) == len(stable)
    assert len(rows_for_system(store, "Cu-Au")) == len(CRYSTALS)  # single points are no members of a hull


def test_a_phase_that_fails_is_named_and_an_element_ends_it(store, tmp_path):
    found = check_with_dft(store, "Cu-Au", method=method(tmp_path, fails="AuCu"), above_hull=9.0)
    assert [one.name for one in found.phases] == ["Au_fcc", "Cu_fcc"]
    assert set(found.failed.values()) == {"the density did not converge"}
    assert found.mean_absolute_difference is None
    with pytest.raises(InputError, match=r"gave no energy of Cu, .*Cu_fcc: the density did not converge"):
        check_with_dft(store, "Cu-Au", method=method(tmp_path, fails="Cu"))


def test_where_functional_or_dispersion_differ_is_told(store):
    notes: list[str] = []
    check_with_dft(store, "Cu-Au", method="emt", notes=notes)
    assert notes == []
    for row in store.select("potential=emt,relax_cell=True"):
        result = RelaxationResult(row.toatoms(), row.energy, 0.0, 1, 1, 0.1)
        candidate = Candidate(row.name, "library", CRYSTALS[row.name], "made up")
        store.add(candidate, result, get_potential("chgnet+d3"), RelaxationSettings())
    check_with_dft(store, "Cu-Au", "chgnet+d3", method="emt", notes=notes)
    assert notes == ["chgnet+d3 has d3 and emt no dispersion: the difference holds that as well"]


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), True])
def test_a_distance_that_is_none_is_refused(store, value):
    with pytest.raises(InputError, match="above_hull"):
        check_with_dft(store, "Cu-Au", method="emt", above_hull=value)


@pytest.mark.skipif(find_spec("gpaw") is not None, reason="GPAW is installed")
def test_without_gpaw_it_is_an_error_in_one_line(store, tmp_path):
    outcome = run(["check-dft", "Cu-Au", "--database", str(store.path)], tmp_path)
    assert outcome.problems() == []
    assert "needs GPAW, which is not installed" in outcome.err
    assert len(store.select("")) == len(CRYSTALS)


def test_the_command_prints_a_table_json_and_csv(store, tmp_path):
    ask = ["check-dft", "Cu-Au", "--method", "emt", "--above-hull", "9", "--database", str(store.path)]
    outcome = run(ask, tmp_path)
    assert outcome.code == 0
    assert "mean absolute difference of the compounds: 0.0000 eV/atom" in outcome.out
    assert "4 of 4: Cu_fcc" in outcome.err
    table = json.loads(run([*ask, "--json"], tmp_path).out)
    assert (table["potential"], table["method"], len(table["phases"])) == ("emt", "emt", 4)
    assert table["provenance"]["packages"]["ase"]
    rows = list(csv.DictReader(io.StringIO(run([*ask, "--csv"], tmp_path).out)))
    assert [row["name"] for row in rows] == [phase["name"] for phase in table["phases"]]
    for arguments in (["--method", "dft:pbe"], ["--method", "gpow"], ["--above-hull", "nan"]):
        assert run([*ask, *arguments], tmp_path).problems() == []
