"""Potentials compared on made-up rows of a real database, and on crystals relaxed with EMT."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials import custom
from amalgamics.calculators.potentials.names import Potential, get_potential
from amalgamics.calculators.relaxation.batch import relax_many
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.cli.main import main
from amalgamics.errors import InputError, NotStoredError
from amalgamics.workflows.comparison import compare_potentials, write_comparison
from amalgamics.workflows.database.candidates import Candidate, gather_candidates
from amalgamics.workflows.database.fingerprint import potential_identity
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.spec import WorkflowSpec

ONE, OTHER = "chgnet+d3", "chgnet-r2scan+d3"
# Name, formula, then eV/atom against the elements with each potential.
PHASES: dict[str, tuple[str, float, float]] = {
    "Li_bcc": ("Li", 0.0, 0.0),
    "Hg_alpha": ("Hg", 0.0, 0.0),
    "Hg_beta": ("Hg", 0.008, 0.012),
    "LiHg3": ("LiHg3", -0.243, -0.230),
    "LiHg": ("LiHg", -0.437, -0.420),
    "Li3Hg": ("Li3Hg", -0.368, -0.300),
}
HALF = """
from ase.calculators.emt import EMT

class Half(EMT):
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        self.results = {key: 0.5 * value for key, value in self.results.items()}
"""
GUESSED = "LiHg2 AB2_hP3_191_a_d"
Store = Callable[..., StructureDatabase]
Run = Callable[..., tuple[int, str, str]]


class Edited(Potential):
    """A potential behind whose name something else is now."""

    def provenance(self) -> dict[str, Any]:
        return {**super().provenance(), "code": "edited"}


def add(
    database: StructureDatabase,
    name: str,
    formula: str,
    energy: float,
    potential: str | Potential,
    *,
    volume: float = 20.0,
    failed: str = "",
) -> None:
    """Add a crystal; the zero of each element differs between potentials, as it does between real ones."""
    symbols = Atoms(formula).symbols
    cell = [4.0 * len(symbols), 5.0, volume / 20.0]
    atoms = Atoms(symbols, [[4.0 * n, 0.3 * n, 0.0] for n in range(len(symbols))], cell=cell, pbc=True)
    known = get_potential(potential) if isinstance(potential, str) else potential
    zero = {ONE: {"Li": -1.9, "Hg": -0.6}, OTHER: {"Li": -3.2, "Hg": -7.1}}.get(known.name, {})
    total = len(atoms) * energy + sum(zero.get(symbol, 0.0) for symbol in symbols)
    final = atoms.copy()
    final.calc = SinglePointCalculator(final, energy=total, forces=0 * final.positions, stress=[0.0] * 6)
    outcome: Any = RelaxationError(failed, atoms) if failed else RelaxationResult(final, total, 0.0, 3, 4, 0.1)
    # Polymorphs differ in their labels here, not in their places.
    kind: Any = "prototype" if " " in name else "library"
    candidate = Candidate(name, kind, atoms, "made up", labels={"study": f"as-{name.partition(' ')[0]}-{kind}"})
    database.add(candidate, outcome, known, RelaxationSettings())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Store the phases with both potentials; None leaves out, by name, what the second has not."""

    def _store(changes: Mapping[str, float | str | None] | None = None) -> StructureDatabase:
        database = StructureDatabase(tmp_path / "structures.db")
        for name, (formula, first, second) in PHASES.items():
            add(database, name, formula, first, ONE, volume=18.0)
            value = (changes or {}).get(name, second)
            if value is not None:
                failed = value if isinstance(value, str) else ""
                energy = 0.0 if isinstance(value, str) else value
                add(database, name, formula, energy, OTHER, volume=22.0, failed=failed)
        return database

    return _store


@pytest.fixture
def run(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the verb on the phases; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMALGAMICS_DATABASE", str(store({"Li3Hg": None}).address))

    def _run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["compare", *arguments])
        return int(ended.value.code or 0), *capsys.readouterr()

    return _run


def test_energies_are_those_of_each_hull_and_of_no_mixture(store: Store) -> None:
    compared = compare_potentials(store(), "Li-Hg")
    assert compared.potentials == (ONE, OTHER)
    assert [phase.name for phase in compared.phases] == ["Hg_alpha", "Hg_beta", "LiHg3", "LiHg", "Li3Hg", "Li_bcc"]
    for phase in compared.phases:
        _, *expected = PHASES[phase.name]
        energies = [phase.records[name].formation_energy_per_atom for name in (ONE, OTHER)]
        assert energies == pytest.approx(expected)
        assert phase.formation_energy_spread == pytest.approx(abs(expected[0] - expected[1]))
        assert phase.volume_spread == pytest.approx(4.0)


