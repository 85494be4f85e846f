"""Films from the hulls of a job, from input to section, with energies that are made up."""

import contextlib
import csv
import io
import json
import re
from dataclasses import replace

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from scipy.constants import N_A, e

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.cli import main as cli
from amalgamics.errors import InputError
from amalgamics.reports.cycling.model import FilmLimit, LargestDiffusivity
from amalgamics.reports.cycling.paper import AGREED, DISAGREED, OPEN, verdict
from amalgamics.reports.cycling.section import cycling_sections
from amalgamics.reports.cycling.volumes import volume_table, volume_warning
from amalgamics.reports.cycling.wording import diffusivity_text, millivolts
from amalgamics.reports.notation import finite_json
from amalgamics.thermodynamics import Diffusivities, liquidus_for, phase_chain
from amalgamics.thermodynamics.cycling.healing import METAL, OUTCOMES, CurrentLimit, Protocol
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.fingerprint import fingerprint
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.cycling import analysis, settings
from amalgamics.workflows.studies.cycling.analysis import Angles, cycled_films, films_of_map
from amalgamics.workflows.studies.cycling.settings import read_settings
from amalgamics.workflows.studies.cycling.study import CyclingStudy

pytest.importorskip("pybamm")

ENERGIES = {"Li": 0.0, "Hg": 0.0, "LiHg3": -0.235, "LiHg": -0.4, "Li3Hg": -0.28}
SMALL = {
    "solid_diffusivities_m2_s": [1e-16, 1e-12],
    "currents_mA_cm2": [2.0],
    "cycles": 1,
    "cells": 8,
    "map": {"thicknesses_um": [20, 70], "currents_mA_cm2": [1, 10], "temperatures_K": [298.15]},
}


def fill(database, spec):
    """Relaxations of made-up crystals with these energies; return their fingerprints by name."""
    how, potential = spec.relaxation.settings(), get_potential(spec.potential)
    keys = {}
    for name, energy in ENERGIES.items():
        symbols = Atoms(name).symbols
        atoms = Atoms(symbols, [[3.0 * n, 0.3 * n, 0.0] for n in range(len(symbols))], pbc=True)
        atoms.set_cell([3.0 * len(symbols), 3.0, 2.3])
        final = atoms.copy()
        total = energy * len(atoms)
        final.calc = SinglePointCalculator(final, energy=total, forces=0 * final.positions, stress=[0.0] * 6)
        outcome = RelaxationResult(final, total, 0.0, 3, 4, 0.1)
        database.add(Candidate(name, "library", atoms, "made up"), outcome, potential, how)
        keys[name] = fingerprint(atoms, potential, how)
    return keys


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cycling")


@pytest.fixture(scope="module")
def study(folder):
    spec = WorkflowSpec(
        name="job",
        systems=["Li-Hg"],
        potential="chgnet+d3",
        database=folder / "results" / "structures.db",
        cycling=SMALL,
    )
    database = StructureDatabase(spec.database_address)
    return CyclingStudy(Job(spec, database, fill(database, spec)))


@pytest.fixture(scope="module")
def results(study):
    return study.results()


@pytest.fixture(scope="module")
def section(study, results):
    (section,) = study.sections(results)
    return section


def test_there_is_nothing_to_compute_and_nothing_that_fails(study):
    assert study.plan() == []
    assert study.failed() == []


def test_each_diffusivity_has_both_limits(results):
    (film,) = results.films
    assert [(case.diffusivity_m2_s, case.nucleation_V) for case in film.cases] == [
        (1e-16, 0.01),
        (1e-16, 0.0),
        (1e-12, 0.01),
        (1e-12, 0.0),
    ]
    assert film.case(1e-16, 20.0, True).outcome == "liquid throughout"
    assert all(abs(case.cell.first.lost_metal) < 1e-9 for case in film.cases)
    assert [(part.nucleation_V, len(part.points)) for part in film.parts] == 2 * [(0.01, 4), (0.0, 4)]
    assert films_of_map(read_settings(**SMALL)) == 16


