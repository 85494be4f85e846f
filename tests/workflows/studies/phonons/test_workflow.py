"""Phonons of a job from its input to the sections of its report: a real LaunchPad, a real database, EMT."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk
from fireworks import Firework, FWorker, Workflow
from fireworks.core.rocket_launcher import launch_rocket

from amalgamics.calculators.phonons.finite_displacements import PhononSettings
from amalgamics.calculators.phonons.results import Phonons
from amalgamics.errors import InputError
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import SpecError, WorkflowSpec, load_spec
from amalgamics.workflows.studies.phonons import study as phonon_study
from amalgamics.workflows.studies.phonons.analysis import stored_thermal_system, thermal_table
from amalgamics.workflows.studies.phonons.study import PhononStudy
from amalgamics.workflows.submission import forget_failed, spec_document
from amalgamics.workflows.tasks import PlanStudy

JOB = """
name: alloys
systems: [Cu-Au]
potential: emt
structures: {library: false, prototypes: false, files: [Cu.cif, Au.cif, CuAu.cif, Cu-bcc.cif]}
relaxation: {fmax: 0.02}
phonons: {min_length: 4.5, temperatures_K: [300, 0, 600]}
"""
EVERY = "phonons: {phases: [CuAu, Cu-bcc], "


def stored(job: Job) -> list[Any]:
    """All rows of phonons, whatever job made them."""
    return job.database.select("kind=solid", sort="id") + job.database.select("kind=solid,converged=False")


def sections(job: Job) -> list[Any]:
    """The sections of the phonons of a job."""
    study = PhononStudy(job)
    return list(study.sections(study.results()))


def write_job(folder: Path) -> Path:
    for symbol in ("Cu", "Au"):
        bulk(symbol).write(folder / f"{symbol}.cif")
    bulk("Cu", "bcc", a=2.86).write(folder / "Cu-bcc.cif")
    alloy = Atoms("CuAu", cell=[2.8, 2.8, 3.6], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
    alloy.write(folder / "CuAu.cif")
    path = folder / "job.yaml"
    files = "[" + ", ".join(str(folder / f"{name}.cif") for name in ("Cu", "Au", "CuAu", "Cu-bcc")) + "]"
    text = JOB.replace("[Cu.cif, Au.cif, CuAu.cif, Cu-bcc.cif]", files)
    path.write_text(
        f"{text}output: {folder}/out\ndatabase: {folder}/structures.db\nlaunchpad: sqlite:///{folder}/pad\n"
    )
    return path


def work(spec: WorkflowSpec) -> Job:
    """Run the job up to the phonons, in this process."""
    launchpad = open_launchpad(spec.launchpad)
    document = spec_document(spec)
    hulls = Firework([PlanStudy(workflow=document, study="hulls")], name="hulls")
    plan = Firework([PlanStudy(workflow=document, study="phonons")], name="plan", parents=[hulls])
    launchpad.add_wf(Workflow([hulls, plan]))  # which numbers the Fireworks
    while launch_rocket(launchpad, FWorker()):
        pass
    last = launchpad.get_fw_by_id(plan.fw_id)
    assert last.state == "COMPLETED"
    return Job.of(spec, last.spec["manifest"]["fingerprints"])


@pytest.fixture(scope="module", autouse=True)
def _coarse() -> Iterator[None]:
    """Few wave vectors: enough for EMT, and quick."""
    coarse = partial(PhononSettings, mesh_length=15.0, path_spacing=0.05)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amalgamics.workflows.studies.phonons.settings.PhononSettings", coarse)
        yield


@pytest.fixture
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time of the tests that look at words and numbers."""
    for name in ("phonon_png", "formation_free_energy_png"):
        monkeypatch.setattr(f"amalgamics.reports.phonons.section.{name}", lambda *_, **__: b"")


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("job")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return work(load_spec(write_job(folder)))


def changed(job: Job, section: str) -> WorkflowSpec:
    """The spec with another ``phonons`` section."""
    text = (job.spec.database_address.parent / "job.yaml").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("phonons:")]
    path = job.spec.database_address.parent / "changed.yaml"
    path.write_text(text.replace(line, section))
    return load_spec(path)


def test_the_stable_phases_have_phonons_in_the_database(job: Job) -> None:
    assert {(row.substrate, row.role) for row in stored(job)} == {
        (name, role) for name in ("Cu", "Au", "CuAu") for role in ("crystal", "phonons")
    }
    for row in job.database.select("role=phonons"):
        phonons = Phonons.from_dict(row.data["phonons"])
        assert phonons.dynamically_stable
        assert phonons.force_constants is not None
        assert row.energy_per_atom == pytest.approx(
            job.database.select(f"role=crystal,substrate={row.substrate}")[0].energy_per_atom
        )


def test_they_are_not_phases_of_the_hull(job: Job) -> None:
    from amalgamics.workflows.studies.hulls.analysis import rows_for_system

    assert {row.kind for row in rows_for_system(job.database, "Cu-Au")} == {"file"}


