"""From stored energies to the angle: results known beforehand, and what is said when something is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from amalgamics.errors import InputError
from amalgamics.reports.wetting.export import wetting_json
from amalgamics.structures.library.liquids import get_liquid
from amalgamics.thermodynamics.wetting.contact_angle import Drop
from amalgamics.thermodynamics.wetting.curve import Limit
from amalgamics.workflows.studies.wetting.analysis import observations, wetting_report
from amalgamics.workflows.studies.wetting.members import (
    ASSUMED_ERROR_J_M2,
    ASSUMED_ERROR_PER_SOLUTE,
    member_parameters,
    seed_parameters,
    study_members,
)
from amalgamics.workflows.studies.wetting.options import WettingOptions
from amalgamics.workflows.studies.wetting.records import dilute_records
from amalgamics.workflows.studies.wetting.single_point_corrections import correction_per_state
from amalgamics.workflows.studies.wetting.stored import get_study

GAMMA = get_liquid("Hg").surface_tension_J_m2


@pytest.fixture
def study(made_up_study):
    """A study with W_ad = 0.3 J/m² and lithium that likes the interface."""
    return get_study(made_up_study(filled=True).database)


def report(study, **options):
    return wetting_report("made up", study, WettingOptions(**options))


def test_parameters_are_those_the_rows_were_made_with(study):
    parameters = member_parameters(study, "TiO2", "emt", study.dry_face("TiO2", "emt"))
    assert parameters.work_of_adhesion_J_m2 == pytest.approx(0.3, abs=1e-9)
    assert parameters.interface.counts == (0, 1, 2)
    assert parameters.interface.delta_energies == pytest.approx((0.0, -0.2, -0.3), abs=1e-9)
    assert parameters.interface.degeneracies == (1.0, 4.0, 2.0)
    assert parameters.interface.area == pytest.approx(49.0)
    assert parameters.vapour.delta_energies == pytest.approx((0.0, 0.3), abs=1e-9)


@pytest.mark.parametrize("adhesion", [0.1, 0.3, 0.6])
def test_the_pure_liquid_obeys_young_and_dupre(made_up_study, adhesion):
    made_up = made_up_study()
    made_up.fill(adhesion=adhesion)
    pure = report(get_study(made_up.database)).curve.points[0]
    assert pure.x == 0.0
    assert np.cos(np.radians(pure.fresh.theta_deg)) == pytest.approx(adhesion / GAMMA - 1, abs=1e-6)


@pytest.mark.parametrize(
    ("substrate", "formula", "known"),
    [
        ("my_glass", "Li3PS4", True),
        ("my_cell", "LiLaTi2O6", True),
        ("LLTO-test", "Ni", False),
        ("glass", "SiO2", False),
        ("Au2O3", "Au2O3", False),
    ],
)
def test_observations_belong_to_the_solids_of_the_paper_only(study, substrate, formula, known):
    made_of = replace(study, substrate=substrate, substrate_formula=formula)
    assert bool(observations(made_of)) == known
    assert not observations(replace(made_of, solvent="Ga"))


def test_a_surface_that_is_not_wetted_is_told_so(made_up_study):
    made_up = made_up_study()
    made_up.fill(adhesion=0.05, deltas=(0.4, 0.9))
    found = wetting_json(report(get_study(made_up.database)))
    assert all(point["theta_fresh_deg"] > 120 for point in found["curve"])
    assert "°" in found["headline"]
    assert "wets" not in found["headline"]
    assert "fresh" in found["headline"]


def test_solute_that_likes_the_interface_lowers_the_angle_and_one_that_does_not_leaves_it(made_up_study):
    falls = {}
    for name, deltas in (("likes", (-0.3, -0.5)), ("dislikes", (0.6, 1.2))):
        made_up = made_up_study()
        made_up.key = f"LLTO(001)-Li-Hg-{name}"
        made_up.fill(deltas=deltas)
        points = report(get_study(made_up.database, study=made_up.key)).curve.points
        falls[name] = points[0].fresh.theta_deg - points[-1].fresh.theta_deg
    assert falls["likes"] > 5
    assert falls["dislikes"] == pytest.approx(0, abs=1.5)


def test_each_seed_alone_is_shown_and_one_seed_is_not_a_scatter(made_up_study):
    made_up = made_up_study()
    made_up.fill(seeds=3)
    study = get_study(made_up.database)
    assert len(seed_parameters(study, study_members(study)[0][0])) == 3
    single = made_up_study()
    single.key = "LLTO(001)-Li-Hg-single"
    single.fill(seeds=1)
    alone = get_study(single.database, study=single.key)
    assert seed_parameters(alone, study_members(alone)[0][0]) == []
    (member,) = report(alone).members
    assert member.parameters.work_of_adhesion_standard_error_J_m2 >= ASSUMED_ERROR_J_M2
    assert member.parameters.interface.standard_errors[1] >= ASSUMED_ERROR_PER_SOLUTE * (1 - 1e-9)
    for said in ("one seed", "at least 0.02 J/m2"):
        assert any(said in warning for warning in report(alone).warnings)


def add_single_points(made_up, study, potential, change):
    """Single points on the made-up structures; ``change`` gives what is added by role and number of solute atoms."""
    states = study.interface_energies("TiO2", "emt")[0, 0]
    rows = [("interface", n, row.energy) for n, row in states.items()]
    rows += [("film", 0, -40.0), ("solute-in-film", 1, -41.0)]
    for role, n_solute, energy in rows:
        where = {"seed": 0, "frame": 0, "geometry": "emt", "n_solute": n_solute, "termination": "TiO2"}
        shifted = energy + change(role, n_solute)
        made_up.add(role, shifted, potential=potential, measured={"geometry_energy": energy}, **where)


def test_equal_energies_need_no_correction(made_up_study, study):
    """Single points with the potential that made the structures add nothing to any state."""
    add_single_points(made_up_study(), study, "chgnet", lambda _role, _n: 0.0)
    plain, corrected = report(study).members
    assert (corrected.potential, corrected.structures_from) == ("chgnet", "emt")
    assert corrected.parameters.interface.delta_energies == plain.parameters.interface.delta_energies
    assert "single points with chgnet" in " ".join(corrected.parameters.corrections)


def test_a_correction_is_the_difference_of_both_potentials(made_up_study, study):
    """A shift of the zero and of the solute's reference cancels; what is left counts once for each state."""
    zero, solute, gain = 7.0, -3.0, 0.05

    def change(role, n_solute):
        return zero + n_solute * (solute + gain) if role == "interface" else -2.0 + n_solute * solute

    add_single_points(made_up_study(), study, "chgnet", change)
    plain, corrected = report(study).members
    shifts = np.subtract(corrected.parameters.interface.delta_energies, plain.parameters.interface.delta_energies)
    assert shifts == pytest.approx([n * gain for n in plain.parameters.interface.counts])


