"""The panel with EMT: liquid gold on nickel and palladium, in one process, from a real database."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.dynamics.detachment import Detachment, Window
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.errors import InputError
from amalgamics.reports.panel.model import PanelReport
from amalgamics.structures.tags import ADLAYER
from amalgamics.thermodynamics.units import EV_PER_A2
from amalgamics.thermodynamics.wetting.cleaning import REACTIONS
from amalgamics.workflows.database import calculations
from amalgamics.workflows.database.rows import area_of
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import SpecError, WorkflowSpec, load_spec
from amalgamics.workflows.studies.films import free_energy
from amalgamics.workflows.studies.films.cells import Role
from amalgamics.workflows.studies.films.surface_states import Carried, bulk_of
from amalgamics.workflows.studies.panel.results import carried_layer
from amalgamics.workflows.studies.panel.study import PanelStudy, SolidOnPanel

OTHER = "ase.calculators.emt:EMT"
"""The same energies as ``emt`` under another name."""

FILMS = {
    "solvent": "Au",
    "temperature_K": 1400,
    "frames": 2,
    "min_slab_size": 8,
    "allow_thin_slab": True,
    "min_film_size": 5,
    "min_width": 4.9,
    "fmax": 0.2,
    "sampling": {"melt_steps": 20, "equilibration_steps": 5, "steps_between_frames": 5, "timestep_fs": 2},
    "single_points": [OTHER],
}


def panel_of(folder: Path, solids: list[Any], **changes: Any) -> PanelStudy:
    database = StructureDatabase(folder / "structures.db")
    section = {**FILMS, "solids": solids, **changes}
    spec = WorkflowSpec(name="panel", potential="emt", database=database.path, panel=section)
    spec.check()
    return PanelStudy(Job(spec, database, {}))


def run(study: PanelStudy) -> None:
    """Run all steps in the order of the plan."""
    for step in study.plan():
        study.run(step.method, step.arguments)


@pytest.fixture(scope="session")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what two solids gave; read only."""
    folder = tmp_path_factory.mktemp("panel")
    for symbol in ("Ni", "Pd"):
        bulk(symbol, cubic=True).write(folder / f"{symbol}.cif")
    run(panel_of(folder, solids_in(folder)))
    return folder


def solids_in(folder: Path) -> list[Any]:
    return [{"file": str(folder / "Ni.cif"), "measured_angle_deg": 20}, {"file": str(folder / "Pd.cif")}]


@pytest.fixture
def panel(computed: Path, tmp_path: Path) -> PanelStudy:
    shutil.copy(computed / "structures.db", tmp_path / "structures.db")
    return panel_of(tmp_path, solids_in(computed))


def test_works_of_adhesion_follow_from_the_stored_energies(panel: PanelStudy) -> None:
    report = panel.results()
    assert [one.solid for one in report.solids] == ["Ni", "Pd"]
    for one, member in zip(report.solids, panel.members, strict=True):
        solid = min(float(row.energy) for row in member.rows(Role.SOLID, potential="emt"))
        films = {row.frame: float(row.energy) for row in member.rows(Role.DETACHED_FILM, potential="emt")}
        rows = member.rows(Role.INTERFACE, potential="emt")
        works = [(solid + films[row.frame] - row.energy) / area_of(row) * EV_PER_A2 for row in rows]
        assert len(works) == 2
        assert one.work_of_adhesion_J_m2["emt"].mean == pytest.approx(sum(works) / 2)


def test_single_points_with_the_same_energies_change_nothing(panel: PanelStudy) -> None:
    report = panel.results()
    assert report.structures_from == {OTHER: "emt"}
    for one in report.solids:
        assert one.work_of_adhesion_J_m2[OTHER].mean == pytest.approx(one.work_of_adhesion_J_m2["emt"].mean)
    assert report.surface_energies_J_m2[OTHER] == pytest.approx(report.surface_energies_J_m2["emt"])


def test_the_surface_energy_of_the_liquid_is_that_of_a_metal(panel: PanelStudy) -> None:
    assert 0.3 < panel.results().surface_energies_J_m2["emt"] < 2.0  # gold with EMT, some 0.9 J/m²


