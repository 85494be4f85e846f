"""The equation of state of a job's crystals, from input to section, with EMT."""

from __future__ import annotations

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from ase.units import GPa

from amalgamics.errors import InputError
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec, load_spec
from amalgamics.workflows.studies.equation_of_state import EquationOfStateStudy


def study_in(folder, **settings) -> EquationOfStateStudy:
    """Gold, copper and an alloy that does not matter, relaxed."""
    spec = WorkflowSpec(
        name="job",
        systems=["Cu-Au"],
        potential="emt",
        database=folder / "structures.db",
        relaxation={"fmax": 0.001},
        equation_of_state=settings,
    )
    job = Job.of(spec, {})
    calculations = Calculations(job.database, "emt", spec.relaxation.settings())
    crystals = [Candidate(symbol, "file", bulk(symbol), "test") for symbol in ("Cu", "Au")]
    rows = [calculations.relax(crystal, relax_cell=True) for crystal in crystals]
    return EquationOfStateStudy(Job(spec, job.database, {row.name: row.fingerprint for row in rows}))


@pytest.fixture
def study(tmp_path) -> EquationOfStateStudy:
    study = study_in(tmp_path)
    for one in study.plan():
        study.run(one.method, one.arguments)
    return study


def test_the_bulk_modulus_is_the_slope_of_the_pressure(study):
    """B = -V dp/dV from stresses at two volumes, by ASE alone."""
    found = {one.phase: one for one in study.results().found}
    assert set(found) == {"Cu", "Au"}
    for symbol, one in found.items():
        atoms = bulk(symbol)
        atoms.calc = EMT()
        BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=1e-4)
        assert one.fit.volume == pytest.approx(atoms.get_volume(), rel=1e-3)
        pressures, volumes = [], []
        for scale in (0.999, 1.001):
            strained = atoms.copy()
            strained.set_cell(atoms.cell * scale, scale_atoms=True)
            strained.calc = EMT()
            pressures.append(-strained.get_stress()[:3].mean() / GPa)
            volumes.append(strained.get_volume())
        modulus = -atoms.get_volume() * (pressures[1] - pressures[0]) / (volumes[1] - volumes[0])
        assert one.fit.bulk_modulus_GPa == pytest.approx(modulus, rel=0.02)


def test_a_second_plan_is_empty_and_another_range_is_another_study(study, tmp_path):
    assert study.plan() == []
    other = study_in(tmp_path, max_strain=0.03)
    assert len(other.plan()) == 2
    assert other.results().found == []
    assert other.key != study.key


def test_the_section_tells_the_numbers(study):
    (section,) = study.sections(study.results())
    assert [row[1] for row in section.tables[0].rows] == ["Au", "Cu"]
    assert "GPa (Au) to" in section.paragraphs[0] or "GPa (Cu) to" in section.paragraphs[0]
    assert section.pictures[0].png.startswith(b"\x89PNG")
    assert not section.warnings


def test_a_name_and_its_formula_are_one_crystal(tmp_path):
    study = study_in(tmp_path, phases=["Cu", "Cu", "Au"])
    assert [one.title for one in study.plan()] == ["volumes of Cu", "volumes of Au"]
    assert study_in(tmp_path, phases="Cu").settings.phases == ("Cu",)


def test_what_was_not_computed_is_told(tmp_path):
    study = study_in(tmp_path, phases=["Cu"])
    (section,) = study.sections(study.results())
    assert section.warnings == ("Cu: equation of state: 0 volumes; at least 5 different ones are needed",)
    assert not section.tables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("equation_of_state: {n_volumes: 3}", "n_volumes"),
        ("equation_of_state: {max_stran: 0.1}", "Did you mean 'max_strain'"),
        ("equation_of_state: {max_strain: 1.0e-7}", "max_strain"),
        ("equation_of_state: {phases: []}", "phases"),
        ("equation_of_state: {phases: CuAg}", "no structure 'CuAg'"),
        ("equation_of_state:", "the section is empty"),
        ("relaxation: {relax_cell: false}\nequation_of_state: {}", "set relaxation.relax_cell"),
    ],
)
def test_bad_input_is_refused(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "job.yaml"
    path.write_text(f"name: job\nsystems: [Cu-Au]\npotential: emt\n{text}\n")
    with pytest.raises(InputError, match=message):
        load_spec(path)