def test_a_barrier_never_lets_a_film_fare_worse_on_the_map(results):
    """Both limits are on the map, and differ: without a barrier the slow film freezes at the electrolyte."""
    held, free = results.films[0].parts[:2]

    assert all(
        OUTCOMES.index(one.outcome) <= OUTCOMES.index(other.outcome)
        for one, other in zip(held.points, free.points, strict=True)
    )
    assert any(one.heals and not other.heals for one, other in zip(held.points, free.points, strict=True))


def test_every_limit_holds_for_the_films_of_the_same_report(study):
    """Films, map and limits go through the job's cycles: after three a film has less liquid than after two."""
    chosen = read_settings(
        cycles=4,
        cells=8,
        currents_mA_cm2=[2.0],
        solid_diffusivities_m2_s=[1e-15],
        map={"thicknesses_um": [60, 70], "currents_mA_cm2": [2, 20], "temperatures_K": [298.15]},
    )
    (film,) = cycled_films({"Li": study.job.hulls[0]}, chosen, "made up").films
    protocol = Protocol(36000.0, 450e-6, 36000.0, cycles=4)

    def stays(factor=1.0, thickness=70e-6, current=20.0):
        return protocol.stays_liquid(film.chain.with_solid_diffusivity(factor), thickness, current)

    factor = film.largest.value_m2_s / 1e-15
    assert stays(factor)
    assert not stays(1.06 * factor)
    ((_, least),) = film.least
    assert stays(thickness=least)
    assert not stays(thickness=0.96 * least)
    held = next(one for one in film.limits if one.nucleation_V)
    assert stays(current=held.limit.current_A_m2)
    assert not stays(current=1.06 * held.limit.current_A_m2)
    on_map = next(one for one in film.parts[0].points if (one.thickness_m, one.current_A_m2) == (70e-6, 20.0))
    assert on_map.least_liquid_m == pytest.approx(film.case(1e-15, 20.0, True).least_liquid_m, rel=1e-4)


def test_the_headline_says_no_more_than_was_found(results):
    """Two digits downwards, only with a barrier, and a limit at the end of the search as a bound."""
    (film,) = results.films

    def said(value, is_bound=False):
        one = replace(film, largest=LargestDiffusivity(value, is_bound))
        return cycling_sections(replace(results, films=(one,)), pictures=False)[0].paragraphs[0]

    assert "With a barrier to a new phase it stays liquid throughout for any D up to 1.5·10⁻¹⁵ m²/s." in said(1.59e-15)
    assert "throughout with any D that was tried, up to 10⁻⁸ m²/s." in said(1e-8, True)
    assert "With a barrier to a new phase, too, it stays liquid throughout with no D." in said(None)


def test_a_limit_at_the_end_of_a_search_is_told_as_a_bound(results):
    (film,) = results.films
    ends = replace(
        film,
        least=((1e-16, 1e-6), (1e-12, None)),
        limits=(FilmLimit(1e-16, 0.01, CurrentLimit(1e5, "")), FilmLimit(1e-12, 0.01, CurrentLimit(123.4, METAL))),
        largest=LargestDiffusivity(1e-8, True),
    )
    (section,) = cycling_sections(replace(results, films=(ends,)), pictures=False)

    tables = {table.caption: table.rows for table in section.tables}
    least, none = tables["Least mercury for a liquid skin"]
    assert least[3:5] == ("at most 1.0", "at most 1.4")
    assert none[3:5] == (None, None)
    assert [row[3] for row in tables["Largest current with a liquid skin"]] == ["at least 10000", "12.3"]
    told = [(row["value"], row["bound"]) for row in section.summary["cycling"]["limits"]]
    assert told == [
        (pytest.approx(1.0), "at most"),
        (None, None),
        (1e4, "at least"),
        (pytest.approx(12.34), None),
        (1e-8, "at least"),
    ]
    rows = list(csv.DictReader(io.StringIO(section.files["cycling-limits.csv"].decode())))
    assert [row["bound"] for row in rows] == ["at most", "", "at least", "", "at least"]