def test_only_the_solid_with_a_measured_angle_is_scored(panel: PanelStudy) -> None:
    report = panel.results()
    errors = report.errors("emt")
    assert errors is not None
    assert errors.n_solids == 1
    nickel = report.solids[0]
    assert errors.mean_deg == pytest.approx(report.angle_deg(nickel, "emt") - 20.0)


def test_nothing_is_computed_twice(panel: PanelStudy, no_compute: Callable[[], None]) -> None:
    before = panel.database.last_id()
    no_compute()
    run(panel)
    assert panel.database.last_id() == before


def test_another_solid_leaves_the_others_as_they_are(panel: PanelStudy, computed: Path) -> None:
    before: PanelReport = panel.results()
    more = panel_of(panel.database.path.parent, solids_in(computed)[:1])
    assert more.results().solids[0] == before.solids[0]


def test_a_solid_that_fails_is_named_and_takes_no_other_with_it(computed: Path, tmp_path: Path) -> None:
    shutil.copy(computed / "structures.db", tmp_path / "structures.db")
    # One step is not enough for any relaxation of copper, while those of nickel are there.
    solids = [*solids_in(computed)[:1], "Cu_fcc"]
    study = panel_of(tmp_path, solids)
    report = study.results()
    assert [one.solid for one in report.solids] == ["Ni"]
    assert any(text.startswith("Cu_fcc(001)") for text in report.problems)


def test_without_any_film_there_is_an_error_and_no_page(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no solid has a quenched film"):
        panel_of(tmp_path, ["Cu_fcc"]).results()


def test_every_title_is_used_once_and_every_step_waits_for_steps_before_it(panel: PanelStudy) -> None:
    titles: list[str] = []
    for step in panel.plan():
        assert set(step.after) <= set(titles)
        titles.append(step.title)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("solids", "said"),
    [
        (["Cu_fcc", "Cu_fcc"], "named twice"),
        (["Cu_fc"], "Did you mean"),
        ([{"name": "Cu_fcc", "termination": "O"}], "does not exist"),
        ([{"name": "Cu_fcc", "measured_angle_deg": 190}], "180"),
        ([{"name": "Cu_fcc", "measured_angle_deg": [150, 140]}], "smaller angle first"),
        (["MgO"], "Mg"),
        ([], "at least 1"),
    ],
)
def test_a_bad_solid_is_refused_before_anything_is_computed(tmp_path: Path, solids: list[Any], said: str) -> None:
    with pytest.raises((InputError, ValueError), match=said):
        panel_of(tmp_path, solids)


def test_a_job_with_neither_systems_nor_a_panel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("name: nothing\npotential: emt\n")
    with pytest.raises(SpecError, match="systems"):
        load_spec(path)


def test_a_solid_by_name_is_its_usual_face_unless_told() -> None:
    section = {"solids": ["CaCO3_calcite", {"name": "CaCO3_calcite", "miller_index": [0, 0, 1], "termination": "CO3"}]}
    usual, other = WorkflowSpec(name="faces", panel=section).panel.solids
    assert (usual.miller_index, usual.terminations) == ((1, 0, 4), ("CaCO3",))
    assert (other.miller_index, other.terminations) == ((0, 0, 1), ("CO3",))


def made_up_detachment(start: Atoms) -> Detachment:
    """Windows of which the works are known: U_x = -3 eV at every λ, nothing is left at λ = 0, and 4 eV apart in all."""
    rng = np.random.default_rng(1)

    def window(scale: float, rise: float, energy: float) -> Window:
        noise = 1e-3 * rng.normal(size=64)
        cross = -3.0 + noise if rise == 0.0 else None
        return Window(scale, rise, cross, np.zeros(64), energy + noise, 5.0, 300.0, 0.0, start)

    couplings = tuple(window(scale, 0.0, -10.0) for scale in (1.0, 0.5, 0.0))
    lifts = tuple(window(0.0, rise, -6.0) for rise in (1.0, 2.0))
    return Detachment(20.0, 300.0, 10.0, [start], 0.1, couplings, lifts)


