"""Results: they agree with what they are made of, and each shows itself, is drawn, and goes into JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from hypothesis import given, settings
from hypothesis import strategies as st

import amalgamics as am
from amalgamics.calculators.phonons.finite_displacements import PhononSettings, run_phonons
from amalgamics.calculators.relaxation.relax import RelaxationSettings, relax
from amalgamics.calculators.relaxation.results import RelaxationError
from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull
from amalgamics.thermodynamics.wetting.contact_angle import Drop, SurfaceTension
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters
from amalgamics.workflows.database.fingerprint import potential_identity
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.studies.hulls.analysis import hull_of_rows, rows_for_system

J_PER_M2 = 16.02176634
"""1 eV/Å² in J/m²."""
ENERGIES = {"Li": -1.90, "LiHg": -1.54, "LiHg3": -0.94, "LiHg2": -1.10, "Hg": -0.30}


@pytest.fixture(scope="module")
def copper() -> Any:
    return am.relax("Cu_fcc", "emt", fmax=0.005)


@pytest.fixture(scope="module")
def results(copper: Any) -> dict[str, Any]:
    """One of each."""
    return {
        "relax": copper,
        "hull": am.hull("Li-Hg", ENERGIES),
        "surface": am.surface_energy(copper, (1, 1, 1), "emt"),
        "adhesion": am.work_of_adhesion(-100.0, -50.0, -151.0, area=49.0),
        "both limits": am.wetting_curve(0.35, [-1.3], [-1.4], area=59.0, work_of_adhesion_standard_error_J_m2=0.03),
        "fresh limit": am.wetting_curve(0.35, [-1.3], area=59.0, substrate="<b>LLTO</b>"),
        "phonons": am.phonons(copper, "emt", min_supercell_length=5.0),
    }


KINDS = ("relax", "hull", "surface", "adhesion", "both limits", "fresh limit", "phonons")


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_goes_into_json_with_its_provenance(results: dict[str, Any], kind: str) -> None:
    plain = results[kind].to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["amalgamics_version"] == am.__version__
    if kind in ("relax", "surface", "phonons"):
        assert plain["provenance"]["identity"] == am.potential("emt").identity
        assert plain["settings"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_is_drawn_in_colours_not_in_names_of_them(results: dict[str, Any], kind: str) -> None:
    figure = results[kind].plot()
    assert isinstance(figure, go.Figure)
    assert figure.data
    assert '"--' not in figure.to_json()


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_shows_a_table_with_every_text_escaped(results: dict[str, Any], kind: str) -> None:
    shown = results[kind]._repr_html_()
    assert "<table>" in shown
    assert "<b>LLTO" not in shown
    with pytest.raises(AttributeError):
        results[kind].name = "other"


def test_the_list_of_phases_shows_itself_too() -> None:
    found = am.phases("Li-Hg")
    assert "LiHg3" in found._repr_html_()
    assert len(found) == len(found.keys) == len(found.to_dict()["phases"])
    assert found[0] in found
    assert {phase.key for phase in am.phases("Li-Hg", buildable=False)} <= set(found.keys)


def test_a_relaxation_is_that_of_the_calculators(copper: Any) -> None:
    direct = relax(am.read_structure("Cu_fcc"), "emt", RelaxationSettings(fmax=0.005))
    assert copper.energy == pytest.approx(direct.energy, abs=1e-12)
    assert copper.energy_per_atom * 4 == pytest.approx(copper.energy)
    assert copper.result.n_force_calls == direct.n_force_calls
    assert am.relax(bulk("Cu", cubic=True), EMT(), fmax=0.005).energy == pytest.approx(direct.energy, abs=1e-3)


def test_every_way_to_give_a_structure_is_one(copper: Any, tmp_path: Path) -> None:
    atoms = am.read_structure("Cu_fcc")
    atoms.write(tmp_path / "mine.cif")
    phase = next(phase for phase in am.phases("Cu") if phase.key == "Cu_fcc")
    for source in (phase, phase.structure(), atoms, tmp_path / "mine.cif", str(tmp_path / "mine.cif")):
        found = am.relax(source, am.potential("emt"), fmax=0.005)  # type: ignore[arg-type]
        assert found.energy_per_atom == pytest.approx(copper.energy_per_atom, abs=1e-4)
    assert am.relax(tmp_path / "mine.cif", "emt").name == "mine"


def test_a_molecule_is_relaxed_without_a_cell() -> None:
    found = am.relax(Atoms("Cu2", [[0, 0, 0], [0, 0, 2.4]]), "emt", relax_cell=False)
    assert found.volume_per_atom is None
    assert found.space_group is None
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.plot().data


ELEMENTS_AND_LIHG = {"Li": -1.9, "Hg": -0.3, "Na": -1.3, "K": -1.0, "Cs": -0.8, "LiHg": -1.54}


@pytest.mark.parametrize(("elements", "kind"), [("Li-Hg-Na", "scatter"), ("Li-Hg-Na-K", "scatter3d")])
def test_hulls_of_three_and_four_elements_are_drawn(elements: str, kind: str) -> None:
    energies = {formula: ELEMENTS_AND_LIHG[formula] for formula in [*elements.split("-"), "LiHg"]}
    figure = am.hull(elements, energies).plot()
    assert kind in {trace.type for trace in figure.data}
    assert elements in figure.layout.title.text
    assert any("LiHg" in str(trace.name) + str(trace.text) + str(trace.hovertext) for trace in figure.data)


def test_a_hull_of_five_elements_says_what_there_is_instead() -> None:
    with pytest.raises(InputError, match=r"^hull of Li-Hg-Na-K-Cs: .* this one has 5; take phases or to_dict\(\)$"):
        am.hull("Li-Hg-Na-K-Cs", ELEMENTS_AND_LIHG).plot()


def test_a_hull_of_energies_is_that_of_the_thermodynamics() -> None:
    entries = [
        PhaseEntry("Li", "Li", {"Li": 1}, -1.9, 20.0),
        PhaseEntry("Hg", "Hg", {"Hg": 1}, -0.3, 24.0),
        PhaseEntry("X", "LiHg", {"Li": 1, "Hg": 1}, -1.5, 18.0),
    ]
    direct, found = build_hull("Li-Hg", entries), am.hull("Li-Hg", entries)
    assert found.hull == direct
    assert found.phase("LiHg").name == "X"
    assert found.plot_voltage().data
    assert {entry.name for entry in found.phase_diagram.stable_entries} == {"Li", "Hg", "X"}


def test_a_hull_of_energies_alone_knows_no_volume(results: dict[str, Any]) -> None:
    found = results["hull"]
    assert {phase["volume_per_atom"] for phase in found.to_dict()["phases"]} == {None}
    assert found.phase("LiHg2").e_above_hull == pytest.approx(0.04)
    for refused in (lambda: found.hull, found.plot_voltage, lambda: found.phase("LiHg4")):
        with pytest.raises(InputError):
            refused()


def test_a_hull_takes_what_is_relaxed_as_it_is_and_relaxes_the_rest(copper: Any) -> None:
    ordered = am.read_structure("Au_fcc")
    ordered.symbols[[0, 1]] = "Cu"
    found = am.hull("Cu-Au", [copper, "Au_fcc", ordered], potential="emt")
    assert found.phase("Cu").energy_per_atom == copper.energy_per_atom
    assert found.stable == ("Au_fcc", "AuCu", "Cu_fcc")
    assert found.provenance["identity"] == am.potential("emt").identity
    assert found.phase("AuCu").volume_per_atom == pytest.approx(14.0, abs=0.3)


def test_a_relaxation_with_another_potential_or_a_fixed_cell_is_refused() -> None:
    other = am.relax(bulk("Cu", cubic=True), EMT())
    fixed = am.relax("Cu_fcc", "emt", relax_cell=False)
    for wrong, said in ((other, "cannot be mixed"), (fixed, "relax_cell=True")):
        with pytest.raises(InputError, match=said):
            am.hull("Cu-Au", [wrong, "Au_fcc"], potential="emt")
        with pytest.raises(InputError, match=said):
            am.surface_energy(wrong, (1, 1, 1), "emt")


def test_a_comparison_holds_the_hull_of_each_potential() -> None:
    morse = {"calculator": "ase.calculators.morse:MorsePotential", "kwargs": {"r0": 2.9}, "name": "morse"}
    both = am.compare("Cu-Au", ["emt", morse], fmax=0.1, progress=False)
    assert both.potentials == ("emt", "morse")
    for name, potential in (("emt", "emt"), ("morse", am.potential(morse))):
        alone = am.hull("Cu-Au", potential=potential, fmax=0.1, progress=False)
        assert both.stable[name] == alone.stable
        for phase in alone.phases:
            one = both.phase(phase.name)
            numbers = [one.formation_energy_per_atom, one.e_above_hull, one.volume_per_atom]
            expected = [phase.formation_energy_per_atom, phase.e_above_hull, phase.volume_per_atom]
            assert [number[name] for number in numbers] == pytest.approx(expected)
    copper = both.phase("Cu")
    assert copper.name == "Cu_fcc"
    assert copper.volume_spread == pytest.approx(copper.volume_per_atom["morse"] - copper.volume_per_atom["emt"])
    (volumes,) = both.deviations
    measured = {name: both.phase(name).measured_volume_per_atom for name in ("Au_fcc", "Cu_fcc")}
    for name in both.potentials:
        errors = [100 * abs(both.phase(key).volume_per_atom[name] / value - 1) for key, value in measured.items()]
        assert volumes.mean_absolute[name] == pytest.approx(sum(errors) / 2)
    assert (volumes.count, volumes.ranking) == (2, ())  # too few to rank by
    content = json.loads(json.dumps(both.to_dict(), allow_nan=False))
    assert content["provenance"]["morse"]["identity"] == potential_identity(am.potential(morse))
    assert content["phases"][0]["computed"]["emt"]["volume_per_atom"] == both.phases[0].volume_per_atom["emt"]
    assert "Cu_fcc" in both._repr_html_()
    assert len(both.plot().data) == 4
    with pytest.raises(InputError, match=r"unknown phase of Cu-Au 'Cu_fc'\. Did you mean 'Cu_fcc'"):
        both.phase("Cu_fc")


@pytest.mark.usefixtures("user_folder")
def test_a_hull_of_a_database_is_that_of_the_workflows() -> None:
    database = StructureDatabase("results/structures.db")
    direct, _ = hull_of_rows("Cu-Au", rows_for_system(database, "Cu-Au"))
    found = am.hull("Cu-Au", database=database)
    assert found.hull == direct
    assert am.hull("Cu-Au", database=am.Database("results/structures.db"), potential="emt").stable == found.stable
    assert am.Database is StructureDatabase


def test_a_hull_of_a_database_holds_one_potential(
    made_up_study: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two potentials one must be named; of two sets of weights behind one name the newest counts."""
    study = made_up_study()
    study.add_crystals(potential="emt", compound=-0.4)
    study.add_crystals(potential="chgnet", compound=-0.9)
    with pytest.raises(InputError, match="chgnet, emt"):
        am.hull("Li-Hg", database=study.database)
    assert am.hull("Li-Hg", database=study.database, potential="emt").phase("LiHg").energy_per_atom == -0.4
    monkeypatch.setattr(
        "amalgamics.workflows.database.structure_database.potential_identity", lambda _: "potential-other"
    )
    monkeypatch.setattr("amalgamics.workflows.database.fingerprint.potential_identity", lambda _: "potential-other")
    study.add_crystals(potential="emt", compound=-0.5)
    found = am.hull("Li-Hg", database=study.database, potential="emt")
    assert found.phase("LiHg").energy_per_atom == -0.5
    assert found.provenance["identity"] == "potential-other"
    assert len(found.phases) == 3


