"""One atom in a liquid metal: films of gold with silver and copper, EMT."""

from __future__ import annotations

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.solutions import dissolved_atoms, solutions_section
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull
from amalgamics.thermodynamics.uncertainty import Estimate
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec, load_spec
from amalgamics.workflows.studies.films import sampling as film_sampling
from amalgamics.workflows.studies.solutions.settings import SolutionsSettings
from amalgamics.workflows.studies.solutions.study import SolutionsStudy
from amalgamics.workflows.tasks import PlanStudy

SHORT = {"melt_steps": 10, "equilibration_steps": 0, "steps_between_frames": 5}
SECTION = SolutionsSettings(solvent="Au", n_atoms=16, width=8.0, frames=2, places=2, fmax=0.2, sampling=SHORT)
SYSTEMS = ("Ag-Au", "Cu-Au")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = study_in(tmp_path_factory.mktemp("solutions") / "structures.db")
    for solute in study.solutes:
        study.dissolve(solute)
    return study


def study_in(path, **changes):
    """The study of a job whose hulls are made up."""
    section = SECTION.model_copy(update=changes)
    spec = WorkflowSpec(name="job", systems=SYSTEMS, potential="emt", database=path, solutions=section)
    return SolutionsStudy(MadeUp(spec, StructureDatabase(path), {}))


class MadeUp(Job):
    """A job with the hulls of :func:`hulls`."""

    @property
    def hulls(self):
        return hulls()


def hulls():
    return [
        build_hull(
            "Ag-Au", [PhaseEntry("Ag", "Ag", {"Ag": 1}, 0.0, 17.0), PhaseEntry("Au", "Au", {"Au": 1}, 0.0, 17.0)]
        ),
        build_hull(
            "Cu-Au", [PhaseEntry("Cu", "Cu", {"Cu": 1}, -0.1, 12.0), PhaseEntry("Au", "Au", {"Au": 1}, 0.0, 17.0)]
        ),
    ]


def test_solutes_are_those_of_the_systems_unless_named():
    assert SECTION.solutes_of(SYSTEMS) == ("Ag", "Cu")
    assert SolutionsSettings(solvent="Au", solutes=("Cu",)).solutes_of(SYSTEMS) == ("Cu",)


def test_the_film_is_shared_and_every_place_is_there_once(study):
    rows = study.database.select(f"study={study.key}")
    by_role = [row.role for row in rows]
    assert by_role.count("solvent-frame") == by_role.count("solvent-film") == 2
    assert sorted((row.solute, row.frame, row.site) for row in rows if row.role == "dissolved") == [
        (solute, frame, place) for solute in ("Ag", "Cu") for frame in (0, 1) for place in ("place-0", "place-1")
    ]
    assert {row.natoms for row in rows if row.role == "dissolved"} == {17}


def test_the_lowest_place_of_each_frame_counts(study):
    found = study.insertion_energies()["Cu"]
    expected = []
    for frame in (0, 1):
        film = study.database.select(f"role=solvent-film,frame={frame}")[0].energy
        places = study.database.select(f"role=dissolved,solute=Cu,frame={frame}")
        expected.append(min(row.energy for row in places) - film)
    assert found.mean == pytest.approx(sum(expected) / 2)
    assert found.n_samples >= 1


def test_nothing_is_computed_twice(study, monkeypatch):
    def refuse(*_arguments, **_options):
        raise AssertionError("computed again")

    before = len(study.database.select(""))
    monkeypatch.setattr(film_sampling, "run_md", refuse)
    monkeypatch.setattr("amalgamics.workflows.database.calculations.relax", refuse)
    study.dissolve("Ag")
    assert len(study.database.select("")) == before


def test_the_section_refers_energies_to_the_crystal(study):
    (section,) = study.sections(study.results())
    (table,) = section.tables
    energies = study.insertion_energies()
    silver, copper = table.rows
    assert silver[0] == "Ag"
    assert silver[1].split(" ")[0] == f"{energies['Ag'].mean:+.3f}".replace("-", "−")
    assert copper[1].split(" ")[0] == f"{energies['Cu'].mean + 0.1:+.3f}".replace("-", "−")
    assert "16 atoms" in section.paragraphs[-1]


def test_without_films_there_is_no_section(tmp_path):
    with pytest.raises(InputError, match="no atom was dissolved in Au"):
        study_in(tmp_path / "empty.db").results()


def test_a_measured_solubility_stands_beside_the_computed_one():
    entries = [PhaseEntry(name, name, {name: 1}, 0.0, 20.0) for name in ("Zn", "Hg")]
    (atom,) = dissolved_atoms({"Zn": Estimate(0.07, 0.01, 4)}, {"Zn": build_hull("Zn-Hg", entries)}, "Hg")
    assert atom.solubility is not None
    section = solutions_section([atom], "Hg", "made-up", 32)
    row = section.tables[0].rows[0]
    assert row[5] == "Zn"
    assert row[6] == pytest.approx(atom.solubility.energy_error)
    assert "Of 1 measured solubilities" in section.paragraphs[1]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{solvent: Hg}", "no system of the job contains Hg"),
        ("{solvent: Au, solutes: [Pt]}", "Pt needs a system with Au"),
        ("{solvent: Xx}", "Xx"),
    ],
)
def test_bad_input_is_refused(tmp_path, section, message):
    path = tmp_path / "job.yaml"
    path.write_text(f"name: job\nsystems: [Ag-Au]\npotential: emt\nsolutions: {section}\n")
    with pytest.raises(InputError, match=message):
        load_spec(path)


def test_the_plan_has_the_film_before_the_solutes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "job.yaml"
    path.write_text("name: job\nsystems: [Ag-Au, Cu-Au]\npotential: emt\nsolutions: {solvent: Au}\n")
    from amalgamics.workflows.submission import build_workflow, spec_document

    spec = load_spec(path)
    manifest = {"fingerprints": {}, "fresh_after": 0}
    action = PlanStudy(workflow=spec_document(spec), study="solutions").run_task({"manifest": manifest})
    (steps,) = action.detours
    assert [step.name for step in steps.fws] == ["film of Au", "Ag in Au", "Cu in Au"]
    film = steps.fws[0].fw_id
    assert sorted(steps.links[film]) == sorted(step.fw_id for step in steps.fws[1:])
    assert action.update_spec == {"manifest": manifest}
    assert "plan the solutions" in [step.name for step in build_workflow(spec).fws]