def test_states_that_were_not_repeated_take_their_part_of_the_last():
    states = {0: (0.0, 1.0), 1: (-1.0, -0.2), 2: (-2.0, -1.5)}
    shifts, stretched = correction_per_state(states, (0.0, 0.0), (0, 1, 2, 4))
    assert shifts == pytest.approx([0.0, -0.2, -0.5, -1.0])
    assert stretched == [4]


def test_single_points_that_are_not_complete_are_left_out(made_up_study, study):
    where = {"seed": 0, "frame": 0, "geometry": "emt", "n_solute": 0, "termination": "TiO2"}
    made_up_study().add("interface", -1.0, potential="chgnet", measured={"geometry_energy": -1.0}, **where)
    assert [one.potential for one in report(study).members] == ["emt"]


def add_dry_face(made_up, deltas):
    """Store the dry face with what n lithium atoms gain there, eV, by n."""
    for n, delta in deltas.items():
        made_up.add(
            "dry-face", -100.0 - n + delta, kind="solid", termination="TiO2", n_solute=n,
            site=f"sites-{n}", measured={"degeneracy": {1: 4.0, 2: 2.0}[n]},
        )  # fmt: skip


def test_a_gap_on_the_dry_face_leaves_it_out_and_says_so(made_up_study, study):
    """With one of the states missing the others would look better than they are."""
    add_dry_face(made_up_study(), {2: -0.3})
    found = report(study)
    assert found.curve.limits == (Limit.FRESH,)
    assert any("lacks n = 1" in warning for warning in found.warnings)


def test_a_dry_face_filled_less_than_the_interface_is_told(made_up_study, study):
    add_dry_face(made_up_study(), {1: -0.2})
    assert any("holds at most 1 Li" in warning for warning in report(study).warnings)


def test_both_limits_follow_from_the_dry_face(made_up_study, study):
    """Lithium that binds to the dry face as under the liquid leaves the angle of the equilibrated limit alone."""
    assert report(study).curve.limits == (Limit.FRESH,)
    assert wetting_json(report(study))["curve"][0]["theta_equilibrated_deg"] is None
    add_dry_face(made_up_study(), {1: -0.2, 2: -0.3})
    curve = report(study).curve
    assert np.ptp(curve.column("theta_deg", Limit.EQUILIBRATED)) < 1e-4
    assert np.ptp(curve.column("theta_deg")) > 1.0
    (bare, *filled) = report(study).coverage
    assert (bare.n_solute, bare.work_of_adhesion_J_m2) == (0, pytest.approx(0.3))
    assert [record.work_of_adhesion_J_m2 for record in filled] == pytest.approx([0.3, 0.3])