def test_a_part_that_cannot_be_had_takes_no_other_with_it(study, monkeypatch):
    """It is told as a problem, and the headline makes nothing of it."""

    def fails(*_, **__):
        raise InputError("film: not followed")

    for name in ("least_thickness_m", "largest_current", "largest_diffusivity_factor", "healing_points"):
        monkeypatch.setattr(analysis, name, fails)
    report = cycled_films({"Li": study.job.hulls[0]}, read_settings(**SMALL), "made up")

    (film,) = report.films
    assert (film.least, film.limits, film.largest, len(film.cases)) == ((), (), None, 4)
    for part in ("no least mercury with D = 1e-16", "no largest current with D = 1e-12", "no largest D"):
        assert any(problem.startswith(f"Li: {part}") for problem in report.problems)
    (section,) = cycling_sections(report, pictures=False)
    assert "stays liquid throughout" not in section.paragraphs[0]
    assert any("no map at 298.15 K, film: not followed" in warning for warning in section.warnings)


def test_a_warm_film_with_fast_compounds_has_all_its_parts(study):
    """The largest D is looked for where both it and what its activation makes of it at 440 K are diffusivities."""
    chosen = read_settings(
        **{**SMALL, "map": None, "temperature_K": 440.0, "solid_diffusivities_m2_s": [1e-18], "rest_h": 1e-4}
    )
    report = cycled_films({"Li": study.job.hulls[0]}, chosen, "made up")

    assert not report.problems
    (film,) = report.films
    at_440 = film.largest.value_m2_s * film.chain.phases[-1].diffusivity_m2_s / 1e-18
    assert at_440 <= 1.0001e-8


def test_the_section_has_pictures_tables_and_files(section):
    assert [picture.file_name for picture in section.pictures] == [
        "cycling-film-li-hg.png",
        "cycling-voltage-li-hg.png",
        "cycling-map-li-hg.png",
    ]
    assert all(picture.png.startswith(b"\x89PNG") for picture in section.pictures)
    captions = [table.caption for table in section.tables]
    assert captions == [
        "Films of Li amalgam",
        "Phases of the Li film",
        "Against the paper",
        "Largest current with a liquid skin",
        "Least mercury for a liquid skin",
        "Full cells with Li amalgam",
        "Volumes beside the measured ones",
        "What goes in",
    ]
    assumed = [row[1] for row in section.tables[-1].rows if row[0] == "assumed"]
    assert {"D of Li in its compounds", "barrier of a new phase", "charge transfer", "metal behind it"} <= set(assumed)
    rows = list(csv.DictReader(io.StringIO(section.files["cycling-li-hg.csv"].decode())))
    assert {row["solid_diffusivity_m2_s"] for row in rows} == {"1e-16", "1e-12"}
    assert {row["touched_worst"] for row in rows if float(row["liquid_um"]) == 0.0} == {"0.1"}
    assert max(float(row["stripped_mAh_cm2"]) for row in rows) == pytest.approx(1.0)
    profiles = list(csv.DictReader(io.StringIO(section.files["cycling-profiles-li-hg.csv"].decode())))
    assert {float(row["depth_um"]) for row in profiles} >= {0.0}
    assert all(0.0 <= float(row["x"]) < 1.0 for row in profiles)
    tops = [(*list(row.values())[:5], row["time_s"], row["step"]) for row in profiles if row["depth_um"] == "0.0"]
    turns = {time for *_, time, step in tops if step == "1"} & {time for *_, time, step in tops if step == "2"}
    assert turns  # where the current turns there are two profiles at one time
    json.dumps(finite_json(section.summary), allow_nan=False)
    films = section.summary["cycling"]["films"]
    assert {film["film_mV"] is None for film in films} == {True, False}  # some end at once


def test_both_compounds_cannot_meet_the_electrolyte_in_turn_at_10_mv(section):
    """From the hull alone: 4/3 (0.8 - 0.31) eV to LiHg, 0.16 eV to Li3Hg."""
    table = next(table for table in section.tables if table.caption == "Against the paper")
    row = next(row for row in table.rows if "↔" in str(row[1]))

    lihg3, li3hg = (0.8 - 0.235 * 4 / 3) / (2 / 3), (4 * 0.28 - 0.8) / 2
    assert f"{1e3 * (lihg3 - li3hg):.0f} mV" in str(row[2])
    assert row[0] == DISAGREED


