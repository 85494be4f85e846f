"""A number is found by the identity of the study and the potential that made it, not by a query that happens to fit."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar

import pytest
from ase.build import bulk

from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError
from amalgamics.structures.symmetry import conventional_cell
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies import base as study_module
from amalgamics.workflows.studies.base import Step, Study, step
from amalgamics.workflows.studies.registry import STUDIES
from amalgamics.workflows.studies.solutions.settings import SolutionsSettings
from amalgamics.workflows.studies.solutions.study import SolutionsStudy
from amalgamics.workflows.studies.surfaces.phase_surfaces import relax_slabs, slab_candidates
from amalgamics.workflows.studies.surfaces.study import SurfacesStudy
from amalgamics.workflows.studies.wetting.records import surfaces_of
from amalgamics.workflows.studies.wetting.stored import get_study
from amalgamics.workflows.submission import build_workflow, forget_failed
from amalgamics.workflows.tasks import fireworks_of


class Role(StrEnum):
    POINT = "point"


class Points(Study[SolutionsSettings, "list[float]"]):
    """Energies of copper in two cells; ``section`` stands in for settings of its own."""

    name: ClassVar = "points"
    section: ClassVar = "solutions"
    settings_class: ClassVar = SolutionsSettings

    def plan(self) -> Sequence[Step]:
        first = Step("point", "first", ["one"], {"a": 3.5})
        return [first, Step("point", "second", ["two"], {"a": 3.6}, after=["first"])]

    @step
    def point(self, a: float) -> None:
        labels = {"study": self.key, "role": Role.POINT.value}
        candidate = Candidate(f"Cu {a}", "solid", bulk("Cu", a=a), "test", labels=labels)
        Calculations(self.database, self.potential, RelaxationSettings()).single_point(candidate)

    def helper(self) -> None:
        """Not a step."""

    def computed(self) -> list[Any]:
        return self.all_rows(Role.POINT)

    def results(self) -> list[float]:
        return [float(row.energy) for row in self.rows(Role.POINT)]

    def sections(self, results: list[float]) -> list[Any]:  # noqa: ARG002
        return []


def job_in(tmp_path, potential="emt", **sections) -> Job:
    """A job whose crystals do not matter."""
    spec = WorkflowSpec(
        name="job", systems=["Cu-Au"], potential=potential, database=tmp_path / "structures.db", **sections
    )
    return Job.of(spec, {})


SOLUTIONS = {"solvent": "Au", "n_atoms": 16}


def test_a_study_is_planned_run_and_read_back(tmp_path):
    study = Points(job_in(tmp_path, solutions=SOLUTIONS))
    for one in study.plan():
        study.run(one.method, one.arguments)
    assert len(study.results()) == 2
    other = Points(job_in(tmp_path, solutions={**SOLUTIONS, "n_atoms": 17}))
    assert other.results() == []


@pytest.mark.parametrize("method", ["helper", "plan", "nothing", "__init__"])
def test_only_steps_can_be_run(tmp_path, method):
    with pytest.raises(ValueError, match="points has no step"):
        Points(job_in(tmp_path, solutions=SOLUTIONS)).run(method, {})


def test_what_was_made_by_something_else_under_the_same_name_is_not_found(tmp_path, monkeypatch):
    study = Points(job_in(tmp_path, solutions=SOLUTIONS))
    study.point(3.5)
    assert len(study.results()) == 1
    monkeypatch.setattr(study_module, "potential_identity", lambda _: "potential-other")
    assert Points(study.job).results() == []


def test_fireworks_follow_each_other_as_the_plan_says(tmp_path):
    plan = Points(job_in(tmp_path, solutions=SOLUTIONS)).plan()
    document = {"name": "job", "potential": "emt"}
    first, second = fireworks_of(plan, document, "points")
    assert (first.name, second.name) == ("first", "second")
    assert second.parents == [first]
    assert second.spec["structures"] == ["two"]
    with pytest.raises(ValueError, match="two steps are called 'first'"):
        fireworks_of([plan[0], plan[0]], document, "points")


def test_what_most_steps_wait_for_goes_first():
    """Priorities are lengths of chains: a step comes before all that wait for it, and long chains before short ones."""
    after = {"alone": [], "a": [], "b": ["a"], "c": ["a", "b"], "d": ["c", "alone2"], "alone2": []}
    order = ["alone", "a", "b", "c", "alone2", "d"]
    plan = [Step("point", title, [title], {}, after[title]) for title in order]
    made = fireworks_of(plan, {"name": "job", "potential": "emt"}, "points")
    priorities = {firework.name: firework.spec["_priority"] for firework in made}
    assert priorities == {"alone": 1, "a": 4, "b": 3, "c": 2, "d": 1, "alone2": 2}


def test_everything_that_depends_on_the_studies_follows_from_their_list():
    keys = set(WorkflowSpec.model_fields)
    for study in STUDIES:
        assert study.section in keys
        assert study.settings_class.__name__ in str(WorkflowSpec.model_fields[study.section].annotation)
    assert len({study.name for study in STUDIES}) == len(STUDIES)
    spec = WorkflowSpec(name="job", systems=["Li-Hg"])
    assert [firework.name for firework in build_workflow(spec).fws] == ["plan the hulls", "write report"]


def test_an_input_without_the_section_has_no_such_study(tmp_path):
    with pytest.raises(ValueError, match="no surfaces section"):
        SurfacesStudy(job_in(tmp_path))


def test_surface_energies_of_a_wetting_study_come_from_slabs_relaxed_like_its_films(lab):
    """The same planes with another fmax are not slabs of the same line."""
    slabs = slab_candidates("Cu", conventional_cell(bulk("Cu")).atoms, (1, 1, 1))
    relax_slabs(lab.study.calculations("emt"), slabs)
    before, _ = surfaces_of(get_study(lab.database))
    finer = RelaxationSettings(fmax=0.001, relax_cell=False)
    relax_slabs(Calculations(lab.database, "emt", finer), slabs)
    after, _ = surfaces_of(get_study(lab.database))
    assert [record.n_slabs for record in after if record.phase == "Cu"] == [3]
    assert after == before


def test_a_job_has_the_slabs_of_its_own_settings(tmp_path):
    """Whatever another job added to the database since, also with thicker slabs of the same crystal."""
    crystal = Candidate("Cu", "file", bulk("Cu"), "test")
    section = {"phases": ["Cu"], "miller_indices": [[1, 1, 1]]}
    job = job_in(tmp_path, surfaces=section, relaxation={"fmax": 0.05})
    row = Calculations(job.database, "emt", job.spec.relaxation.settings()).relax(crystal, relax_cell=True)

    def study(**changes):
        spec = job.spec.model_copy(update={"surfaces": job.spec.surfaces.model_copy(update=changes)})
        return SurfacesStudy(Job(spec, job.database, {"Cu": row.fingerprint}))

    study().relax_planes(row.fingerprint, [[1, 1, 1]])
    before = study().results().phases
    for changes in ({"fmax": 0.001}, {"min_slab_size": 14.0}):
        study(**changes).relax_planes(row.fingerprint, [[1, 1, 1]])
        assert study().results().phases == before
        assert study(**changes).results().phases != before


def test_dissolved_atoms_are_those_of_the_job(tmp_path):
    """One database, two jobs with films of different size: each keeps its own energy."""
    sampling = {"melt_steps": 10, "equilibration_steps": 0, "steps_between_frames": 5}
    section = {"solvent": "Au", "solutes": ["Cu"], "frames": 1, "places": 1, "fmax": 0.3, "sampling": sampling}

    def study(n_atoms):
        return SolutionsStudy(job_in(tmp_path, solutions={**section, "n_atoms": n_atoms, "width": 8.0}))

    study(16).dissolve("Cu")
    before = study(16).insertion_energies()
    study(20).dissolve("Cu")
    assert study(16).insertion_energies() == before
    assert study(20).insertion_energies() != before


def test_trying_again_forgets_the_failures_of_this_job_alone(tmp_path, monkeypatch):
    """Jobs A and B ask for surfaces of other crystals with one potential; both failed."""
    from amalgamics.workflows.database import calculations as calculations_module

    def fail(atoms, *_):
        raise RelaxationError("it failed", atoms)

    jobs = []
    for symbol in ("Cu", "Au"):
        section = {"phases": [symbol], "miller_indices": [[1, 1, 1]]}
        job = job_in(tmp_path, surfaces=section, relaxation={"fmax": 0.05})
        crystal = Candidate(symbol, "file", bulk(symbol), "test")
        row = Calculations(job.database, "emt", job.spec.relaxation.settings()).relax(crystal, relax_cell=True)
        jobs.append(Job(job.spec, job.database, {symbol: row.fingerprint}))
    monkeypatch.setattr(calculations_module, "relax", fail)
    for job in jobs:
        for one in SurfacesStudy(job).plan():
            SurfacesStudy(job).run(one.method, one.arguments)
    assert len(jobs[0].database.select("converged=False")) == 6
    assert forget_failed(jobs[0]) == 3
    assert {row.substrate for row in jobs[0].database.select("converged=False")} == {"Au"}
