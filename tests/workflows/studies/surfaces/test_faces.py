"""Every face of the planes of an ordered alloy: what belongs to which, with EMT on CuAu."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.spacegroup import crystal as crystal_of

from amalgamics.cli import main as main_module
from amalgamics.errors import InputError
from amalgamics.structures.symmetry import conventional_cell
from amalgamics.thermodynamics.surfaces.energies import OpenSurface
from amalgamics.thermodynamics.surfaces.wulff import wulff_shape
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import gather_candidates
from amalgamics.workflows.database.rows import area_of, atoms_of
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.surfaces.phase_surfaces import face_candidates, slab_candidates
from amalgamics.workflows.studies.surfaces.stored import stored_surfaces
from amalgamics.workflows.studies.surfaces.stored_interfaces import stored_interfaces
from amalgamics.workflows.studies.surfaces.study import Surfaces, SurfacesStudy

L10 = Atoms("CuAu", cell=[2.8, 2.8, 3.6], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
CORUNDUM = crystal_of(
    ("Cr", "O"), [(0, 0, 0.3475), (0.3058, 0, 0.25)], spacegroup=167, cellpar=[4.958, 4.958, 13.594, 90, 90, 120]
)


class Alloy:
    """A job on CuAu of which everything was run."""

    def __init__(self, folder: Path, **surfaces: Any) -> None:
        file = folder / "CuAu.cif"
        L10.write(file)
        self.spec = WorkflowSpec(
            name="alloy",
            systems=["Cu-Au"],
            potential="emt",
            structures={"library": ["Cu_fcc", "Au_fcc"], "files": [str(file)], "prototypes": False},
            surfaces={
                "phases": ["CuAu"],
                "miller_indices": [[0, 0, 1], [1, 1, 0], [1, 0, 1]],
                "adhesion": [{"film": "Cu", "substrate": "CuAu", "miller_index": [0, 0, 1]}],
                "terminations": "all",
                "fmax": 0.01,
                **surfaces,
            },
            output=folder / "out",
            database=folder / "structures.db",
            launchpad=f"sqlite:///{folder}/launchpad",
        )
        self.database = StructureDatabase(self.spec.database_address)
        calculations = Calculations(self.database, "emt", self.spec.relaxation.settings())
        rows = [calculations.relax(item, relax_cell=True) for item in gather_candidates(self.spec)[0]]
        self.fingerprints = {row.name: row.fingerprint for row in rows}
        self.found = Surfaces([], [], [], [], [])

    def study(self, **changes: Any) -> SurfacesStudy:
        settings = self.spec.surfaces.model_copy(update=changes)
        spec = self.spec.model_copy(update={"surfaces": settings})
        return SurfacesStudy(Job(spec, self.database, self.fingerprints))

    def results(self, **changes: Any) -> Surfaces:
        study = self.study(**changes)
        for step in study.plan():
            study.run(step.method, step.arguments)
        return study.results()


@pytest.fixture(scope="module")
def alloy(tmp_path_factory: pytest.TempPathFactory) -> Alloy:
    made = Alloy(tmp_path_factory.mktemp("alloy"))
    made.found = made.results()
    return made


def test_each_face_has_its_own_work_of_adhesion(alloy: Alloy) -> None:
    found = {item.substrate_termination: item for item in alloy.found.interfaces}
    # By hand from the energies of interface and sides; the cell of EMT's CuAu is soft, 1 % of c moves them by 0.01.
    assert found["Au"].relaxed_J_m2 == pytest.approx(1.231, abs=0.01)
    assert found["Cu"].relaxed_J_m2 == pytest.approx(1.403, abs=0.01)
    assert {item.film_termination for item in found.values()} == {"Cu"}
    (step,) = [step for step in alloy.study().plan() if step.method == "relax_pair"]
    assert len(step.results) == 2 * 4
    stored, problems = stored_interfaces(alloy.database, [])
    assert problems == []
    assert {item.substrate_termination: item.relaxed_J_m2 for item in stored} == {
        face: item.relaxed_J_m2 for face, item in found.items()
    }


def test_a_named_face_alone(alloy: Alloy) -> None:
    pair = alloy.spec.surfaces.adhesion[0].model_copy(update={"substrate_termination": "Au"})
    results = alloy.results(adhesion=(pair,))
    assert [item.substrate_termination for item in results.interfaces] == ["Au"]
    unknown = pair.model_copy(update={"substrate_termination": "CuAu"})
    (problem,) = alloy.results(adhesion=(unknown,)).not_joined
    assert "substrate_termination" in problem
    assert "Au, Cu" in problem


def test_faces_with_an_excess_are_lines(alloy: Alloy) -> None:
    (phase,) = alloy.found.phases
    plain = {(one.miller_index, one.termination): one for one in phase.surfaces}
    lines = {(one.miller_index, one.termination): one.line for one in phase.open_surfaces}
    assert set(plain) >= {((0, 0, 1), "Au|Cu"), ((1, 1, 0), "CuAu")}
    poor, middle, rich = (at.equilibrium for at in phase.shapes)
    assert (poor.label, middle.label, rich.label) == ("beside Au", "middle", "beside Cu")
    # The mean of the two faces of a slab, wherever the potential is.
    for at in (poor, middle, rich):
        both = [lines[(0, 0, 1), face].surface_energy_J_m2(at.chemical_potentials) for face in ("Au", "Cu")]
        assert sum(both) / 2 == pytest.approx(plain[(0, 0, 1), "Au|Cu"].surface_energy_J_m2, abs=0.01)
    gold, copper = lines[(0, 0, 1), "Au"], lines[(0, 0, 1), "Cu"]
    assert gold.excess == {"Cu": -1.0}
    assert copper.excess == {"Cu": 1.0}
    # Where there is more copper, its face costs less.
    assert copper.slope_J_m2_per_eV("Cu") < 0 < gold.slope_J_m2_per_eV("Cu")


def test_a_line_is_what_open_surface_makes_of_one_slab(alloy: Alloy) -> None:
    (phase,) = alloy.found.phases
    line = next(one.line for one in phase.open_surfaces if (one.miller_index, one.termination) == ((0, 0, 1), "Au"))
    rows = [row for row in alloy.database.select("study=surfaces,miller=(001),termination=Au") if row.converged]
    thick = max(rows, key=lambda row: row.natoms)
    counts = {symbol: list(thick.symbols).count(symbol) for symbol in ("Cu", "Au")}
    bulk = 2 * line.fit.bulk_energy_per_atom
    slab = OpenSurface(thick.energy, counts, {"Cu": 1, "Au": 1}, bulk, area_of(thick), "Au")
    pure = alloy.database.find(alloy.fingerprints["Cu_fcc"]).energy_per_atom
    for mu in (-0.1, 0.0):
        expected = float(slab.surface_energy_J_m2({"Cu": pure + mu}))
        assert line.surface_energy_J_m2({"Cu": mu}) == pytest.approx(expected, abs=1e-3)


def test_the_shape_at_a_potential_is_that_of_its_energies(alloy: Alloy) -> None:
    (phase,) = alloy.found.phases
    bulk = conventional_cell(atoms_of(alloy.database.find(alloy.fingerprints["CuAu"]))).atoms
    for at in phase.shapes:
        mu = at.equilibrium.chemical_potentials
        lowest: dict[tuple[int, int, int], float] = {}
        for one in phase.open_surfaces:
            energy = one.line.surface_energy_J_m2(mu)
            lowest[one.miller_index] = min(energy, lowest.get(one.miller_index, energy))
        for plain in phase.surfaces:
            lowest.setdefault(plain.miller_index, plain.surface_energy_J_m2)
        expected = wulff_shape(bulk, lowest)
        assert at.shape is not None
        assert at.shape.area_fractions == pytest.approx(expected.area_fractions)
        assert sum(at.shape.area_fractions.values()) == pytest.approx(1.0)
        assert at.terminations[0, 0, 1] == "Au"


def test_the_range_between_the_elements_is_no_narrower(alloy: Alloy) -> None:
    (wide,) = alloy.results(chemical_potentials="elements").phases
    (narrow,) = alloy.found.phases
    low = min(at.equilibrium.chemical_potentials["Cu"] for at in wide.shapes)
    # CuAu is the only compound here, so its neighbours are the elements.
    assert low == pytest.approx(min(at.equilibrium.chemical_potentials["Cu"] for at in narrow.shapes))


def test_only_faces_with_the_composition_of_the_crystal_by_default(alloy: Alloy) -> None:
    (phase,) = alloy.results(terminations="stoichiometric").phases
    assert phase.open_surfaces == ()
    assert phase.shapes == ()
    assert {one.termination for one in phase.surfaces if one.miller_index == (0, 0, 1)} == {"Au|Cu"}


def test_faces_by_name(alloy: Alloy) -> None:
    results = alloy.results(terminations=("Cu",), miller_indices=((0, 0, 1), (1, 1, 0)))
    (phase,) = results.phases
    assert [(one.miller_index, one.termination) for one in phase.open_surfaces] == [((0, 0, 1), "Cu")]
    (problem,) = results.problems
    assert "(110) has no surface energy" in problem
    assert "there are CuAu" in problem


def test_the_database_alone_has_the_same_faces(alloy: Alloy) -> None:
    (phase,) = alloy.found.phases
    stored, problems = stored_surfaces(alloy.database, phases=["CuAu"])
    assert problems == []
    (found,) = stored
    assert {(one.miller_index, one.termination) for one in found.open_surfaces} == {
        (one.miller_index, one.termination) for one in phase.open_surfaces
    }
    for one, other in zip(found.shapes, phase.shapes, strict=True):
        assert one.terminations == other.terminations
        assert one.shape is not None
        assert other.shape is not None
        assert one.shape.area_fractions == pytest.approx(other.shape.area_fractions, abs=1e-6)


def test_the_verb_says_the_face_of_every_number(
    alloy: Alloy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(main_module.VERBS, "surfaces", "Print surface energies.")

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit):
            main_module.main(["surfaces", "--database", str(alloy.spec.database_address), *arguments])
        return capsys.readouterr().out

    content = json.loads(run("--json"))
    (phase,) = content["phases"]
    assert {(item["substrate_termination"], item["film_termination"]) for item in content["interfaces"]} == {
        ("Au", "Cu"),
        ("Cu", "Cu"),
    }
    for item in phase["open_surfaces"]:
        rows = [
            row
            for row in csv.DictReader(io.StringIO(run("--csv")))
            if row["beside"] and row["termination"] == item["termination"]
        ]
        by_place = {
            row["beside"]: float(row["surface_energy_J_m2"])
            for row in rows
            if row["plane"] == f"({''.join(map(str, item['miller_index']))})"
        }
        assert by_place == pytest.approx(item["surface_energies_J_m2"])
    assert "beside Au" in run()


def test_sections_of_the_report(alloy: Alloy) -> None:
    study = alloy.study()
    anchors = [section.anchor for section in study.sections(alloy.found)]
    assert "surfaces-and-chemical-potentials" in anchors


def test_corundum_types_get_their_single_metal_face() -> None:
    (series,) = face_candidates("Cr2O3", CORUNDUM, (0, 0, 1))
    assert [slab.labels["termination"] for slab in series] == ["Cr-2"] * 3
    every = face_candidates("Cr2O3", CORUNDUM, (0, 0, 1), "all")
    assert [slabs[0].labels["termination"] for slabs in every] == ["Cr-2", "Cr", "O"]
    for slabs in every:
        top = slabs[0].atoms[slabs[0].atoms.positions[:, 2] > slabs[0].atoms.positions[:, 2].max() - 0.3]
        assert set(top.symbols) == {str(slabs[0].labels["termination"]).partition("-")[0]}
    single = every[0][0].atoms
    assert single.symbols.count("Cr") * 3 == single.symbols.count("O") * 2


def test_one_face_is_what_a_wetting_study_takes() -> None:
    alone = slab_candidates("Cr2O3", CORUNDUM, (0, 0, 1))
    assert [slab.labels for slab in alone] == [slab.labels for slab in face_candidates("Cr2O3", CORUNDUM, (0, 0, 1))[0]]


def test_a_plane_that_is_too_large_is_not_cut() -> None:
    with pytest.raises(InputError, match="max_slab_atoms is 50"):
        face_candidates("CuAu", L10, (9, 1, 7), max_slab_atoms=50)