def test_each_hull_is_what_hull_says_of_its_potential(store: Store) -> None:
    from amalgamics.workflows import rows_for_system, system_report

    database = store({"Li3Hg": 0.05})
    for one in compare_potentials(database, "Li-Hg", (OTHER, ONE)).hulls:
        alone = system_report("Li-Hg", rows_for_system(database, "Li-Hg", one.potential))
        assert (one.report.hull, one.report.voltage) == (alone.hull, alone.voltage)


def test_the_order_of_the_names_is_that_of_the_tables(store: Store) -> None:
    database = store()
    forth, back = (compare_potentials(database, "Li-Hg", names) for names in ((ONE, OTHER), (OTHER, ONE)))
    assert back.potentials == (OTHER, ONE)
    assert [phase.name for phase in forth.phases] == [phase.name for phase in back.phases]
    assert [phase.formation_energy_spread for phase in forth.phases] == [
        phase.formation_energy_spread for phase in back.phases
    ]


def test_a_prototype_has_a_row_where_it_is_on_a_hull(store: Store) -> None:
    database = store()
    add(database, GUESSED, "LiHg2", -0.1, ONE)
    assert GUESSED not in {phase.name for phase in compare_potentials(database, "Li-Hg").phases}
    add(database, GUESSED, "LiHg2", -0.5, OTHER)
    compared = compare_potentials(database, "Li-Hg")
    (phase,) = [phase for phase in compared.phases if phase.name == GUESSED]
    assert [record.e_above_hull > 0 for record in phase.records.values()] == [True, False]
    assert phase.formation_energy is None


def test_steps_stand_beside_each_other_where_both_hulls_have_them(store: Store) -> None:
    compared = compare_potentials(store({"Li3Hg": 0.05}), "Li-Hg")
    steps = {(step.from_formula, step.to_formula): step.voltages_V for step in compared.steps}
    assert list(steps) == [("Hg", "LiHg3"), ("LiHg3", "LiHg"), ("LiHg", "Li3Hg")]
    assert steps["Hg", "LiHg3"] == pytest.approx({ONE: 4 * 0.243, OTHER: 4 * 0.230})
    assert list(steps["LiHg", "Li3Hg"]) == [ONE]
    # Charge times mean voltage is minus the energy of the last compound per host atom.
    assert compared.mean_voltages_V == pytest.approx({ONE: 4 * 0.368 / 3, OTHER: 2 * 0.420})


def test_deviations_are_worked_out_by_hand_and_ranked(store: Store) -> None:
    from amalgamics.reports.benchmarks.published import benchmarks

    compared = compare_potentials(store(), "Li-Hg")
    ranked = {one.quantity: one for one in compared.rankings}
    measured = {
        item.subject: item.value
        for item in benchmarks()
        if item.quantity == "formation_enthalpy" and item.subject in PHASES and item.basis == "experiment"
    }
    energies = ranked["formation_enthalpy"]
    assert energies.count == len(measured) == 3
    for place, name in ((1, ONE), (2, OTHER)):
        by_hand = sum(abs(PHASES[key][place] - value) for key, value in measured.items()) / len(measured)
        assert energies.errors[name].mean_absolute == pytest.approx(by_hand)
    best = min(energies.errors.values(), key=lambda error: error.mean_absolute)
    assert energies.best_first[0] == best.potential
    assert energies.places[best.potential] == 1
    assert "saturated_emf" not in ranked  # that of lithium is derived, and shown only
    assert "saturated_emf" in {row.benchmark.quantity for row in compared.published}


def test_only_values_that_both_give_are_averaged(store: Store) -> None:
    compared = compare_potentials(store({"Li3Hg": None}), "Li-Hg")
    (energies,) = [one for one in compared.rankings if one.quantity == "formation_enthalpy"]
    assert (energies.count, energies.best_first, energies.places) == (2, (), {})


def test_what_one_potential_lacks_is_told_with_the_reason(store: Store) -> None:
    compared = compare_potentials(store({"Li3Hg": None, "LiHg3": "it exploded"}), "Li-Hg")
    assert compared.notes == (
        f"LiHg3 failed with {OTHER}: it exploded",
        f"not computed with {OTHER}, whose hull may lie too high: Li3Hg",
    )
    (phase,) = [phase for phase in compared.phases if phase.name == "Li3Hg"]
    assert (list(phase.records), phase.formation_energy_spread) == ([ONE], None)