def test_a_surface_energy_is_half_the_work_of_cutting(copper: Any) -> None:
    """Parting a crystal along a plane makes two surfaces, if nothing relaxes."""
    a = copper.atoms.cell[0, 0]
    twelve = fcc111("Cu", (1, 1, 12), a=a, vacuum=10.0, periodic=True)
    z = twelve.positions[:, 2]
    parted = am.work_of_adhesion(twelve[z < z.mean()], twelve[z > z.mean()], twelve, potential="emt", treatment="rigid")
    surface = am.surface_energy(copper, (1, 1, 1), "emt", fmax=0.5, n_sizes=2)
    assert parted.work_of_adhesion_J_m2 == pytest.approx(2 * surface.surface_energy_J_m2, rel=1e-3)
    assert surface.fitted_bulk_energy_per_atom == pytest.approx(copper.energy_per_atom, abs=1e-4)
    assert surface.standard_error_J_m2 is None


def test_a_slab_that_does_not_converge_is_named(copper: Any) -> None:
    with pytest.raises(RelaxationError, match=r"Cu_fcc, slab of \d layers: not converged after 1 steps"):
        am.surface_energy(copper, (1, 1, 1), "emt", fmax=1e-4, max_steps=1)


def separated(gap: float) -> tuple[Atoms, Atoms, Atoms]:
    """Two slabs of copper, the upper one lifted by ``gap`` Å, and each alone."""
    slab = fcc111("Cu", (1, 1, 6), a=3.61, vacuum=0.0, periodic=True)
    z = slab.positions[:, 2]
    slab.cell[2] = [0.0, 0.0, 60.0]
    slab.positions[z > z.mean(), 2] += gap
    slab.pbc = True
    return slab[z < z.mean()], slab[z > z.mean()], slab