def test_a_film_is_taken_off_once_and_shown_beside_the_quenched_one(
    panel: PanelStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def detach(start: Atoms, *_arguments: Any, **_options: Any) -> Detachment:
        calls.append(start)
        Path(_arguments[1]).mkdir(parents=True, exist_ok=True)
        return made_up_detachment(start)

    monkeypatch.setattr(free_energy, "detach_film", detach)
    for _ in range(2):
        row = free_energy.take_off(panel.members[0], "Ni", seed=0)
    assert len(calls) == 1
    assert row is not None
    assert row.reversible_work_J_m2 == pytest.approx(3.0 / 20.0 * EV_PER_A2, rel=1e-3)
    assert row.nvt_work_J_m2 == pytest.approx(4.0 / 20.0 * EV_PER_A2, rel=1e-3)
    nickel, palladium = panel.results().solids
    assert nickel.treatments_J_m2["free-energy"].total_J_m2.mean == pytest.approx(row.reversible_work_J_m2)
    assert nickel.treatments_J_m2["nvt"].treatment == "nvt"
    assert palladium.treatments_J_m2 == {}
    assert any("finite temperature" in table.caption for table in panel.sections(panel.results())[0].tables)


def test_a_film_bound_without_dispersion_cannot_be_taken_off(computed: Path) -> None:
    with pytest.raises(InputError, match="turns down the dispersion"):
        panel_of(computed, solids_in(computed), treatment="free-energy")


def test_what_a_face_carries_makes_another_study_and_clean_is_the_old_one() -> None:
    solids = ["LLTO", {"name": "LLTO", "surface": "clean"}, {"name": "LLTO", "surface": "water"}]
    spec = WorkflowSpec(name="faces", panel={"solids": solids})
    job = Job(spec, None, {})  # type: ignore[arg-type]
    plain, clean, wet = (SolidOnPanel(job, spec.panel, solid) for solid in spec.panel.solids)
    assert plain.key == clean.key != wet.key
    assert wet.surface_name == "LLTO(001)-water"
    assert "surface" not in clean.labels()
    assert wet.labels()["surface"] == "water"
    with pytest.raises(InputError, match="named twice"):
        spec.panel.check(spec)


ATOM_EV = {"Mg": -3.0, "O": -5.0, "H": -2.0}
BOUND_EV = -0.4
"""Of a molecule on the face, in :func:`made_up_relax`."""


def made_up_relax(atoms: Atoms, *_arguments: Any, **_settings: Any) -> RelaxationResult:
    """Every structure is at rest: energies of atoms, and of the binding to a face."""
    molecules = (atoms.get_tags() == ADLAYER).sum() / 3
    energy = sum(ATOM_EV[symbol] for symbol in atoms.get_chemical_symbols()) + BOUND_EV * molecules
    relaxed = atoms.copy()
    relaxed.calc = SinglePointCalculator(relaxed, energy=energy)
    return RelaxationResult(relaxed, energy, 0.0, 0, 1, 0.0)


def test_what_a_face_carries_is_compared_with_its_own_crystal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_compute: Callable[[], None]
) -> None:
    monkeypatch.setattr(calculations, "relax", made_up_relax)
    database = StructureDatabase(tmp_path / "structures.db")
    section = {**FILMS, "solids": ["MgO", {"name": "MgO", "surface": "water"}], "solvent": "Hg", "temperature_K": 300}
    spec = WorkflowSpec(name="panel", potential=OTHER, database=database.path, panel=section)
    study = PanelStudy(Job(spec, database, {}))
    wet = study.members[1]
    problems: list[str] = []
    study.slab(solid=1, termination="MgO")
    assert carried_layer(wet, wet.results(), "MgO", problems) is None
    assert problems == ["MgO(001)-water MgO: what it carries was not compared with its crystal; run the job again"]

    steps = [step for step in study.plan() if step.method == "carried_bulk"]
    assert [step.arguments for step in steps] == [{"solid": 1}]
    study.run(steps[0].method, steps[0].arguments)
    found = carried_layer(wet, wet.results(), "MgO", problems)
    assert found is not None
    assert (found.formula, found.binding) == ("H2O", pytest.approx(BOUND_EV))
    assert found.per_nm2 == pytest.approx(10.5, abs=1.0)
    assert carried_layer(study.members[0], wet.results(), "MgO", problems) is None
    assert len(problems) == 1

    no_compute()
    study.run(steps[0].method, steps[0].arguments)


def test_ice_is_what_water_is_compared_with_whole_or_dissociated() -> None:
    assert {bulk_of(state).key for state in (Carried.WATER, Carried.HYDROXYLATED)} == {"ice_XI"}
    for state in Carried:
        if state is not Carried.CLEAN:
            assert bulk_of(state).formula in REACTIONS
