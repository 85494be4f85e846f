"""A study read back from the database: what belongs together, what is lowest, what failed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.workflows.database.rows import miller_text, parse_miller
from amalgamics.workflows.studies.wetting.stored import find_studies, get_study, median_degeneracies

INDEX = st.integers(-12, 12)


@pytest.fixture
def made_up(made_up_study):
    return made_up_study(filled=True)


def stored(made_up, **wanted):
    return get_study(made_up.database, **wanted)


def test_a_study_is_found_by_what_it_is_of(made_up):
    study = stored(made_up, substrate="LLTO", solute="Li", solvent="Hg")
    assert study.key == made_up.key == stored(made_up, study=made_up.key).key
    assert (study.miller_index, study.solvent, study.solute, study.potential) == ((0, 0, 1), "Hg", "Li", "emt")


def test_the_newest_study_comes_last(made_up, made_up_study):
    second = made_up_study()
    second.key = "LLTO(001)-Li-Hg-87654321"
    second.fill()
    assert [study.key for study in find_studies(made_up.database)] == [made_up.key, second.key]
    assert stored(made_up, substrate="LLTO").key == second.key
    assert len(stored(made_up, study=made_up.key).rows("substrate")) == 1


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"substrate": "LLT"}, ["substrate 'LLT'", "'LLTO'"]),
        ({"solute": "Na"}, ["solute 'Na'", "Li"]),
        ({"study": "nonsense"}, ["study 'nonsense'", "12345678"]),
    ],
)
def test_an_unknown_study_names_those_there_are(made_up, wanted, told):
    with pytest.raises(InputError) as caught:
        stored(made_up, **wanted)
    assert all(part in str(caught.value) for part in told)


def test_a_database_without_study_says_what_to_run(made_up_study):
    study = made_up_study()
    study.add_crystals()
    with pytest.raises(InputError, match="no wetting study"):
        stored(study)


def test_members_start_with_the_sampling_potential(made_up):
    made_up.fill(potential="chgnet")
    made_up.fill(termination="LaLiO2")
    made_up.add("interface", -1.0, potential="7net-0", n_solute=0, termination="TiO2", geometry="emt", seed=0, frame=0)
    members = [("TiO2", "emt"), ("LaLiO2", "emt"), ("TiO2", "chgnet")]
    assert stored(made_up).members() == members


def test_the_lowest_of_repeated_rows_counts(made_up):
    where = {"termination": "TiO2", "seed": 0, "frame": 0}
    study = stored(made_up)
    before = study.interface_energies("TiO2", "emt")[0, 0][1].energy
    made_up.add("interface", before + 1.0, n_solute=1, site="sites-2", **where)
    assert study.interface_energies("TiO2", "emt")[0, 0][1].energy == pytest.approx(before)
    made_up.add("interface", before - 1.0, n_solute=1, site="sites-3", **where)
    assert study.interface_energies("TiO2", "emt")[0, 0][1].energy == pytest.approx(before - 1.0)

    inside = study.insertion_energies("solute-in-film", "emt")[0, 0]
    made_up.add("solute-in-film", -45.0, kind="film", n_solute=1, site="place-1", seed=0, frame=0)
    assert study.insertion_energies("solute-in-film", "emt")[0, 0] < inside


def test_the_lowest_solid_is_the_solid_alone(made_up):
    """The solid that an interface left behind may have found a better minimum; the interface earns nothing by it."""
    study = stored(made_up)

    def total():
        return study.adhesion_samples("TiO2", "emt", "relaxed")[0][0].total_J_m2

    before = total()
    made_up.add("solid", -99.0, kind="solid", termination="TiO2", seed=0, frame=0)
    assert total() == pytest.approx(before)
    made_up.add("solid", -101.0, kind="solid", termination="TiO2", seed=0, frame=1)
    assert total() < before


def test_single_points_are_kept_apart(made_up):
    """They repeat other potentials' structures and are no samples of their own."""
    study = stored(made_up)
    count = len(study.interface_energies("TiO2", "emt"))
    again = {"geometry": "emt", "seed": 9, "frame": 9}
    made_up.add("interface", -999.0, termination="TiO2", n_solute=0, **again)
    made_up.add("film", -999.0, kind="film", n_solute=0, **again)
    made_up.add("solute-in-film", -999.0, kind="film", n_solute=1, **again)
    assert len(study.interface_energies("TiO2", "emt")) == count
    assert (9, 9) not in study.insertion_energies("solute-in-film", "emt")
    assert study.repeating_potentials("TiO2") == ("emt",)


def test_incomplete_single_points_are_none(made_up):
    study = stored(made_up)
    assert not study.single_points("TiO2", "chgnet").complete
    again = {"potential": "chgnet", "geometry": "emt", "seed": 0, "frame": 0, "measured": {"geometry_energy": -1.0}}
    for role, n_solute in (("interface", 0), ("interface", 1), ("film", 0)):
        made_up.add(role, -5.0, termination="TiO2", n_solute=n_solute, **again)
    assert not study.single_points("TiO2", "chgnet").complete
    made_up.add("solute-in-film", -6.0, n_solute=1, **again)
    points = study.single_points("TiO2", "chgnet")
    assert points.structures_from == "emt"
    assert points.interface == {0: (-1.0, -5.0), 1: (-1.0, -5.0)}
    assert points.alone == {"film": (-1.0, -5.0), "solute-in-film": (-1.0, -6.0)}
    assert points.dry_face == {}


def test_single_points_are_those_of_one_frame(made_up):
    """Frames must not be mixed: a later frame with fewer states does not take the place of the first one's."""
    again = {"potential": "chgnet", "geometry": "emt", "measured": {"geometry_energy": -1.0}}
    for frame in (0, 1):
        for role, n_solute in (("interface", 0), ("interface", 1), ("film", 0), ("solute-in-film", 1)):
            made_up.add(role, -5.0 - frame, termination="TiO2", n_solute=n_solute, seed=0, frame=frame, **again)
    points = stored(made_up).single_points("TiO2", "chgnet")
    assert {pair[1] for pair in (*points.interface.values(), *points.alone.values())} == {-5.0}


def test_failures_are_listed_with_their_reasons(made_up):
    made_up.add("frame", 0.0, failed="film evaporated: 3 atoms left it", seed=0, frame=0)
    (failed,) = stored(made_up).failures()
    assert failed.data["reason"] == "film evaporated: 3 atoms left it"
    assert stored(made_up).rows("frame") == []


def test_degeneracies_are_medians_and_one_where_unknown(made_up):
    states = stored(made_up).interface_energies("TiO2", "emt")
    assert median_degeneracies(states, [1, 2, 3]) == [4.0, 2.0, 1.0]


@given(st.tuples(INDEX, INDEX, INDEX))
def test_a_plane_survives_as_text(index):
    assert parse_miller(f"({miller_text(index)})") == index


@pytest.mark.parametrize(("index", "text"), [((0, 0, 1), "001"), ((1, -1, 0), "1.-1.0"), ((10, 0, 1), "10.0.1")])
def test_planes_read_as_usual(index, text):
    assert miller_text(index) == text