def test_what_is_far_apart_does_not_adhere_and_what_touches_does() -> None:
    def work(gap: float) -> float:
        return am.work_of_adhesion(*separated(gap), potential="emt", treatment="rigid").work_of_adhesion_J_m2

    assert work(20.0) == pytest.approx(0.0, abs=1e-9)
    assert work(0.0) > work(1.0) > 0.5
    assert am.work_of_adhesion(*separated(20.0), potential="emt", fmax=0.1).work_of_adhesion_J_m2 == pytest.approx(
        0.0, abs=1e-6
    )


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(-3.0, 3.0), st.floats(10.0, 1e3))
def test_the_work_of_adhesion_is_what_binding_gains_per_area(
    solid: float, film: float, bound: float, area: float
) -> None:
    found = am.work_of_adhesion(solid, film, solid + film - bound, area=area)
    assert found.work_of_adhesion_J_m2 == pytest.approx(bound / area * J_PER_M2, abs=1e-9)
    assert bool(found.warnings) == (not -0.02 <= found.work_of_adhesion_J_m2 <= 3.02)


def test_dispersion_is_told_apart_from_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts add up; made up energies keep any model from being loaded."""
    energies = {3: -10.0, 6: -21.0}
    monkeypatch.setattr("amalgamics.api.energies.get_calculator", lambda *_, **__: EMT())
    monkeypatch.setattr(EMT, "get_potential_energy", lambda _, atoms, **__: energies[len(atoms)])
    monkeypatch.setattr(
        "amalgamics.calculators.potentials.dispersion.dispersion_energy", lambda atoms, *_: 0.1 * energies[len(atoms)]
    )
    found = am.work_of_adhesion(*separated(0.0), potential="chgnet+d3", treatment="rigid")
    assert found.dispersion_J_m2 == pytest.approx(0.1 * found.work_of_adhesion_J_m2)
    assert found.potential_J_m2 == pytest.approx(0.9 * found.work_of_adhesion_J_m2)


def test_a_wetting_curve_is_that_of_the_model() -> None:
    gases = [LatticeGas.from_series(59.0, series) for series in ([-1.3, -1.8], [-1.4, -1.9], [-0.04])]
    interface, dry_face, vapour = gases
    tension = SurfaceTension(0.48, source="given")
    model = WettingModel(
        LI_IN_HG,
        tension,
        (WettingParameters("made up", 0.35, interface, vapour, dry_face),),
        drop=Drop(0.5),
        roughness=1.1,
    )
    found = am.wetting_curve(
        0.35,
        [-1.3, -1.8],
        [-1.4, -1.9],
        [-0.04],
        area=59.0,
        surface_tension_J_m2=0.48,
        drop_radius_mm=0.5,
        roughness=1.1,
    )
    for x in (1e-6, 3e-5, 0.0133):
        point = model.curve([x]).at(x)
        assert point.equilibrated is not None
        assert found.contact_angle_deg(x) == {
            "fresh": pytest.approx(point.fresh.theta_deg),
            "equilibrated": pytest.approx(point.equilibrated.theta_deg),
        }
    same = am.wetting_curve(0.35, interface, dry_face, vapour, surface_tension_J_m2=0.48)
    assert same.limits == ("fresh", "equilibrated")


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.9), st.lists(st.floats(-2.0, 1.0), min_size=1, max_size=3), st.floats(1e-7, 0.0133))
def test_the_same_energies_on_both_faces_leave_the_angle_as_it_is(work: float, series: list[float], x: float) -> None:
    found = am.wetting_curve(work, series, series, area=59.0)
    angles, pure = found.contact_angle_deg(x), found.contact_angle_deg(0.0)
    assert pure["fresh"] == pure["equilibrated"]
    assert angles["equilibrated"] == pytest.approx(pure["fresh"], abs=1e-6)
    assert angles["fresh"] is not None
    assert angles["equilibrated"] is not None
    assert angles["fresh"] <= angles["equilibrated"] + 1e-9


def test_without_the_dry_face_the_result_says_that_it_is_a_bound(results: dict[str, Any]) -> None:
    found = results["fresh limit"]
    assert found.limits == ("fresh",)
    assert found.contact_angle_deg(1e-4)["equilibrated"] is None
    assert any("dry face were not given" in text for text in found.warnings)
    assert "not computed" in found._repr_html_()
    assert "lower bound" in found._repr_html_()
    assert "not computed" in found.plot().layout.title.text
    both = results["both limits"]
    assert not both.warnings
    assert "not computed" not in both._repr_html_() + both.plot().layout.title.text
    for text in ("fresh", "equilibrated"):
        assert text in both._repr_html_()
        assert any(text in (trace.name or "") for trace in both.plot().data)


def test_a_work_of_adhesion_goes_into_the_wetting_curve(results: dict[str, Any]) -> None:
    adhesion = results["adhesion"]
    found = am.wetting_curve(adhesion, [-1.3])
    plain = am.wetting_curve(adhesion.work_of_adhesion_J_m2, [-1.3], area=49.0)
    assert found.contact_angle_deg(1e-3) == plain.contact_angle_deg(1e-3)
    assert found.to_dict()["provenance"]["work_of_adhesion"]["area"] == 49.0


def test_a_solution_that_was_not_measured_takes_a_given_energy() -> None:
    found = am.wetting_curve(0.3, [-1.0], area=59.0, solute="K", mu_infinity=-1.0)
    assert found.key_compositions[-1] == pytest.approx(
        am.wetting_curve(
            0.3, [-1.0], area=59.0, solute="K", mu_infinity=-1.0, x_saturation=found.key_compositions[-1]
        ).key_compositions[-1]
    )
    assert any("given one" in text for text in found.warnings)


def test_phonons_are_those_of_the_calculators(results: dict[str, Any]) -> None:
    found = results["phonons"]
    direct = run_phonons(found.crystal.atoms, "emt", PhononSettings(min_supercell_length=5.0))
    assert np.allclose(found.phonons.frequencies_THz, direct.frequencies_THz, atol=1e-6)
    assert found.free_energy_per_atom(0.0) == pytest.approx(found.zero_point_energy_per_atom)
    assert found.free_energy_per_atom(600.0) < found.free_energy_per_atom(300.0)


def test_an_unstable_crystal_has_phonons_and_no_zero_point_energy() -> None:
    found = am.phonons(bulk("Al", "sc", a=2.6), "emt", min_supercell_length=5.0)
    assert not found.dynamically_stable
    assert found.zero_point_energy_per_atom is None
    with pytest.raises(InputError):
        found.free_energy_per_atom(300.0)
    assert len(found.plot().data) == len(am.phonons("Al_fcc", "emt", min_supercell_length=5.0).plot().data) + 1


def test_a_potential_tells_its_identity() -> None:
    found = am.potential("chgnet+d3")
    assert found.to_dict()["identity"] == potential_identity(found)
    assert found.to_dict()["weights"]["sha256"]
    assert "chgnet+d3" in found._repr_html_()
    assert found != am.potential("chgnet")


def test_an_import_tells_what_was_taken_and_why_the_rest_was_not(tmp_path):
    copper = bulk("Cu")
    copper.calc = EMT()
    copper.get_potential_energy()
    copper.write(tmp_path / "Cu.extxyz")
    (tmp_path / "broken.extxyz").write_text("nothing\n", encoding="utf-8")
    store = am.Database(tmp_path / "structures.db")
    dry = am.import_calculations(tmp_path, "mine", database=store, dry_run=True)
    assert (len(dry.rows), store.backend.exists()) == (1, False)
    told = {"functional": "EMT", "code": "ase"}
    found = am.import_calculations(tmp_path, "mine", database=store, settings=told)
    (row,) = found.rows
    assert (row.name, row.is_new, row.calculation["functional"], row.calculation["converged"]) == (
        "Cu_fcc",
        True,
        "EMT",
        None,
    )
    assert row.energy_per_atom == pytest.approx(copper.get_potential_energy())
    assert [Path(file).name for file in found.refused] == ["broken.extxyz"]
    assert json.loads(json.dumps(found.to_dict()))["rows"][0]["formula"] == "Cu"
    assert "broken.extxyz" in found._repr_html_()
    (again,) = am.import_calculations(tmp_path, "mine", database=str(store.path), settings=told).rows
    assert not again.is_new
    with pytest.raises(InputError, match=r"none of 2 calculations was taken: .*; .*broken"):
        am.import_calculations(tmp_path, "other", database=store, system="Li-Hg")