def test_a_potential_without_an_element_is_left_out_or_refused(store: Store) -> None:
    database = store()
    add(database, "Li_bcc", "Li", 0.0, "7net-0+d3")
    notes: list[str] = []
    assert compare_potentials(database, "Li-Hg", notes=notes).potentials == (ONE, OTHER)
    assert len(notes) == 1
    assert notes[0].startswith("7net-0+d3 is left out: ")
    with pytest.raises(InputError, match=r"^7net-0\+d3: .*no reference energy for Hg"):
        compare_potentials(database, "Li-Hg", (ONE, "7net-0+d3"))


@pytest.mark.parametrize(
    ("system", "names", "message"),
    [
        ("Li-Hg", (ONE,), rf"two or more; given: {ONE}".replace("+", r"\+")),
        ("Li-Hg", (ONE, ONE), "two or more"),
        ("Li-Hg", (ONE, OTHER, ONE), "more than once"),
        ("Li-Hg", (ONE, "emt"), "not computed with 'emt'; there are: chgnet"),
        ("K-Hg", (), r"database has: none \(chgnet.* is left out: .*no reference energy for K"),
        ("Cu-Au", (), "no relaxed structure of Cu-Au"),
        ("Li-Hx", (), "unknown element 'Hx'"),
        ("", (), "empty"),
    ],
)
def test_what_cannot_be_compared_is_refused(store: Store, system: str, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_potentials(store(), system, names)


def test_one_potential_in_the_database_is_too_few(tmp_path: Path) -> None:
    database = StructureDatabase(tmp_path / "structures.db")
    for name, (formula, energy, _) in PHASES.items():
        add(database, name, formula, energy, ONE)
    with pytest.raises(InputError, match=r"two potentials or more; the database has: chgnet\+d3"):
        compare_potentials(database, "Li-Hg")


def test_a_potential_that_changed_is_shown_by_its_newest_rows(store: Store) -> None:
    database = store()
    old = get_potential(ONE)
    edited = Edited(**{item.name: getattr(old, item.name) for item in fields(old)})
    for name, (formula, energy, _) in PHASES.items():
        add(database, name, formula, energy / 2, edited)
    notes: list[str] = []
    compared = compare_potentials(database, "Li-Hg", (ONE, OTHER), notes)
    energies = {phase.name: phase.records[ONE].formation_energy_per_atom for phase in compared.phases}
    assert energies["LiHg"] == pytest.approx(PHASES["LiHg"][1] / 2)
    assert len(notes) == 1
    assert "has not always been the same" in notes[0]


def test_the_report_is_one_page_with_tables_and_provenance(store: Store, tmp_path: Path) -> None:
    compared = compare_potentials(store(), "Li-Hg")
    paths = write_comparison(compared, tmp_path / "out", ["a note <of> mine"])
    assert set(paths) == {"report.html", "comparison.png", "comparison.csv", "summary.json"}
    page = paths["report.html"].read_text(encoding="utf-8")
    assert "LiHg₃, LiHg and Li₃Hg are stable with both potentials." in page
    assert "a note &lt;of&gt; mine" in page
    for name in compared.potentials:
        assert f"Provenance and settings, {name}" in page
    assert "http-equiv" in page
    assert ' src="http' not in page
    summary = json.loads(paths["summary.json"].read_text(encoding="utf-8"))
    assert summary["potential"] == f"{ONE}, {OTHER}"
    assert [one["potential_identity"] for one in summary["comparison"]["potentials"]] == [
        potential_identity(get_potential(name)) for name in compared.potentials
    ]


def test_the_report_of_a_job_is_left_as_it_is(store: Store, tmp_path: Path) -> None:
    (tmp_path / "li-hg").mkdir()
    (tmp_path / "li-hg" / "summary.json").write_text(json.dumps({"potential": ONE}))
    paths = write_comparison(compare_potentials(store(), "Li-Hg"), tmp_path / "li-hg")
    assert paths["report.html"].parent.name.startswith("li-hg-chgnet")
    assert len(list((tmp_path / "li-hg").iterdir())) == 1


def test_three_elements_have_tables_alone(store: Store, tmp_path: Path) -> None:
    database = store()
    for name in (ONE, OTHER):
        add(database, "Na_bcc", "Na", 0.0, name)
        add(database, "Na_Li_Hg2", "NaLiHg2", -0.5, name)
    compared = compare_potentials(database, "Na-Li-Hg")
    assert compared.steps == ()
    paths = write_comparison(compared, tmp_path / "out")
    assert "comparison.png" not in paths
    assert "Na-Li-Hg has 3 elements" in paths["report.html"].read_text(encoding="utf-8")


def test_the_screen_shows_all_tables(run: Run) -> None:
    code, output, errors = run("Li-Hg")
    assert (code, errors) == (0, f"note: not computed with {OTHER}, whose hull may lie too high: Li3Hg\n")
    titles = ("Stable compounds", "Formation energies", "Distances to the hull", "Volumes", "Voltage steps")
    for title in (*titles, "Beside published values", "Mean absolute deviations"):
        assert f"Li-Hg: {title}" in output
    assert "fewer than 3 values" in output


def test_programs_read_json_and_csv(run: Run) -> None:
    code, output, _ = run("Li-Hg", "--potentials", f"{OTHER}, {ONE}", "--json")
    data = json.loads(output)
    assert (code, [one["potential"] for one in data["potentials"]]) == (0, [OTHER, ONE])
    assert [one["stable"][1:-1] for one in data["potentials"]] == [["LiHg3", "LiHg"], ["LiHg3", "LiHg", "Li3Hg"]]
    _, output, _ = run("Li-Hg", "--csv")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(output))}
    assert {name: (row["kind"], row["formula"]) for name, row in rows.items()} == {
        name: ("library", formula) for name, (formula, *_) in PHASES.items()
    }
    for phase in data["phases"]:
        for name, own in phase["computed"].items():
            assert float(rows[phase["name"]][f"e_above_hull {name}"]) == own["e_above_hull"]