def test_contact_follows_from_angles_and_adds_its_resistance(study):
    hulls = {"Li": study.job.hulls[0]}
    contact = read_settings(**{**SMALL, "map": None, "solid_diffusivities_m2_s": [1e-16], "face": {"pore_share": 0.5}})

    report = cycled_films(hulls, contact, "made up", Angles(60.0, 180.0, "made up"))

    best, worst = report.contact.best, report.contact.worst
    assert best.liquid == 1.0
    assert worst.liquid == pytest.approx(0.5, abs=0.02)  # too narrow for the pressure
    case = report.films[0].case(1e-16, 20.0, True)
    assert case.polarisation_V(best) - case.polarisation_V() == pytest.approx(2 * 20.0 * 5e-4)
    assert case.polarisation_V(worst) > case.polarisation_V(best)


def test_a_job_without_hulls_says_what_is_missing(study):
    with pytest.raises(InputError, match="no film could be cycled; Li: film of Li and Hg at 200 K: Hg is solid"):
        cycled_films({"Li": study.job.hulls[0]}, read_settings(temperature_K=200.0, map=None), "made up")
    with pytest.raises(InputError, match="hulls are missing"):
        cycled_films({}, read_settings(), "made up")


def test_what_needs_no_hull_is_refused_when_the_job_is_checked(study):
    """A metal that melts is refused where it was asked for by name or is the only one; else its films are left out."""
    two = study.job.spec.model_copy(update={"systems": ("Li-Hg", "K-Hg")})
    alone = study.job.spec.model_copy(update={"systems": ("K-Hg",)})
    warm = read_settings(temperature_K=350.0)

    warm.check(two)
    for settings_, spec in ((warm, alone), (read_settings(temperature_K=350.0, metals=["Li", "K"]), two)):
        with pytest.raises(InputError, match=r"^cycling\.temperature_K: .*K is liquid; it melts at 336\.7 K$"):
            settings_.check(spec)


@pytest.mark.parametrize("kelvin", [200.0, 234.0, 234.5, 298.15, 453.0, 454.0])
def test_the_check_of_a_job_agrees_with_its_films(study, kelvin):
    """What the check lets through has films, and what it refuses has none."""
    chosen = read_settings(temperature_K=kelvin, map=None)
    made = Diffusivities.measured("Li", 1e-14)
    passed = []
    for attempt in (
        lambda: chosen.check(study.job.spec),
        lambda: phase_chain(study.job.hulls[0], "Li", kelvin, liquidus_for("Li"), made),
    ):
        with contextlib.suppress(InputError):
            attempt()
            passed.append(attempt)

    assert len(passed) in (0, 2)


@pytest.mark.parametrize("factor", [0.82, 0.94, 0.96, 1.04, 1.06, 1.3])
def test_a_volume_of_the_metal_that_is_off_is_told_with_what_it_changes(results, factor):
    (film,) = results.films
    measured = 21.6088e-30 * N_A
    chain = replace(film.chain, metal_volume_m3=factor * measured)
    report = replace(results, films=(replace(film, chain=chain),))

    (warning,) = volume_warning(report)
    assert ("of metals the swelling" in warning) == (abs(factor - 1.0) > 0.05)
    row = next(row for row in volume_table(report).rows if row[0] == "Li")
    thick = 36000.0 / (N_A * e) * measured * 1e6
    assert row[4] == f"{factor * thick:.2f} / {thick:.2f}"


