"""What makes a study this study, and how its structures are named and held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc100
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.reports.sections import ReportSection
from amalgamics.structures.tags import ADLAYER, LIQUID, SOLID
from amalgamics.workflows import report
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec, load_spec
from amalgamics.workflows.studies.films.cells import Role, hold_bottom, hold_solid
from amalgamics.workflows.studies.wetting.settings import WettingSettings
from amalgamics.workflows.studies.wetting.study import WettingStudy

LLTO = {"substrate": {"name": "LLTO"}}


def key(potential="chgnet+d3", **changes) -> str:
    return study_of(WettingSettings.model_validate(LLTO | changes), potential).key


def study_of(section: WettingSettings, potential: str, path: str | Path = "none.db") -> WettingStudy:
    """The study of a job with this section."""
    spec = WorkflowSpec(name="job", systems=["Li-Hg"], potential=potential, database=path, wetting=section)
    return WettingStudy(Job.of(spec, {}))


@given(
    seeds=st.integers(1, 9),
    frames=st.integers(1, 9),
    max_solute=st.integers(1, 9),
    surfaces=st.integers(0, 9),
    relaxed_occupations=st.integers(1, 9),
    all_terminations=st.booleans(),
    temperature_K=st.floats(240, 330),
    more_potentials=st.lists(st.sampled_from(["7net-0+d3", "chgnet+d4"]), unique=True).map(tuple),
)
def test_what_only_adds_leaves_the_study_the_same(**changes):
    assert key(**changes) == key()


def test_terminations_add_to_a_study():
    assert key(substrate={"name": "LLTO", "termination": "TiO2"}) == key()


@pytest.mark.parametrize(
    "changes",
    [
        {"substrate": {"name": "Li3PS4-gamma"}},
        {"substrate": {"name": "LLTO", "miller_index": (1, 1, 0)}},
        {"solvent": "Ga"},
        {"solute": "Na"},
        {"min_slab_size": 13.0},
        {"min_film_size": 13.0},
        {"min_width": 8.0},
        {"fmax": 0.04},
        {"sampling": {"melt_steps": 201}},
        {"sampling": {"sampling_temperature_K": 400}},
        {"sampling": {"timestep_fs": 4}},
        {"preset": "standard"},
        {"potential": "chgnet"},
        # so hot that the film is sampled at another temperature
        {"temperature_K": 500},
    ],
    ids=str,
)
def test_other_cells_are_another_study(changes):
    assert key(**changes) != key()


def test_the_temperature_of_the_drop_counts_where_its_film_is_sampled_at_it():
    """Mercury melts at 234 K; frames are taken 100 K above, or at the temperature of a hotter drop."""

    def sampled_at(**changes):
        study = study_of(WettingSettings.model_validate(LLTO | changes), "chgnet+d3")
        return study.sampling_temperature_K, study.key

    assert sampled_at()[0] == sampled_at(temperature_K=330)[0] == pytest.approx(334.32)
    assert sampled_at(temperature_K=500)[0] == 500
    assert sampled_at(temperature_K=500)[1] != sampled_at(temperature_K=600)[1]
    given = {"sampling": {"sampling_temperature_K": 400}}
    assert sampled_at(temperature_K=500, **given) == sampled_at(**given) == (400, key(**given))


def test_a_crystal_in_a_file_counts_by_its_content(tmp_path):
    def of(name, atoms):
        atoms.write(tmp_path / name)
        return key(substrate={"file": str(tmp_path / name)})

    first = of("solid.cif", bulk("Ni", a=3.52))
    assert of("solid.cif", bulk("Ni", a=3.52)) == first
    (tmp_path / "deep").mkdir()
    assert of("deep/solid.cif", bulk("Ni", a=3.52)) == first
    # one atom at the origin: only the cell tells them apart
    assert of("solid.cif", bulk("Ni", a=3.53)) != first
    assert of("solid.cif", bulk("Cu", a=3.52)) != first


@pytest.mark.parametrize("miller", [(0, 0, 1), (1, -1, 0), (10, 0, 1)])
@pytest.mark.parametrize("name", ["solid.cif", "1000.cif", "my, a=b (2).cif"])
def test_rows_are_found_by_study_role_and_labels(tmp_path, miller, name):
    """Whatever the file and the plane are called."""
    bulk("Ni", cubic=True).write(tmp_path / name, format="cif")
    section = WettingSettings.model_validate(
        {"substrate": {"file": str(tmp_path / name), "miller_index": miller}, "seeds": 2, "frames": 4}
    )
    study = study_of(section, "emt", tmp_path / "structures.db")
    candidate = study.candidate("frame", Role.FRAME, bulk("Au"), "frame 3", seed=1, frame=3, termination="Ni")
    row = study.calculations("emt").single_point(candidate)
    (found,) = study.rows(Role.FRAME, seed=1, termination="Ni")
    assert found.id == row.id
    assert found.substrate == section.substrate.label
    assert study.rows(Role.FRAME, seed=2) == []
    assert study.rows(Role.FILM) == []
    assert study.database.select(f"substrate={section.substrate.label},miller={found.miller}")[0].id == row.id


@pytest.fixture
def interface() -> Atoms:
    """Five layers of nickel below one of gold."""
    solid = fcc100("Ni", (2, 2, 5), vacuum=8.0, periodic=True)
    solid.set_tags(SOLID)
    film = fcc100("Au", (2, 2, 1), a=3.52, vacuum=8.0)
    film.positions[:, 2] = solid.positions[:, 2].max() + 2.2
    film.set_tags(LIQUID)
    return solid + film


def fixed(atoms: Atoms) -> set[int]:
    return {int(index) for item in atoms.constraints for index in item.get_indices()}


def test_the_lower_half_of_the_solid_is_held(interface):
    held = hold_bottom(interface)
    heights = interface.positions[:, 2]
    layers = sorted(set(np.round(heights[interface.get_tags() == SOLID], 3)))
    assert {round(heights[index], 3) for index in fixed(held)} == set(layers[:2])
    assert not interface.constraints


def test_the_whole_solid_is_held_while_the_film_melts(interface):
    held = hold_solid(interface)
    assert fixed(held) == set(np.flatnonzero(interface.get_tags() == SOLID))
    # holding less afterwards replaces what was held
    assert fixed(hold_bottom(held)) == fixed(hold_bottom(interface))


def test_what_the_face_carries_is_solid_while_the_film_melts_and_free_afterwards(interface):
    carrying = interface.copy()
    top = carrying.positions[carrying.get_tags() == SOLID, 2].max()
    carried = np.flatnonzero((carrying.get_tags() == SOLID) & (carrying.positions[:, 2] > top - 0.1))
    # A thick layer must not make more of the solid count as its lower half.
    carrying.positions[carrying.positions[:, 2] > top - 0.1, 2] += 6.0
    tags = carrying.get_tags()
    tags[carried] = ADLAYER
    carrying.set_tags(tags)
    assert fixed(hold_solid(carrying)) == set(np.flatnonzero(tags != LIQUID))
    below = carrying[tags == SOLID]
    assert len(fixed(hold_bottom(carrying))) == len(fixed(hold_bottom(below)))


def test_a_spec_without_wetting_has_no_study(wetting_job):
    job = Job.of(load_spec(wetting_job))
    assert WettingStudy(job).surface_name == "Ni(001)"
    with pytest.raises(ValueError, match="no wetting section"):
        WettingStudy(replace(job, spec=job.spec.model_copy(update={"wetting": None})))


def test_a_contact_angle_that_failed_is_told_and_the_other_sections_stay(tmp_path, monkeypatch):
    shapes = ReportSection("shapes", "Shapes")
    monkeypatch.setattr(report, "studies_of", lambda _: [WettingStudy])
    monkeypatch.setattr(WettingStudy, "_equilibrium_shapes", lambda _: [shapes])
    study = study_of(WettingSettings.model_validate(LLTO), "chgnet+d3", tmp_path / "empty.db")
    sections, (warning,) = report.report_sections(study.job)
    assert sections == [shapes]
    assert warning.startswith("no contact angle: ")