def test_output_says_where_the_report_is(run: Run, tmp_path: Path) -> None:
    code, output, errors = run("Li-Hg", "--output", "out", "--json")
    assert code == 0
    assert json.loads(output)["system"] == "Li-Hg"
    assert errors.splitlines()[0] == f"report: {tmp_path / 'out' / 'report.html'}"
    assert (tmp_path / "out" / "comparison.png").is_file()


def test_nothing_is_stored_of_a_system_that_was_not_computed(store: Store) -> None:
    with pytest.raises(NotStoredError):
        compare_potentials(store(), "Cu-Au")


def relax_library(
    database: StructureDatabase, system: str, potential: Any, *more: Candidate, **settings: float
) -> None:
    """Relax and store the crystals that the library has of a system, as a job does, and more."""
    content = {"name": "job", "systems": [system], "structures": {"prototypes": False}, "potential": potential}
    spec = WorkflowSpec.model_validate(content)
    candidates = [*gather_candidates(spec)[0], *more]
    known, chosen = get_potential(spec.potential), RelaxationSettings(**settings)
    outcomes = relax_many([one.atoms for one in candidates], spec.potential, chosen)
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        database.add(candidate, outcome, known, chosen)


@pytest.fixture
def half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with EMT of half the energies."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "half_emt.py"
    path.write_text(HALF)
    custom._described.cache_clear()
    yield path
    sys.modules.pop("half_emt_py", None)
    custom._described.cache_clear()


def test_half_the_energies_give_half_the_formation_energies_and_the_same_hull(half: Path, tmp_path: Path) -> None:
    database = StructureDatabase(tmp_path / "real.db")
    corners = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    ordered = [
        Candidate(name, "file", Atoms(symbols, scaled_positions=corners, cell=[3.9] * 3, pbc=True), "made up")
        for name, symbols in (("Cu3Au", "AuCu3"), ("CuAu3", "CuAu3"))
    ]
    relax_library(database, "Cu-Au", "emt", *ordered, fmax=0.002)
    relax_library(database, "Cu-Au", {"calculator": f"{half}:Half", "name": "half"}, *ordered, fmax=0.001)
    compared = compare_potentials(database, "Cu-Au")
    assert compared.potentials == ("emt", "half")
    assert [phase.name for phase in compared.phases] == ["Au_fcc", "CuAu3", "Cu3Au", "Cu_fcc"]
    assert "Cu3Au" in compared.hulls[0].stable
    for phase in compared.phases:
        emt, half_emt = phase.records["emt"], phase.records["half"]
        assert half_emt.formation_energy_per_atom == pytest.approx(emt.formation_energy_per_atom / 2, abs=1e-5)
        assert half_emt.e_above_hull == pytest.approx(emt.e_above_hull / 2, abs=1e-5)
        assert half_emt.volume_per_atom == pytest.approx(emt.volume_per_atom, rel=1e-3)
    (volumes,) = [one for one in compared.rankings if one.quantity == "volume_per_atom"]
    assert (volumes.count, volumes.best_first) == (2, ())
    first, second = (volumes.errors[name].mean_absolute for name in compared.potentials)
    assert first == pytest.approx(second, abs=0.1)
