"""Surfaces of metals with EMT: planned, computed once, and gathered into the sections of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc111
from ase.io import write

from amalgamics.calculators.relaxation.relax import RelaxationSettings, relax
from amalgamics.errors import InputError
from amalgamics.thermodynamics.surfaces.energies import surface_energy_J_m2
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import gather_candidates
from amalgamics.workflows.database.rows import conventional_of
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.surfaces.phase_surfaces import relax_slabs, slab_candidates
from amalgamics.workflows.studies.surfaces.settings import SurfacesSettings
from amalgamics.workflows.studies.surfaces.stored import (
    bulk_row,
    cell_of_slabs,
    stored_surfaces,
)
from amalgamics.workflows.studies.surfaces.stored_interfaces import stored_interfaces
from amalgamics.workflows.studies.surfaces.study import SurfacesStudy

SURFACES: dict[str, Any] = {
    "phases": ["Ag", "Al_fcc"],
    "miller_indices": [[1, 1, 1], [1, 0, 0], [0, 0, 1]],
    "adhesion": [
        {"film": "Ag", "substrate": "Ag", "miller_index": [1, 0, 0]},
        {"film": "Ag", "substrate": "Au"},
        {"film": "Al", "substrate": "Ag", "max_strain": 0.001, "max_area": 20},
    ],
}


class Finished:
    """A job of which everything was run: its spec, database, and the fingerprints of its crystals."""

    def __init__(
        self, folder: Path, *, files: tuple[Path, ...] = (), systems: list[str] | None = None, **surfaces: Any
    ) -> None:
        self.spec = WorkflowSpec(
            name="metals",
            systems=systems or ["Ag-Au"],
            potential="emt",
            structures={"library": True, "prototypes": False, "files": files},
            surfaces={**SURFACES, **surfaces},
            output=folder / "out",
            database=folder / "structures.db",
            launchpad=f"sqlite:///{folder}/launchpad",
        )
        self.database = StructureDatabase(self.spec.database_address)
        calculations = Calculations(self.database, "emt", self.spec.relaxation.settings())
        candidates, _ = gather_candidates(self.spec)
        rows = [calculations.relax(item, relax_cell=True) for item in candidates]
        self.fingerprints = {row.name: row.fingerprint for row in rows}

    @property
    def study(self) -> SurfacesStudy:
        return SurfacesStudy(Job(self.spec, self.database, self.fingerprints))

    def sections(self) -> list[Any]:
        return list(self.study.sections(self.study.results()))

    def run(self) -> Finished:
        for step in self.study.plan():
            self.study.run(step.method, step.arguments)
        return self


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("surfaces")).run()


def test_the_plan_has_one_step_for_each_crystal_and_pair(finished: Finished) -> None:
    steps = finished.study.plan()
    assert [step.title for step in steps] == [
        "surfaces of Ag_fcc",
        "surfaces of Al_fcc",
        "Ag_fcc(100) on Ag_fcc(100)",
        "Ag_fcc(111) on Au_fcc(111)",
        "Al_fcc(111) on Ag_fcc(111)",
    ]
    # (001) is (100) by symmetry, so there are two planes with three slabs each. Two sides and two placements of a
    # pair; of one that does not match, why.
    assert [len(step.results) for step in steps] == [6, 6, 4, 4, 1]


def test_a_phase_that_the_job_lacks_is_relaxed_for_it(finished: Finished) -> None:
    assert "Al_fcc" not in finished.fingerprints
    (row,) = finished.database.select("name=Al_fcc")
    assert row.kind == "library"


def test_the_surface_energy_is_that_of_a_thick_slab(finished: Finished) -> None:
    found, problems = stored_surfaces(finished.database, phases=["Ag_fcc"])
    assert problems == []
    (silver,) = found
    fitted = {record.miller_index: record.surface_energy_J_m2 for record in silver.surfaces}
    bulk = finished.database.find(finished.fingerprints["Ag_fcc"])
    slab = fcc111("Ag", (1, 1, 12), a=(4 * bulk.volume_per_atom) ** (1 / 3), vacuum=8.0)
    slab.pbc = True
    relaxed = relax(slab, "emt", RelaxationSettings(fmax=0.02, relax_cell=False))
    area = slab.cell[0, 0] * slab.cell[1, 1]
    expected = surface_energy_J_m2(relaxed.energy, 12, bulk.energy_per_atom, area)
    assert fitted[1, 1, 1] == pytest.approx(expected, abs=0.01)
    assert fitted[1, 1, 1] < fitted[1, 0, 0]


def test_the_shape_has_both_planes(finished: Finished) -> None:
    found, _ = stored_surfaces(finished.database)
    assert [item.phase for item in found] == ["Ag_fcc", "Al_fcc"]
    for item in found:
        assert item.shape is not None
        low, high = (record.surface_energy_J_m2 for record in item.surfaces)
        assert low < item.shape.mean_surface_energy_J_m2 < high
        assert item.shape.missing == ()


def test_parting_a_crystal_costs_two_surfaces(finished: Finished) -> None:
    surfaces, _ = stored_surfaces(finished.database)
    found, _ = stored_interfaces(finished.database, surfaces)
    itself, on_gold = found
    assert (itself.film, itself.substrate, itself.substrate_plane) == ("Ag_fcc", "Ag_fcc", "(100)")
    film, substrate = itself.surface_energies_J_m2
    assert film is not None
    assert film == substrate
    assert itself.relaxed_J_m2 == pytest.approx(2 * film, abs=0.02)
    assert itself.film_max_strain == pytest.approx(0.0, abs=1e-9)
    # Relaxing the parts after the separation can only gain energy.
    assert itself.rigid_J_m2 >= itself.relaxed_J_m2 - 1e-6
    assert on_gold.film_strain == pytest.approx((16.69 / 16.77) ** (1 / 3) - 1, abs=5e-4)
    assert on_gold.interface_energy_J_m2 is None  # the (111) of gold was not computed


def test_crystals_that_do_not_match_are_a_failure_with_its_reason(finished: Finished) -> None:
    (row,) = finished.database.select("study=adhesion,converged=False")
    assert "the least strain is" in row.data["reason"]
    *_, adhesion = finished.sections()
    assert adhesion.anchor == "work-of-adhesion"
    assert any("Al_fcc(111) on Ag_fcc(111)" in text and "least strain" in text for text in adhesion.warnings)


def test_the_sections_tell_what_was_found(finished: Finished) -> None:
    sections = finished.sections()
    anchors = ["lattice-constants", "surface-energies", "equilibrium-shapes", "work-of-adhesion"]
    assert [section.anchor for section in sections] == anchors
    for section in sections:
        assert any(character.isdigit() for character in section.paragraphs[0])
        for picture in section.pictures:
            assert picture.png.startswith(b"\x89PNG")
    cells, energies, shapes, _ = sections
    assert {row[1] for row in cells.tables[0].rows} == {"Ag_fcc", "Al_fcc", "Au_fcc"}
    assert len(energies.tables[0].rows) == 4
    assert not energies.warnings
    assert len(shapes.tables[0].rows) == 4


def test_a_second_run_computes_nothing(finished: Finished) -> None:
    before = finished.database.last_id()
    finished.run()
    assert finished.database.last_id() == before


def test_a_wetting_study_uses_the_same_slabs(finished: Finished) -> None:
    bulk = finished.database.find(finished.fingerprints["Ag_fcc"])
    before = finished.database.last_id()
    settings = RelaxationSettings(fmax=0.05, relax_cell=False)
    calculations = Calculations(finished.database, "emt", settings)
    relax_slabs(calculations, slab_candidates("Ag_fcc", conventional_of(bulk).atoms, (1, 1, 1)))
    assert finished.database.last_id() == before


def test_a_plane_that_was_not_computed_is_reported(finished: Finished) -> None:
    more = finished.spec.model_copy(
        update={"surfaces": SurfacesSettings(phases="Ag", miller_indices=[[1, 1, 1], [2, 1, 0]])}
    )
    study = SurfacesStudy(Job(more, finished.database, finished.fingerprints))
    _, energies, *_ = study.sections(study.results())
    assert energies.warnings == ("Ag_fcc(210) has no surface energy: it was not computed",)


def test_of_two_computations_of_a_plane_the_newest_counts(tmp_path: Path) -> None:
    job = Finished(tmp_path, phases="Ag", adhesion=[], miller_indices=[[1, 1, 1]]).run()
    before, _ = stored_surfaces(job.database)
    coarse = job.spec.model_copy(update={"surfaces": job.spec.surfaces.model_copy(update={"min_slab_size": 14.0})})
    job.spec = coarse
    job.run()
    (after,), _ = stored_surfaces(job.database)
    assert after.surfaces[0].n_slabs == 5  # 4, 5 and 6 layers, and 6, 7 and 8: all of the same crystal join the fit
    assert after.surfaces[0].surface_energy_J_m2 == pytest.approx(before[0].surfaces[0].surface_energy_J_m2, abs=0.01)
    job.spec = coarse.model_copy(update={"surfaces": coarse.surfaces.model_copy(update={"fmax": 0.01})})
    job.run()
    (last,), _ = stored_surfaces(job.database)
    assert last.surfaces[0].n_slabs == 3


def test_planes_of_two_jobs_are_never_mixed(tmp_path: Path) -> None:
    job = Finished(tmp_path, phases="Ag", adhesion=[], miller_indices=[[1, 1, 1], [1, 0, 0]]).run()
    (coarse,), quiet = stored_surfaces(job.database)
    settings = job.spec.surfaces
    tighter = settings.model_copy(update={"fmax": 0.003, "miller_indices": ((1, 1, 1),)})
    job.spec = job.spec.model_copy(update={"surfaces": tighter})
    job.run()

    # The newest has one plane only: the shape stays that of the other, whole.
    (found,), (note,) = stored_surfaces(job.database)
    assert quiet == []
    assert found == coarse
    assert "shown is group 1 ((111) (100), fmax 0.05)" in note
    assert "not mixed with it: group 2 ((111), fmax 0.003)" in note
    (chosen,), _ = stored_surfaces(job.database, group=2)
    assert [record.miller_index for record in chosen.surfaces] == [(1, 1, 1)]
    assert chosen.shape is None
    with pytest.raises(InputError, match=r"group: 3 is not allowed; Ag_fcc with emt has group 1 .*, group 2"):
        stored_surfaces(job.database, group=3)

    job.spec = job.spec.model_copy(update={"surfaces": settings.model_copy(update={"fmax": 0.003})})
    job.run()
    (newest,), _ = stored_surfaces(job.database)
    assert {record.miller_index for record in newest.surfaces} == {(1, 1, 1), (1, 0, 0)}
    assert chosen.surfaces[0] in newest.surfaces
    assert newest.surfaces != coarse.surfaces


def test_planes_of_two_crystals_are_never_mixed(tmp_path: Path) -> None:
    job = Finished(tmp_path, phases="Ag", adhesion=[], miller_indices=[[1, 1, 1]]).run()
    crystal = conventional_of(job.database.find(job.fingerprints["Ag_fcc"])).atoms
    crystal.set_cell(crystal.cell * 1.01, scale_atoms=True)
    calculations = Calculations(job.database, "emt", RelaxationSettings(fmax=0.05, relax_cell=False))
    relax_slabs(calculations, slab_candidates("Ag_fcc", crystal, (1, 0, 0)))
    (found,), (note,) = stored_surfaces(job.database)
    assert len(found.surfaces) == 1
    assert note.count("cut from a crystal of") == 2


def test_planes_are_looked_up_by_symmetry(finished: Finished) -> None:
    pair = {"film": "Ag", "substrate": "Ag"}
    turned = [
        {**pair, "miller_index": [0, 0, 1], "film_miller_index": [0, 1, 0]},
        {**pair, "miller_index": [1, -1, 1], "film_miller_index": [-1, 1, 1]},
    ]
    more = finished.spec.model_copy(update={"surfaces": SurfacesSettings(**{**SURFACES, "adhesion": turned})})
    study = SurfacesStudy(Job(more, finished.database, finished.fingerprints))
    for step in study.plan():
        study.run(step.method, step.arguments)
    results = study.results()
    known = {record.miller_index: record.surface_energy_J_m2 for record in results.phases[0].surfaces}
    cube, octahedron = results.interfaces
    assert cube.surface_energies_J_m2 == (known[1, 0, 0], known[1, 0, 0])
    assert octahedron.surface_energies_J_m2 == (known[1, 1, 1], known[1, 1, 1])


def test_equivalent_planes_of_two_jobs_are_one_on_the_shape(tmp_path: Path) -> None:
    job = Finished(tmp_path, phases="Ag", adhesion=[], miller_indices=[[1, 1, 1], [1, 0, 0]]).run()
    settings = job.spec.surfaces.model_copy(update={"miller_indices": ((0, 0, 1),)})
    job.spec = job.spec.model_copy(update={"surfaces": settings})
    job.run()
    (silver,), _ = stored_surfaces(job.database)
    assert len(silver.surfaces) == 3
    assert silver.shape is not None
    assert len(silver.shape.area_fractions) == 2


@pytest.fixture(scope="module")
def b19(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """CuAu of the type of AuCd from a file in Pmma, whose shortest axis is b."""
    folder = tmp_path_factory.mktemp("b19")
    scaled = [(0.25, 0, 0.8125), (0.75, 0, 0.1875), (0.25, 0.5, 0.3125), (0.75, 0.5, 0.6875)]
    alloy = Atoms("Au2Cu2", cell=[4.60, 2.75, 4.45], scaled_positions=scaled, pbc=True)
    write(folder / "B19.cif", alloy)
    surfaces = {"phases": "B19", "adhesion": [], "miller_indices": [[1, 0, 0], [0, 1, 0]], "min_slab_size": 5.0}
    return Finished(folder, files=(folder / "B19.cif",), systems=["Cu-Au"], **surfaces).run()


def test_the_planes_of_a_file_are_those_of_its_own_axes(b19: Finished) -> None:
    row = b19.database.find(b19.fingerprints["B19"])
    a, b, c = row.data["lattice"][:3]
    assert b < a < c
    assert row.space_group == "Pmma"
    (slab, *_) = b19.database.select("study=surfaces,miller=(100)")
    assert sorted(np.linalg.norm(slab.cell[:2], axis=1)) == pytest.approx([b, c], abs=1e-3)
    (slab, *_) = b19.database.select("study=surfaces,miller=(010)")
    assert sorted(np.linalg.norm(slab.cell[:2], axis=1)) == pytest.approx([a, c], abs=1e-3)
    cells, energies, *_ = b19.sections()
    shown = {row[4]: row[5] for row in cells.tables[0].rows}
    assert shown == pytest.approx({"a": a, "b": b, "c": c})
    assert cells.tables[0].rows[0][3] == "as given"
    assert any("CuAu (B19) in Pmma, as given" in text for text in energies.paragraphs)


def test_slabs_of_another_setting_are_told_apart(b19: Finished) -> None:
    (found,), problems = stored_surfaces(b19.database)
    assert problems == []
    assert found.cell is not None
    bulk = b19.database.find(b19.fingerprints["B19"])
    slabs = b19.database.select("study=surfaces,miller=(100)")
    assert cell_of_slabs(bulk, slabs) is not None
    for slab in slabs:
        slab.key_value_pairs["miller"] = slab.miller = "(001)"
    assert cell_of_slabs(bulk, slabs) is None


def test_stable_phases_are_those_on_the_hull(finished: Finished) -> None:
    stable = finished.spec.model_copy(update={"surfaces": SurfacesSettings(planes=1)})
    steps = SurfacesStudy(Job(stable, finished.database, finished.fingerprints)).plan()
    assert sorted(step.title for step in steps) == ["surfaces of Ag_fcc", "surfaces of Au_fcc"]
    assert steps[0].arguments["planes"] == [[1, 1, 1]]


def test_what_is_not_there_is_named(finished: Finished, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Ag_fcc"):
        stored_surfaces(finished.database, phases=["Ag_fc"])
    with pytest.raises(InputError, match="no surface"):
        stored_surfaces(StructureDatabase(tmp_path / "empty.db"))
    assert bulk_row(finished.database, "Ag_fcc", "emt", "potential-of-old") is None