def test_volumes_of_compounds_that_are_off_are_told_in_the_section(section):
    """All made-up crystals have 20.7 Å³ an atom: LiHg (17.76) and Li3Hg (17.65) are off, LiHg3 (20.33) is not."""
    (warning,) = [one for one in section.warnings if "Volumes of the hull" in one]

    assert "LiHg +17 % and Li₃Hg +17 %." in warning
    assert "metals" not in warning
    table = next(one for one in section.tables if one.caption == "Volumes beside the measured ones")
    assert {row[0]: row[5] for row in table.rows} == {"LiHg₃": "0.96", "LiHg": "0.74", "Li₃Hg": "0.73", "Li": "–"}


def test_where_all_volumes_are_measured_ones_nothing_is_told(results):
    (film,) = results.films
    right = {"LiHg3": 20.33, "LiHg": 17.76, "Li3Hg": 17.65}
    phases = tuple(
        replace(one, molar_volume_m3=right[one.formula] * (1.0 + one.ratio) * 1e-30 * N_A)
        if one.formula in right
        else one
        for one in film.chain.phases
    )
    report = replace(results, films=(replace(film, chain=replace(film.chain, phases=phases)),))

    assert volume_warning(report) == []
    assert volume_table(report) is None


@pytest.mark.parametrize(
    ("cases", "word"), [([True, True], AGREED), ([False], DISAGREED), ([True, False], OPEN), ([], OPEN)]
)
def test_verdicts(cases, word):
    assert verdict(cases) == word


def test_numbers_in_words():
    assert [diffusivity_text(value) for value in (1e-14, 3e-9, 1.55e-12)] == ["10⁻¹⁴", "3·10⁻⁹", "1.55·10⁻¹²"]
    assert [millivolts(value) for value in (0.0012, 0.75, float("nan"))] == ["1.2", "750", "–"]


def test_without_pybamm_a_job_is_refused_before_anything_is_computed(study, monkeypatch):
    monkeypatch.setattr(settings, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=re.escape("pip install 'amalgamics[cycling]'")):
        study.settings.check(study.job.spec)
    with pytest.raises(InputError, match="PyBaMM"):
        read_settings()


def run(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["cycling", *arguments])
    return int(ended.value.code or 0), *capsys.readouterr()


def test_the_verb_prints_what_the_section_has(study, folder, monkeypatch, capsys):
    assert study.job.hulls
    monkeypatch.chdir(folder)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    options = ["Li-Hg", "--no-map", "--cycles", "1", "--current", "2", "--solid-diffusivity", "1e-16"]

    code, text, _ = run([*options, "--json"], capsys)
    assert code == 0
    document = json.loads(text)
    assert document["films"][0]["outcome"] == "liquid throughout"
    rows = list(csv.DictReader(io.StringIO(run([*options, "--csv"], capsys)[1])))
    assert float(rows[0]["film_mV"]) == pytest.approx(document["films"][0]["film_mV"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Cu-Au"], "Cu-Au is no system of a metal and mercury"),
        (["Li-Hg", "--current", "5,2"], "--current: .*must rise"),
        (["Li-Hg", "--thickness", "-3"], "--thickness: -3.* is not allowed"),
        (["Li-Hg", "--current", "much"], "--current is 'much'"),
        (["Li-Hg", "--metal", "-1"], "--metal: -1.* at least 0.01 .*; 0 for none"),
        (["Li-Hg", "--json", "--csv"], "--json, --csv: one of them"),
    ],
)
def test_bad_input_is_one_line(arguments, message, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    code, _, errors = run(arguments, capsys)
    assert code == 2
    (line,) = errors.splitlines()
    assert re.search(message, line)


def test_the_folder_of_pictures_is_looked_at_before_anything_is_computed(study, folder, monkeypatch, capsys):
    assert study.job.hulls
    monkeypatch.chdir(folder)
    monkeypatch.setattr(analysis, "cycled_films", lambda *_, **__: pytest.fail("computed"))
    (folder / "plain").write_text("no folder")

    code, _, errors = run(["Li-Hg", "--no-map", "--output", "plain"], capsys)

    assert code == 2
    assert "plain is not a directory" in errors


def test_no_metals_are_not_all_of_them():
    with pytest.raises(InputError, match=r"metals: the list \[\] is not allowed"):
        read_settings(metals=[])
    assert read_settings(metals=None) == read_settings()