def test_planning_again_adds_nothing(job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    before = [(row.id, row.mtime) for row in stored(job)]
    manifest = {"fingerprints": job.fingerprints, "fresh_after": 0}
    action = PlanStudy(workflow=spec_document(job.spec), study="phonons").run_task({"manifest": manifest})
    assert not action.detours
    assert action.update_spec == {"manifest": manifest}
    assert [(row.id, row.mtime) for row in stored(job)] == before


def test_the_sections_come_from_the_database_alone(job: Job) -> None:
    first, second = sections(job)
    assert first.paragraphs[0] == "With emt, all 3 phases are dynamically stable: no mode is imaginary."
    assert [picture.file_name for picture in first.pictures] == [
        "phonons-au.png",
        "phonons-cuau.png",
        "phonons-cu.png",
    ]
    assert not first.warnings
    assert not second.warnings
    distances, vibrations = second.tables
    assert distances.columns == ("phase", "0 K", "300 K", "600 K")
    assert {row[0] for row in distances.rows} == {"Au", "Cu", "CuAu"}
    assert all(len(row) == len(vibrations.columns) for row in vibrations.rows)
    assert "Au, CuAu and Cu are on the Cu–Au hull" in second.paragraphs[0]


def test_the_table_agrees_with_the_phonons(job: Job) -> None:
    thermal = stored_thermal_system(job.database, "Cu-Au", [0, 300, 600])
    table = json.loads(json.dumps(thermal_table(thermal)))
    assert table["problem"] is None
    assert {phase["name"] for phase in table["phases"]} == {"Cu", "Au", "CuAu"}
    free = {row["name"]: row for row in table["vibrations"] if row["temperature_K"] == 300}
    (hull,) = [hull for hull in table["hulls"] if hull["temperature_K"] == 300]
    static = {phase["name"]: phase["energy_per_atom"] for phase in table["phases"]}
    for phase in hull["phases"]:
        vibrational = free[phase["name"]]["vibrational_free_energy"]
        assert phase["free_energy_per_atom"] == pytest.approx(static[phase["name"]] + vibrational)


@pytest.mark.usefixtures("_no_pictures")
def test_imaginary_modes_are_told_and_do_not_stop_the_report(job: Job, monkeypatch, tmp_path: Path) -> None:
    """bcc copper is unstable; asked for by name, it comes with the elements that its hull needs."""
    monkeypatch.chdir(tmp_path)
    spec = changed(job, EVERY + "min_length: 4.5}")
    assert set(PhononStudy(Job.of(spec)).phases) == {"CuAu", "Cu-bcc", "Cu", "Au"}
    unstable = work(spec)
    first, second = sections(unstable)
    assert "3 of 4 phases are dynamically stable" in first.paragraphs[0]
    (warning,) = first.warnings
    assert warning.startswith("Cu (Cu-bcc) is dynamically unstable")
    assert "i THz" in warning
    treated, numbers = second.warnings
    assert numbers.startswith("Cu (Cu-bcc): ")
    assert "the absolute value of their frequencies is taken" in treated
    captions = [table.caption for table in second.tables]
    assert any("treatment of imaginary modes" in caption for caption in captions)
    refused = sections(Job.of(changed(job, EVERY + "min_length: 4.5, imaginary: refuse}")))
    assert "There is no Cu–Au hull" in refused[1].warnings[0]
    assert refused[1].tables  # the vibrations of the others are still there


@pytest.mark.usefixtures("_no_pictures")
def test_a_failure_is_stored_reported_and_tried_again_when_asked(job: Job, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    def fail(*_: object) -> None:
        raise phonon_study.PhononError("the potential failed")

    spec = changed(job, "phonons: {min_length: 4.6}")
    assert PhononStudy(Job.of(spec)).key != PhononStudy(job).key
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phonon_study, "run_phonons", fail)
        failed = work(spec)
    first, second = sections(failed)
    assert first.paragraphs == ("No phase has phonons.",)
    assert "CuAu has no phonons and is not in the hulls at a temperature: the potential failed." in first.warnings
    assert "There is no Cu–Au hull" in second.warnings[0]
    assert len(PhononStudy(failed).failed()) == 3
    assert forget_failed(failed) == 3
    assert not sections(work(spec))[0].warnings


@pytest.mark.usefixtures("_no_pictures")
def test_thermal_expansion_where_it_is_asked_for(job: Job, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    fewer = partial(phonon_study.phonons_at_volumes, volume_ratios=(0.97, 1.0, 1.03, 1.06, 1.09))
    monkeypatch.setattr(phonon_study, "phonons_at_volumes", fewer)
    spec = changed(job, "phonons: {min_length: 4.5, temperatures_K: [0, 200, 300], quasi_harmonic: true}")
    before = {row.id for row in stored(job)}
    expanded = work(spec)
    added = [row for row in stored(expanded) if row.id not in before]
    assert {(row.substrate, row.role) for row in added} >= {(name, "quasi-harmonic") for name in ("Cu", "Au", "CuAu")}
    *_, section = sections(expanded)
    table = section.tables[-1]
    assert table.caption == "Thermal expansion"
    copper = next(row for row in table.rows if row[0] == "Cu")
    assert 20 < float(copper[3]) < 120  # 10^-6/K; measured 50
    assert copper[5] < 0.0  # more freedom, lower free energy


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("phonons: {phases: [CuAg]}", "no structure 'CuAg'. Did you mean CuAu"),
        ("phonons: {potential: emtt}", "emtt"),
        ("phonons: {temperatures_K: [-1]}", "temperatures_K"),
        ("phonons: {quasi_harmonic: true, temperatures_K: [300]}", "at least two temperatures_K"),
        ("phonons: {imaginary: ignore}", "imaginary"),
        ("phonons: {min_lenght: 9}", "Did you mean 'min_length'"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(job: Job, section: str, message: str) -> None:
    with pytest.raises(SpecError if "phases" not in section else InputError, match=message):
        changed(job, section)


def test_a_database_without_phonons_says_so(job: Job) -> None:
    with pytest.raises(InputError, match="no phonons of Li-Hg"):
        stored_thermal_system(job.database, "Li-Hg", [300])
    with pytest.raises(InputError, match="not computed with 'chgnet'; there are: emt"):
        stored_thermal_system(job.database, "Cu-Au", [300], potential="chgnet")