def test_calibration_reproduces_the_angle_and_says_so(study):
    found = report(study, measured_angle_deg=140.0)
    assert found.curve.points[0].fresh.theta_deg == pytest.approx(140.0)
    assert wetting_json(found)["mode"] == "calibrated"
    assert wetting_json(report(study))["mode"] == "predicted"


def test_a_larger_surface_tension_wets_less(study):
    low, high = (report(study, gamma_LV_J_m2=gamma).curve.points[0].fresh.theta_deg for gamma in (0.35, 0.5))
    assert low < high
    assert report(study, gamma_LV_J_m2=0.35).gamma_LV.source == "given by the user"


def test_a_small_drop_runs_out_of_solute(study):
    small = Drop(1e-5, volume_per_atom=1 / get_liquid("Hg").number_density())
    endless, few = (
        np.array([point.fresh.theta_deg for point in report(study, drop=drop).curve.points]) for drop in (None, small)
    )
    assert (endless <= few + 1e-6).all()
    assert (few - endless).max() > 0.5


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"terminations": ("TiO",)}, ["termination 'TiO'", "'TiO2'"]),
        ({"potentials": ("chgnet",)}, ["potential 'chgnet'", "emt"]),
        ({"gamma_LV_J_m2": -1.0}, ["-1"]),
        ({"roughness": 0.5}, ["roughness", "0.5"]),
        ({"measured_angle_deg": 200.0}, ["200"]),
        ({"x": (2.0,)}, ["mole fractions lie between 0 and 1"]),
        ({"x": (-0.1,)}, ["mole fractions lie between 0 and 1"]),
        ({"temperature_K": 100.0}, ["Hg is liquid from"]),
        ({"temperature_K": -1.0}, ["temperature_K"]),
        ({"computed_solution": True}, ["hull of Li-Hg"]),
    ],
)
def test_bad_options_are_told_in_one_line(study, options, told):
    with pytest.raises(InputError) as caught:
        report(study, **options)
    assert "\n" not in str(caught.value)
    assert all(part in str(caught.value) for part in told), str(caught.value)


def test_asked_for_compositions_are_on_the_curve(study):
    found = report(study, x=(2.5e-4,)).curve
    assert found.at(2.5e-4).fresh.theta_deg <= found.points[0].fresh.theta_deg


def test_the_dilute_solution_comes_from_film_and_hull(made_up_study, study):
    """E(film + Li) - E(film) - E(Li) is the standard potential; the first plateau of the hull saturates."""
    made_up_study().add_crystals(compound=-0.4)
    (record,) = dilute_records(study, ["emt"], 298.15)
    assert record.mu_infinity.mean == pytest.approx(-1.0)
    assert record.saturating_phase == "LiHg"
    computed = report(study, computed_solution=True)
    assert computed.curve.solution_source.startswith("computed")
    assert any("computed with emt" in warning for warning in computed.warnings)


def test_without_a_compound_the_pure_solute_saturates(made_up_study, study):
    made_up_study().add_crystals(compound=0.1)
    (record,) = dilute_records(study, ["emt"], 298.15)
    assert record.saturating_phase == "Li"
    # mu_infinity = -1 eV below the pure solute: it dissolves without limit
    assert record.solubility >= 1.0


def test_what_failed_is_named(made_up_study, study):
    made_up_study().add("interface", 0.0, failed="film evaporated: 1 of its 12 atoms left it", seed=5, frame=0)
    (warning,) = [text for text in report(study).warnings if "failed" in text]
    assert "film evaporated" in warning


def test_a_study_without_any_film_gives_the_reason(made_up_study):
    made_up = made_up_study()
    made_up.add("substrate", -10.0, kind="substrate")
    with pytest.raises(InputError, match="no quenched interface; let its workflow go on"):
        report(get_study(made_up.database))
    made_up.add("frame", 0.0, failed="film reacted through: Hg is below the mid-plane", termination="TiO2")
    with pytest.raises(InputError, match=r"no quenched interface; .*reacted through"):
        report(get_study(made_up.database))


def test_interfaces_without_solute_are_told(made_up_study):
    made_up = made_up_study()
    made_up.fill(deltas=())
    with pytest.raises(InputError, match="no frame with Li at the interface"):
        report(get_study(made_up.database))


def test_terminations_come_in_the_order_asked_for(made_up_study, study):
    made_up_study().fill(termination="LaLiO2", adhesion=0.5)
    found = report(study, terminations=("LaLiO2", "TiO2"))
    assert [member.termination for member in found.members] == ["LaLiO2", "TiO2"]
    assert found.curve.points[0].fresh.work_of_adhesion_J_m2 == pytest.approx(0.5, abs=1e-6)
    # Each face has a band of its own: another termination is another surface, not an error of this one.
    first, second = (face.curve.points[0].fresh for face in found.faces)
    assert first.theta_high_deg < second.theta_low_deg - 10
